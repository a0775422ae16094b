"""Halves of characters: each is replaced by one sign, and whole characters are left as they are."""

import pytest

from engine.surrogates import without_surrogates


@pytest.mark.parametrize(
    ("text", "clean"),
    [("最高\ud83d", "最高\ufffd"), ("\udfff good \ud83d!", "\ufffd good \ufffd!"), ("猫😀 cat", "猫😀 cat")],
)
def test_half_a_character_becomes_one_that_can_be_written_down(text: str, clean: str) -> None:
    assert without_surrogates(text) == clean
    assert clean.encode()
