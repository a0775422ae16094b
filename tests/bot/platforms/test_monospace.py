"""Tables in letters of one width: long cells are folded as people break lines, and lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.platforms import monospace
from bot.platforms.monospace import places, table_lines
from bot.reply import Table, cells, columns

ROOM = 12  # places: no column is made narrower


def folded(text: str) -> list[str]:
    """The lines of one cell that has `ROOM`."""
    return table_lines(Table(columns=columns(""), rows=(cells(text),)), width=ROOM)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("文章の感情（ポジティブ）", ["文章の感情", "（ポジティ", "ブ）"]),
        ("ことばを読みます。はい", ["ことばを読み", "ます。はい"]),
        ("これはとてもっと", ["これはとて", "もっと"]),
        ("a cat and a dog", ["a cat and a", "dog"]),
        ("ーーーーーーーー", ["ーーーーーー", "ーー"]),
    ],
)
def test_a_long_cell_is_broken_where_a_line_may_end(text: str, lines: list[str]) -> None:
    assert folded(text) == lines


@given(st.text(alphabet="あア、。（「）ーっa ", max_size=80))
def test_folding_keeps_every_letter_and_the_width(text: str) -> None:
    lines = folded(text)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(places(line) <= ROOM for line in lines)


@pytest.mark.parametrize("text", ["長い文。" * 2_000, "a long text " * 700, "ー" * 8_000], ids=["ja", "en", "nowhere to break"])
def test_a_very_long_cell_is_folded_without_measuring_it_again_for_every_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    measured = 0
    places_of = monospace._places_of

    def counted(character: str) -> int:
        nonlocal measured
        measured += 1
        return places_of(character)

    monkeypatch.setattr(monospace, "_places_of", counted)
    lines = folded(text)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert measured < 10 * len(text)


@pytest.mark.parametrize(("letter", "room"), [("猫", 60), ("a", 60)])
def test_beside_a_very_long_cell_the_others_keep_their_width(letter: str, room: int) -> None:
    table = Table(columns=columns("", ""), rows=(cells("90%", letter * 100_000),))
    lines = table_lines(table, width=len("90%") + len(monospace.GAP) + room)
    assert lines[0] == f"90%{monospace.GAP}{letter * (room // places(letter))}"
