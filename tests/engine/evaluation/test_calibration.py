"""The calibration error, worked out by hand."""

import pytest

from engine.evaluation.calibration import calibrate


def test_the_error_is_the_distance_of_score_and_share_right_weighed_by_answers() -> None:
    # Bin 0.9–1: scores 0.95 and 0.97, half right. Bin 0.6–0.7: 0.65 and 0.65, all right.
    found = calibrate([0.95, 0.97, 0.65, 0.65], [True, False, True, True])
    assert found is not None
    assert found.error == pytest.approx((2 * abs(0.5 - 0.96) + 2 * abs(1.0 - 0.65)) / 4)
    assert [(one.low, one.count, one.accuracy) for one in found.bins] == [(0.6, 2, 1.0), (0.9, 2, 0.5)]
    assert found.bins[1].confidence == pytest.approx(0.96)


def test_scores_that_are_right_as_often_as_they_say_have_no_error() -> None:
    found = calibrate([0.8] * 5, [True, True, True, True, False])
    assert found is not None
    assert found.error == pytest.approx(0.0)


@pytest.mark.parametrize(("score", "low"), [(0.0, 0.0), (0.1, 0.0), (0.3, 0.2), (0.7, 0.6), (0.70001, 0.7), (1.0, 0.9), (1.0000001, 0.9)])
def test_a_score_on_an_edge_belongs_to_the_bin_below_it(score: float, low: float) -> None:
    found = calibrate([score], [True])
    assert found is not None
    assert found.bins[0].low == pytest.approx(low)


def test_without_answers_there_is_nothing_to_calibrate() -> None:
    assert calibrate([], []) is None
