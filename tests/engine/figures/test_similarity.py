"""However many texts are compared, and however long they are, the picture stays one that a phone can show."""

from __future__ import annotations

import numpy as np
import pytest

from engine.figures.sheet import DPI, WIDTH_PT
from engine.figures.similarity import MAX_TEXTS, similarity_heatmap

MOST_HIGH_PX = 4_000  # as the pictures of explanations


@pytest.mark.parametrize("text", ["長い文章です。" * 1_000, "a long text " * 1_000, "W" * 10_000], ids=["ja", "en", "one word"])
def test_the_largest_picture_has_bounds(text: str) -> None:
    matrix = np.random.default_rng(0).uniform(-1, 1, (MAX_TEXTS, MAX_TEXTS))
    image = similarity_heatmap(matrix, [text] * MAX_TEXTS, model="models/similar", japanese=True)
    assert image.width_px == round(WIDTH_PT * DPI / 72)
    assert image.height_px <= MOST_HIGH_PX


def test_more_texts_are_not_drawn() -> None:
    matrix = np.zeros((MAX_TEXTS + 1, MAX_TEXTS + 1))
    with pytest.raises(ValueError, match="cannot draw"):
        similarity_heatmap(matrix, ["a"] * (MAX_TEXTS + 1), model="m", japanese=False)
