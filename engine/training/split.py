"""Sets rows apart to measure a training by: never a text on both sides, and of each label its share."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from engine.errors import BadInputError
from engine.examples.rows import AskRow, NerRow, Row, SentimentRow, row_texts

DEV_SHARE = 0.1
LEAST_DEV_ROWS, MOST_DEV_ROWS = 20, 1_000
# Of few rows, no more than this share is kept from learning.
MOST_DEV_SHARE = 1 / 3

R = TypeVar("R", bound=Row)


def split_rows(rows: Sequence[R], *, seed: int) -> tuple[list[R], list[R]]:
    """(rows to learn from, rows to measure by), both in their order; the same for the same seed.

    Raises:
        BadInputError: `one_group`, all rows are about one text.
    """
    groups = text_groups(rows)
    distinct = len(set(groups))
    if distinct < 2:
        raise BadInputError(
            "one_group",
            ja="すべての行が同じ文章についてのものなので、検証用に分けられません。検証用のファイルを --dev で指定してください。",
            en="All rows are about one text: none can be set apart to measure by. Name a file of others with --dev.",
        )
    parts = min(distinct, max(2, round(len(rows) / dev_count(len(rows)))))
    folds = StratifiedGroupKFold(n_splits=parts, shuffle=True, random_state=seed)
    kinds = [_kind(row) for row in rows]
    if max(kinds.count(kind) for kind in set(kinds)) < parts:
        kinds = [""] * len(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a label is too rare for every part
        splits = list(folds.split(np.zeros(len(rows)), kinds, groups))
    wanted = dev_count(len(rows))
    learn, dev = min(splits, key=lambda split: (abs(len(split[1]) - wanted), int(split[1][0]) if len(split[1]) else 0))
    return [rows[i] for i in learn], [rows[i] for i in dev]


def dev_count(rows: int) -> int:
    """How many of so many rows are set apart."""
    wanted = min(max(round(rows * DEV_SHARE), LEAST_DEV_ROWS), MOST_DEV_ROWS)
    return max(1, min(wanted, int(rows * MOST_DEV_SHARE)))


def text_groups(rows: Sequence[Row]) -> list[int]:
    """For each row the number of its group; rows that share a text are of one group, also by a chain of others."""
    parents: dict[str, str] = {}

    def root(text: str) -> str:
        while parents.setdefault(text, text) != text:
            parents[text] = text = parents[parents[text]]
        return text

    texts = [tuple(map(_plain, row_texts(row))) for row in rows]
    for first, *others in texts:
        for other in others:
            parents[root(other)] = root(first)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(root(group[0]), len(numbers)) for group in texts]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _kind(row: Row) -> str:
    """What each side should have its share of."""
    if isinstance(row, SentimentRow):
        return row.label
    if isinstance(row, NerRow):
        return str(bool(row.entities))
    return str(bool(row.answers)) if isinstance(row, AskRow) else ""
