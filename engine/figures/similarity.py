"""The picture of how near texts are to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract import Image, Message
from engine.figures.bars import draw_bars
from engine.figures.colours import FAINT, Scale
from engine.figures.font import drawable
from engine.figures.heatmap import MAX_CELLS, Matrix
from engine.figures.labels import Label
from engine.figures.matrix import draw_matrix, draw_scale
from engine.figures.sheet import TITLE_PT, Sheet

MAX_TEXTS = MAX_CELLS
_COSINE = Message(ja="コサイン類似度", en="cosine similarity")
# So much of a text is looked at for its label.
_LABEL_CHARS = 200


def similarity_heatmap(matrix: Matrix, labels: Sequence[str], *, queries: Sequence[str] | None = None, model: str, japanese: bool) -> Image:
    """Draw cosines (-1..1) of texts with each other as a heatmap, or of `queries` (the rows) with the texts as bars.

    *Shape:* matrix (texts, texts), or (queries, texts); 1 to `MAX_TEXTS` of each. Labels are shortened and numbered from 1.

    Raises:
        ValueError: the shape is another one, or too large to draw readably.
    """
    return similarity_sheet(matrix, labels, queries=queries, model=model, japanese=japanese).image(
        "similarity.png", _alt(matrix, labels, queries)
    )


def similarity_sheet(matrix: Matrix, labels: Sequence[str], *, queries: Sequence[str] | None, model: str, japanese: bool) -> Sheet:
    """The page of `similarity_heatmap`.

    Raises:
        ValueError: as there.
    """
    rows = len(labels) if queries is None else len(queries)
    if matrix.shape != (rows, len(labels)) or matrix.size == 0 or max(matrix.shape) > MAX_TEXTS:
        raise ValueError(f"cannot draw a matrix of shape {matrix.shape} with {rows} row and {len(labels)} column labels")
    known = np.nan_to_num(np.asarray(matrix, dtype=np.float64))
    sheet = Sheet(japanese=japanese)
    sheet.paragraph(Message(ja="文の類似度", en="Similarity of the texts"), size=TITLE_PT)
    sheet.paragraph(model, colour=FAINT)
    sheet.space(8)
    if queries is None:
        _draw_matrix(sheet, known, labels)
    else:
        for query, row in zip(queries, known, strict=True):
            _draw_ranking(sheet, query, row, labels)
    return sheet


def _draw_matrix(sheet: Sheet, matrix: Matrix, labels: Sequence[str]) -> None:
    scale = Scale(high=1.0, low=-1.0 if float(matrix.min()) < -0.005 else 0.0)
    rows = [Label(text) for text in _numbered(labels)]
    columns = [Label(str(number)) for number in range(1, len(labels) + 1)]
    draw_matrix(sheet, matrix, scale=scale, rows=rows, columns=columns, longest_row=200.0 if len(labels) <= 40 else 120.0)
    draw_scale(sheet, scale, _COSINE)


def _draw_ranking(sheet: Sheet, query: str, row: Matrix, labels: Sequence[str]) -> None:
    """Bars, the nearest first."""
    numbered = _numbered(labels)
    entries = [(numbered[index], float(row[index])) for index in np.argsort(-row, kind="stable").tolist()]
    short = _short(query)
    draw_bars(sheet, entries, title=Message(ja=f"「{short}」とのコサイン類似度", en=f'Cosine similarity to "{short}"'), longest=1.0)


def _short(text: str) -> str:
    return drawable(text[:_LABEL_CHARS], max_columns=24)


def _numbered(texts: Sequence[str]) -> list[str]:
    return [f"{number} {_short(text)}" for number, text in enumerate(texts, 1)]


def _alt(matrix: Matrix, labels: Sequence[str], queries: Sequence[str] | None) -> Message:
    values = np.array(matrix, dtype=np.float64)
    if queries is None and len(labels) > 1:
        np.fill_diagonal(values, -np.inf)
    row, column = map(int, np.unravel_index(int(values.argmax()), values.shape))
    first = _short((labels if queries is None else queries)[row])
    second = _short(labels[column])
    value = float(values[row, column])
    return Message(
        ja=f"{len(labels)}個の文の類似度を色で表した図。最も近いのは「{first}」と「{second}」（{value:.2f}）。",
        en=f'A heatmap of the similarity of {len(labels)} texts. The nearest are "{first}" and "{second}" ({value:.2f}).',
    )
