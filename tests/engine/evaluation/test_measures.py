"""Measures of weighted rows: the same as the plain ones, and a weight of two is a row twice."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.evaluation import measures, metrics
from engine.evaluation.measures import Measure

T = TypeVar("T")
LABELS = ["positive", "neutral", "negative"]


def value(measure: Measure, weights: list[int]) -> float:
    return float(measure.of(np.array([weights], dtype=np.float64))[0])


def repeated(values: Sequence[T], weights: list[int]) -> list[T]:
    return [one for one, weight in zip(values, weights, strict=True) for _ in range(weight)]


@st.composite
def weights(draw: st.DrawFn, *, size: int) -> list[int]:
    drawn = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return drawn if any(drawn) else [1] * size


@settings(deadline=None)
@given(st.data())
def test_labels_are_measured_as_if_each_row_stood_as_often_as_its_weight(data: st.DataObject) -> None:
    gold = data.draw(st.lists(st.sampled_from(LABELS), min_size=2, max_size=8))
    found = data.draw(st.lists(st.sampled_from([*LABELS, ""]), min_size=len(gold), max_size=len(gold)))
    drawn = data.draw(weights(size=len(gold)))
    again, answers = repeated(gold, drawn), repeated(found, drawn)
    right = measures.share("accuracy", [float(a == b) for a, b in zip(gold, found, strict=True)])
    assert value(right, drawn) == pytest.approx(metrics.label_metrics(again, answers)["accuracy"])
    assert value(measures.macro_f1("f", gold, found), drawn) == pytest.approx(metrics.label_metrics(again, answers)["macro_f1"])


@settings(deadline=None)
@given(st.data())
def test_correlations_are_measured_as_if_each_row_stood_as_often_as_its_weight(data: st.DataObject) -> None:
    gold = data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=9))
    found = data.draw(st.lists(st.integers(0, 5), min_size=len(gold), max_size=len(gold)))
    drawn = data.draw(weights(size=len(gold)))
    again, answers = repeated(gold, drawn), repeated(found, drawn)
    spearman, pearson = measures.correlations(gold, found)
    if len(set(again)) > 1:
        expected = metrics.correlation_metrics(again, answers)
        assert value(spearman, drawn) == pytest.approx(expected["spearman"], abs=1e-9)
        assert value(pearson, drawn) == pytest.approx(expected["pearson"], abs=1e-9)
    kinds = [number % 2 for number in gold]
    if set(repeated(kinds, drawn)) == {0, 1}:
        expected = metrics.paraphrase_metrics(repeated(kinds, drawn), answers)
        assert value(measures.roc_auc(kinds, found), drawn) == pytest.approx(expected["roc_auc"])


def test_what_a_draw_does_not_allow_to_be_measured_is_no_number() -> None:
    kinds, scores = [1, 0, 0], [0.9, 0.2, 0.1]
    measured = [measures.roc_auc(kinds, scores), *measures.correlations(kinds, scores)]
    assert all(np.isnan(value(measure, [0, 2, 1])) for measure in measured)
    assert np.isnan(value(measures.roc_auc(kinds, scores), [3, 0, 0]))
    assert all(np.isnan(value(measure, [0, 1])) for measure in measures.entity_measures([(1, 1, 1), (0, 0, 0)]))


def test_entities_are_measured_over_all_drawn_rows() -> None:
    f1, precision, recall = measures.entity_measures([(1, 2, 1), (0, 1, 3)])
    # The first row twice: 2 right of 2 + 3 given and 4 + 1 wanted.
    assert value(precision, [2, 1]) == pytest.approx(2 / 5)
    assert value(recall, [2, 1]) == pytest.approx(2 / 5)
    assert value(f1, [2, 0]) == pytest.approx(2 * 2 / (4 + 2))


def test_nothing_to_find_and_nothing_found_is_zero() -> None:
    assert [value(measure, [1]) for measure in measures.entity_measures([(0, 0, 0)])] == [0.0, 0.0, 0.0]


def test_values_that_never_change_do_not_correlate() -> None:
    assert [value(measure, [1, 1, 1]) for measure in measures.correlations([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])] == [0.0, 0.0]


def test_only_shares_of_right_rows_are_binary() -> None:
    assert measures.share("exact_match", [0.0, 1.0]).binary is not None
    assert measures.share("f1", [0.5, 1.0]).binary is None
