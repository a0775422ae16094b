"""Lines of running text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.figures.font import drawable, shortened, text_width
from engine.figures.wrapping import wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("吾輩は猫である。名前は", ["吾輩は猫で", "ある。名前", "は"]),
        ("これは猫だよ。", ["これは猫だ", "よ。"]),
        ("あああ「猫」だ", ["あああ", "「猫」だ"]),
        ("これは猫。", ["これは", "猫。"]),
        ("wwwwwwwwwwww", ["wwwwww", "wwwwww"]),
        ("", [""]),
    ],
)
def test_lines_break_between_words_and_never_before_a_full_stop(text: str, lines: list[str]) -> None:
    width = 50 if "w" not in text[:2] else text_width("w", 10) * 6.5
    if text in ("あああ「猫」だ", "これは猫。"):
        width = 41
    assert wrapped(text, 10, width) == lines


@given(text=st.text(), width=st.floats(15, 200))
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: float) -> None:
    shown = drawable(text)
    lines = wrapped(shown, 10, width)
    assert all(text_width(line, 10) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


@given(text=st.text(), width=st.floats(12, 100))
def test_a_shortened_text_is_as_narrow_as_asked(text: str, width: float) -> None:
    assert text_width(shortened(drawable(text), 10, width), 10) <= width
