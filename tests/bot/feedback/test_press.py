"""Presses come to one opinion, whatever order they arrive in."""

from __future__ import annotations

import itertools

import pytest

from bot.feedback.press import Choice, Verdict, settled


@pytest.mark.parametrize(
    ("choices", "verdict", "corrected_by"),
    [
        ([], None, ""),
        (["good"], "good", ""),
        (["good", "good"], None, ""),
        (["good", "bad"], "bad", ""),
        (["bad", "correct"], "bad", "1"),
        (["good", "correct"], "bad", "1"),
        (["bad", "correct", "correct"], "bad", "2"),
        (["bad", "correct", "bad"], None, ""),
        (["bad", "correct", "good"], "good", ""),
        (["bad", "correct", "good", "bad"], "bad", ""),
        (["good", "good", "good"], "good", ""),
    ],
)
def test_another_thumb_replaces_and_the_same_one_takes_back(choices: list[Choice], verdict: Verdict | None, corrected_by: str) -> None:
    assert settled((str(event), choice) for event, choice in enumerate(choices)) == (verdict, corrected_by)


def test_any_last_word_is_either_nothing_or_what_was_pressed_last() -> None:
    every: tuple[Choice, ...] = ("good", "bad", "correct")
    for choices in itertools.product(every, repeat=4):
        verdict, _ = settled((str(event), choice) for event, choice in enumerate(choices))
        assert verdict in (None, "bad" if choices[-1] == "correct" else choices[-1])
