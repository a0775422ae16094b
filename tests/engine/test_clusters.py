"""Tests that spans keep to whole characters as a reader sees them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.clusters import cluster_starts, trimmed_span, widen_to_clusters


@pytest.mark.parametrize("cluster", ["か\u3099", "e\u0301", "👩\u200d👩\u200d👧", "🇯🇵", "👍🏽", "\r\n", "ｶﾞ", "1\ufe0f\u20e3"])
def test_a_span_that_cuts_a_character_is_widened_to_hold_it(cluster: str) -> None:
    text = f"x{cluster}y"
    inside = range(1, 1 + len(cluster))
    for place in inside:
        assert widen_to_clusters(text, place, place + 1) == (1, 1 + len(cluster))


@pytest.mark.parametrize(("text", "span", "trimmed"), [("a b ", (1, 4), (2, 3)), ("  ", (0, 2), (0, 0)), ("\u3000猫", (0, 2), (1, 2))])
def test_white_space_at_the_ends_is_left_out(text: str, span: tuple[int, int], trimmed: tuple[int, int]) -> None:
    assert trimmed_span(text, *span) == trimmed


@given(st.text(), st.integers(0, 50), st.integers(0, 50))
def test_a_widened_span_holds_the_span_and_ends_between_characters(text: str, first: int, second: int) -> None:
    start, end = sorted((min(first, len(text)), min(second, len(text))))
    wide_start, wide_end = widen_to_clusters(text, start, end)
    assert wide_start <= start
    assert wide_end >= end or start == end
    assert {wide_start, wide_end} <= set(cluster_starts(text))
