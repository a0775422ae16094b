"""Drawing rows again: fair, repeatable, and as wide as few rows allow."""

import numpy as np
import pytest

from engine.evaluation import measures
from engine.evaluation.measures import Measure, share
from engine.evaluation.resampling import DRAWS, draw_weights, interval, intervals, resampled


@pytest.mark.parametrize("rows", [1, 7, 1_000])
def test_each_draw_has_as_many_rows_as_there_are(rows: int) -> None:
    weights = np.concatenate(list(draw_weights(rows, draws=50)))
    assert weights.shape == (50, rows)
    assert (weights.sum(axis=1) == rows).all()


def test_every_row_is_drawn_once_on_average() -> None:
    weights = np.concatenate(list(draw_weights(20, draws=20_000)))
    assert weights.mean(axis=0) == pytest.approx(np.ones(20), abs=0.05)
    # Of a draw with replacement the number of a row is binomial: variance 1 - 1/20.
    assert weights.var(axis=0) == pytest.approx(np.full(20, 0.95), abs=0.06)


def test_the_same_seed_draws_the_same_rows() -> None:
    measure = share("accuracy", [1.0, 0.0, 1.0])
    first, again = (resampled((measure,), 3)["accuracy"] for _ in range(2))
    assert first.shape == (DRAWS,)
    assert (first == again).all()
    assert (first != resampled((measure,), 3, seed=1)["accuracy"]).any()


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    found = intervals((share("accuracy", [1.0] * 80 + [0.0] * 20),), 100)["accuracy"]
    # 0.8 ± 1.96 * sqrt(0.8 * 0.2 / 100)
    assert (found.low, found.high) == pytest.approx((0.8 - 0.0784, 0.8 + 0.0784), abs=0.015)


LABELS = ["positive"] * 10 + ["negative"] * 10 + ["neutral"]
KINDS = [1] + [0] * 20


@pytest.mark.parametrize(
    "measure",
    [
        measures.macro_f1("macro_f1", LABELS, LABELS),
        measures.roc_auc(KINDS, [float(kind) for kind in KINDS]),
        *measures.correlations(KINDS, [float(kind) for kind in KINDS]),
        *measures.entity_measures([(1, 1, 1)] + [(0, 0, 0)] * 20),
    ],
    ids=lambda measure: measure.name,
)
def test_what_is_all_right_is_so_in_every_draw_however_rare_a_class_is(measure: Measure) -> None:
    found = intervals((measure,), 21)[measure.name]
    assert (found.low, found.high) == pytest.approx((1.0, 1.0))


def test_draws_without_a_number_are_left_out_of_the_interval() -> None:
    found = interval(np.array([np.nan, *range(1_001), np.nan], dtype=np.float64))
    assert (found.low, found.high) == pytest.approx((25.0, 975.0))


def test_the_interval_leaves_out_five_percent() -> None:
    found = interval(np.arange(1_001, dtype=np.float64))
    assert (found.low, found.high) == pytest.approx((25.0, 975.0))
