"""Tables in letters of one width: long cells are folded as people break lines, and lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

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
