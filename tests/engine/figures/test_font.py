"""Texts made fit to be drawn."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from engine.figures.font import display_columns, drawable, glyphs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("素晴らしかった", "素晴らしかった"),
        ("㈱①髙ｶﾞé$x^2$", "㈱①髙ｶﾞé$x^2$"),
        ("猫😀", "猫〓"),
        ("👍🏽", "〓"),
        ("❤\ufe0f", "〓"),
        ("ไทย", "〓〓〓"),
        ("한", "〓"),
        ("\u2581the", "_the"),
        ("a\x00\x1b\u200bb\nc", "ab c"),
        ("e\u0301", "é"),
        ("Erdo\u011fan, ά, ộ", "Erdogan, α, o"),
        ("1\u20442 ≤ ⋯", "1/2 ≦ …"),
        ("\ud800", "〓"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_replaced(text: str, shown: str) -> None:
    assert drawable(text) == shown


@given(text=st.text())
def test_every_character_drawn_has_a_glyph(text: str) -> None:
    assert all(ord(char) in glyphs() for char in drawable(text))


@given(text=st.text(), width=st.integers(2, 30))
def test_a_label_is_never_wider_than_asked(text: str, width: int) -> None:
    assert display_columns(drawable(text, max_columns=width)) <= width


def test_full_width_characters_count_twice() -> None:
    assert display_columns("猫ab") == 4
    assert drawable("吾輩は猫である", max_columns=8) == "吾輩は…"


def test_finding_the_font_changes_no_global_setting() -> None:
    code = """
import matplotlib
before = matplotlib.rcParams.copy()
from engine.figures.font import drawable, japanese_font
drawable("猫"); japanese_font(10)
import sys
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams.copy() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True)
