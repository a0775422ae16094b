"""The span search against trying every span."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from engine.tasks.span_search import Scores, Span, best_spans, span_scores

_LOGITS = st.one_of(st.floats(-20, 20, width=32), st.just(-np.inf))
_ROWS = st.integers(1, 14).flatmap(lambda n: st.tuples(*[arrays.arrays(np.float32, n, elements=_LOGITS)] * 2))


def every_span(starts: Scores, ends: Scores, *, max_length: int) -> list[Span]:
    """All possible spans, best first."""
    spans = [
        Span(first=first, last=last, score=float(starts[first] + ends[last]))
        for first in range(len(starts))
        for last in range(first, min(first + max_length, len(starts)))
        if np.isfinite(starts[first]) and np.isfinite(ends[last])
    ]
    return sorted(spans, key=lambda span: (-span.score, span.first, span.last))


def best_by_trying(starts: Scores, ends: Scores, *, max_length: int, n_best: int) -> list[Span]:
    kept: list[Span] = []
    for span in every_span(starts, ends, max_length=max_length):
        if all(span.last < other.first or other.last < span.first for other in kept):
            kept.append(span)
    return kept[:n_best]


@given(rows=_ROWS, max_length=st.integers(1, 18), n_best=st.integers(1, 6))
def test_the_best_spans_are_those_found_by_trying_all(rows: tuple[Scores, Scores], max_length: int, n_best: int) -> None:
    scores = span_scores(*rows, max_length=max_length)
    assert best_spans(scores, n_best=n_best) == best_by_trying(*rows, max_length=max_length, n_best=n_best)


@given(rows=_ROWS, max_length=st.integers(1, 18))
def test_every_possible_span_is_scored_once(rows: tuple[Scores, Scores], max_length: int) -> None:
    scores = span_scores(*rows, max_length=max_length)
    expected = sorted(span.score for span in every_span(*rows, max_length=max_length))
    assert sorted(scores[np.isfinite(scores)].tolist()) == expected


def test_an_end_never_comes_before_its_start() -> None:
    starts, ends = np.array([0.0, 0.0, 9.0]), np.array([9.0, 0.0, 0.0])
    assert best_spans(span_scores(starts, ends, max_length=3), n_best=1) == [Span(first=0, last=0, score=9.0)]


@pytest.mark.parametrize(("max_length", "last"), [(2, 1), (3, 2)])
def test_no_span_is_longer_than_allowed(max_length: int, last: int) -> None:
    starts, ends = np.array([5.0, -5.0, -5.0]), np.array([-5.0, 0.0, 5.0])
    [best] = best_spans(span_scores(starts, ends, max_length=max_length), n_best=1)
    assert (best.first, best.last) == (0, last)


def test_searching_leaves_the_scores_as_they_were() -> None:
    scores = span_scores(np.zeros(4), np.zeros(4), max_length=2)
    before = scores.copy()
    best_spans(scores, n_best=3)
    assert np.array_equal(scores, before)
