"""The measures once more, of any weighting of the rows: so that a data set can be drawn again ten thousand times.

A weight says how often a row was drawn. With weights of 1 each measure equals its namesake in `metrics`. A draw that a
measure says nothing of (of two classes, only one was drawn) has NaN.
*Shape:* weights (draws, rows) → values (draws,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A measure by its name in the metrics. `binary`: the mean of rows that are right (1) or wrong (0), given one a row."""

    name: str
    of: Callable[[Values], Values]
    binary: Values | None = None


def share(name: str, values: Sequence[float]) -> Measure:
    """The mean of one value a row; where all are 0 or 1, the share of rows that are right."""
    kept = np.asarray(values, dtype=np.float64)
    binary = kept if np.isin(kept, (0.0, 1.0)).all() else None
    return Measure(name, lambda weights: weights @ kept / weights.sum(axis=1), binary)


def macro_f1(name: str, gold: Sequence[str], given: Sequence[str]) -> Measure:
    """F1 averaged over the labels of `gold` that were drawn."""
    labels = sorted(set(gold))
    wanted = np.array([[label == own for label in labels] for own in gold], dtype=np.float64)
    found = np.array([[label == own for label in labels] for own in given], dtype=np.float64)

    def of(weights: Values) -> Values:
        right, total = weights @ (wanted * found), weights @ (wanted + found)
        drawn = weights @ wanted > 0
        means: Values = np.mean(_over(2 * right, total), axis=1, where=drawn)
        return means

    return Measure(name, of)


def entity_measures(counts: Sequence[tuple[int, int, int]]) -> tuple[Measure, ...]:
    """F1, precision and recall of rows of (right, gold, given) counts; 0 where no row has what they are a share of."""
    kept = np.asarray(counts, dtype=np.float64).reshape(-1, 3)
    # What a draw without any counts as.
    _, no_gold, no_given = (np.nan if column.any() else 0.0 for column in kept.T)

    def sums(weights: Values) -> Values:
        summed: Values = (weights @ kept).T
        return summed

    def f1(weights: Values) -> Values:
        right, gold, given = sums(weights)
        return _over(2 * right, gold + given, empty=no_gold + no_given)

    def precision(weights: Values) -> Values:
        right, _, given = sums(weights)
        return _over(right, given, empty=no_given)

    def recall(weights: Values) -> Values:
        right, gold, _ = sums(weights)
        return _over(right, gold, empty=no_gold)

    return Measure("f1", f1), Measure("precision", precision), Measure("recall", recall)


def correlations(gold: Sequence[float], given: Sequence[float]) -> tuple[Measure, ...]:
    """Spearman's and Pearson's; 0 where what was given is all the same, NaN where only rows of one right value were drawn."""
    x, y = np.asarray(gold, dtype=np.float64), np.asarray(given, dtype=np.float64)
    rank_x, rank_y = _ranking(x), _ranking(y)
    return (
        Measure("spearman", lambda weights: np.where(_vary(x, weights), _pearson(rank_x(weights), rank_y(weights), weights), np.nan)),
        Measure("pearson", lambda weights: np.where(_vary(x, weights), _pearson(x, y, weights), np.nan)),
    )


def roc_auc(gold: Sequence[int], given: Sequence[float]) -> Measure:
    """How likely a row of 1 is given more than one of 0 (Mann-Whitney); NaN where one kind was not drawn."""
    positive = np.asarray(gold, dtype=np.float64)
    ranks = _ranking(np.asarray(given, dtype=np.float64))

    def of(weights: Values) -> Values:
        ones, zeros = weights @ positive, weights @ (1 - positive)
        summed = (weights * positive * ranks(weights)).sum(axis=1)
        return _over(summed - ones * (ones + 1) / 2, ones * zeros, empty=np.nan)

    return Measure("roc_auc", of)


def _ranking(values: Values) -> Callable[[Values], Values]:
    """From weights to the rank of each row among the drawn ones, ties sharing their mean. *Shape:* (draws, rows) → (draws, rows)."""
    order = np.argsort(values, kind="stable")
    firsts = np.flatnonzero(np.diff(values[order], prepend=np.nan) != 0)
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(values)))

    def ranks(weights: Values) -> Values:
        sizes = np.add.reduceat(weights[:, order], firsts, axis=1)
        middles: Values = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
        return middles[:, group]

    return ranks


def _vary(values: Values, weights: Values) -> NDArray[np.bool_]:
    """Whether rows of more than one value were drawn. *Shape:* (rows,), (draws, rows) → (draws,)."""
    least, most = np.where(weights > 0, values, np.inf).min(axis=1), np.where(weights > 0, values, -np.inf).max(axis=1)
    varied: NDArray[np.bool_] = least < most
    return varied


def _pearson(x: Values, y: Values, weights: Values) -> Values:
    """*Shape:* x, y (rows,) or (draws, rows)."""
    total = weights.sum(axis=1, keepdims=True)
    from_x = x - (weights * x).sum(axis=1, keepdims=True) / total
    from_y = y - (weights * y).sum(axis=1, keepdims=True) / total
    together = (weights * from_x * from_y).sum(axis=1)
    spread = np.sqrt((weights * from_x**2).sum(axis=1) * (weights * from_y**2).sum(axis=1))
    # Rounding alone leaves a little spread where all values are the same.
    return _over(together, np.where(spread > 1e-12 * total[:, 0], spread, 0.0))


def _over(above: Values, below: Values, *, empty: float = 0.0) -> Values:
    """The quotient; `empty` where there is nothing below."""
    quotient: Values = np.divide(above, below, out=np.full(np.broadcast_shapes(above.shape, below.shape), empty), where=below > 0)
    return quotient
