"""Confusion matrices as pictures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.figures.colours import Scale
from engine.figures.confusion import confusion_matrix, confusion_sheet
from tests.engine.figures.measuring import cell_colour, outside, overlapping, texts

LABELS = ["ポジティブ", "中立", "ネガティブ"]
COUNTS = np.array([[90, 5, 5], [12, 70, 18], [0, 0, 0]])


def test_rows_are_coloured_by_their_shares_and_counts_are_written() -> None:
    sheet = confusion_sheet(COUNTS, LABELS, model="m", japanese=True)
    picture = sheet.axes.images[0]
    assert cell_colour(sheet, picture, 0, 0) == pytest.approx(Scale(high=1.0).colour(0.9), abs=0.01)
    assert cell_colour(sheet, picture, 2, 2) == pytest.approx((1.0, 1.0, 1.0))
    assert {"90", "70", "18"} <= {text.get_text() for text, _ in texts(sheet)}


def test_the_most_frequent_mistake_is_told() -> None:
    image = confusion_matrix(COUNTS, LABELS, model="m", japanese=False)
    assert "160 of 200 are right" in image.alt.en
    assert "「中立」を「ネガティブ」とした18件" in image.alt.ja


@pytest.mark.parametrize("count", [1, 9, 40])
@pytest.mark.parametrize("japanese", [True, False])
def test_many_labels_stay_on_the_page(count: int, japanese: bool) -> None:
    counts = np.random.default_rng(0).integers(0, 20_000, size=(count, count))
    sheet = confusion_sheet(counts, [f"B-ラベル{number}" for number in range(count)], model="m", japanese=japanese)
    assert outside(sheet) == []
    assert overlapping(sheet) == []


@pytest.mark.parametrize(
    ("counts", "labels"), [(np.zeros((2, 3), int), ["a", "b"]), (np.zeros((0, 0), int), []), (np.array([[-1]]), ["a"])]
)
def test_counts_that_do_not_fit_are_refused(counts: np.ndarray, labels: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot draw counts"):
        confusion_matrix(counts, labels, model="m", japanese=True)
