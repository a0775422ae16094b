"""The picture of what a model takes for what: a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Image, Message
from engine.figures.bars import draw_bars
from engine.figures.colours import FAINT, Array, Scale, ink_on
from engine.figures.font import STAND_IN, drawable
from engine.figures.heatmap import MAX_CELLS
from engine.figures.labels import Label
from engine.figures.matrix import Place, draw_matrix, draw_scale
from engine.figures.sheet import TITLE_PT, Sheet

# Counts are written into cells of this width on.
_COUNT_CELL_PT = 30.0
_HOW = Message(
    ja="行は正しいラベル、列はモデルの答えです。色は行のうちの割合、数字は件数。斜めの線の上が正解です。",
    en="Rows: the true label; columns: what the model said. Colours: the share of the row; numbers: how many. The diagonal is right.",
)
_SCALE = Message(ja="正しいラベルのうちの割合", en="share of the true label")


def confusion_matrix(counts: NDArray[np.integer[Any]], labels: Sequence[str], *, model: str, japanese: bool) -> Image:
    """Draw how often the label of a row was taken for that of a column. *Shape:* counts (labels, labels), at most 100 labels.

    Raises:
        ValueError: the labels do not fit the counts, there are none or too many, or a count is below 0.
    """
    return confusion_sheet(counts, labels, model=model, japanese=japanese).image("confusion.png", _alt(counts, labels))


def confusion_sheet(counts: NDArray[np.integer[Any]], labels: Sequence[str], *, model: str, japanese: bool) -> Sheet:
    """The page of `confusion_matrix`.

    Raises:
        ValueError: as there.
    """
    if counts.shape != (len(labels), len(labels)) or not 0 < len(labels) <= MAX_CELLS or counts.min() < 0:
        raise ValueError(f"cannot draw counts of shape {counts.shape} for {len(labels)} labels: (labels, labels), none below 0, is needed")
    sheet, shares = Sheet(japanese=japanese), _shares(counts)
    sheet.paragraph(Message(ja="混同行列", en="Confusion matrix"), size=TITLE_PT)
    sheet.paragraph(model, colour=FAINT)
    sheet.paragraph(_HOW)
    sheet.space(8)
    names, scale = [Label(drawable(label) or STAND_IN) for label in labels], Scale(high=1.0)
    place = draw_matrix(sheet, shares, scale=scale, rows=names, columns=names, digits=False)
    if place.cell_width >= _COUNT_CELL_PT:
        _write_counts(sheet, counts, shares, scale, place)
    draw_scale(sheet, scale, _SCALE)
    mistakes = _mistakes(counts)
    if mistakes:
        entries = [(f"{labels[row]} → {labels[column]}", float(counts[row, column] / counts[row].sum())) for row, column in mistakes]
        draw_bars(
            sheet, entries, title=Message(ja="多い取り違え（行のうちの割合）", en="Most frequent mistakes (share of the row)"), percent=True
        )
    return sheet


def _shares(counts: NDArray[np.integer[Any]]) -> Array:
    """Each row over its sum; a row without any is all 0."""
    sums = counts.sum(axis=1, keepdims=True)
    shares: Array = np.divide(counts, sums, out=np.zeros(counts.shape, dtype=np.float64), where=sums > 0)
    return shares


def _write_counts(sheet: Sheet, counts: NDArray[np.integer[Any]], shares: Array, scale: Scale, place: Place) -> None:
    for (row, column), count in np.ndenumerate(counts):
        x, y = place.x + (column + 0.5) * place.cell_width, place.y + (row + 0.5) * place.cell_height
        said = str(count) if count < 10_000 else f"{count / 1000:.0f}k"
        sheet.middle(x, y, said, size=9, colour=ink_on(scale.colour(float(shares[row, column]))), align="center")


def _mistakes(counts: NDArray[np.integer[Any]]) -> list[tuple[int, int]]:
    """The five places beside the diagonal with the largest counts, none of 0."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    places = [divmod(int(index), len(counts)) for index in np.argsort(-wrong, axis=None, kind="stable")[:5]]
    return [(row, column) for row, column in places if wrong[row, column] > 0]


def _alt(counts: NDArray[np.integer[Any]], labels: Sequence[str]) -> Message:
    right, total = int(np.trace(counts)), int(counts.sum())
    ja, en = f"混同行列。{total}件のうち{right}件が正解。", f"A confusion matrix. {right} of {total} are right."
    for row, column in _mistakes(counts)[:1]:
        first, second, count = drawable(labels[row]) or STAND_IN, drawable(labels[column]) or STAND_IN, int(counts[row, column])
        ja += f"最も多い取り違えは「{first}」を「{second}」とした{count}件。"
        en += f' The most frequent mistake: "{first}" taken for "{second}", {count} times.'
    return Message(ja=ja, en=en)
