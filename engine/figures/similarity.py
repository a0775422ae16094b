"""The picture of how near texts are to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract import Image, Message
from engine.figures.font import drawable
from engine.figures.heatmap import MAX_CELLS, Matrix, heatmap

MAX_TEXTS = MAX_CELLS
# So much of a text is looked at for its label.
_LABEL_CHARS = 200


def similarity_heatmap(matrix: Matrix, labels: Sequence[str], *, queries: Sequence[str] | None = None, model: str, japanese: bool) -> Image:
    """Draw cosines (-1..1) of texts with each other, or of `queries` (the rows) with the texts.

    *Shape:* matrix (texts, texts), or (queries, texts); 1 to `MAX_TEXTS` of each. Labels are shortened and numbered from 1.

    Raises:
        ValueError: the shape is another one, or too large to draw readably.
    """
    rows = _numbered(labels) if queries is None else [_short(query) for query in queries]
    return heatmap(
        matrix,
        rows=rows,
        columns=_numbered(labels),
        title=("文の類似度" if japanese else "Similarity of the texts", model),
        scale="コサイン類似度" if japanese else "cosine similarity",
        name="similarity.png",
        alt=_alt(matrix, labels, queries),
        low=min(0.0, float(np.min(matrix, initial=0.0))),
        high=1.0,
    )


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
