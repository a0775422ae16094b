"""Names along the edges of a matrix."""

from __future__ import annotations

import pytest

from engine.figures.font import glyphs
from engine.figures.labels import PITCH_PT, Label, chosen, columns, stacked


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("京都", ["京", "都"]),
        ("ルートー", ["ル", "｜", "ト", "｜"]),
        ("##たい", ["#", "#", "た", "い"]),
        ("「", ["﹁"]),
        ("!", ["!"]),
        ("the", None),
        ("T細胞", None),
        ("とても長い日本語の語", None),
    ],
)
def test_japanese_names_stand_and_others_lie(text: str, lines: list[str] | None) -> None:
    assert stacked(text) == lines


def test_the_font_has_each_sign_that_stands_for_an_upright_one() -> None:
    lying = [chr(code) for code in glyphs() if len(stacked(chr(code)) or "") == 1]
    assert [sign for sign in lying for upright in stacked(sign) or [] if ord(upright) not in glyphs()] == []
    assert stacked("三〜五") == ["三", "〜", "五"]


def test_every_column_is_named_while_half_of_them_have_room() -> None:
    labels = [Label(f"token{number}") for number in range(64)]
    wide = columns(labels, pitch=PITCH_PT, weights=[1.0] * 64)
    narrow = columns(labels, pitch=6.0, weights=[1.0] * 64)
    assert (len(wide.above), len(wide.below)) == (64, 0)
    assert sorted(narrow.above + narrow.below) == list(range(64))


def test_where_there_is_less_room_the_most_looked_at_are_named() -> None:
    assert chosen([0.1, 0.9, 0.2, 0.3, 0.8], pitch=PITCH_PT / 2) == (1, 4)
    assert columns([Label("語")] * 5, pitch=2.0, weights=[0.1, 0.2, 0.9, 0.2, 0.1]).above == (2,)
