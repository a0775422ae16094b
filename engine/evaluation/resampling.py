"""How much a measure would change on other rows like these: the bootstrap (Efron 1979), by the rows' weights in each draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.evaluation.measures import Measure, Values

DRAWS = 10_000  # to compare two models
INTERVAL_DRAWS = 2_000  # to tell an interval to two or three digits
SEED = 0
LEVEL = 0.95
# Weights that are held at once (32 MiB).
_HELD = 4_194_304


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Between which values a measure lies in 95 % of the draws (percentiles)."""

    low: float
    high: float


def draw_weights(rows: int, *, draws: int = DRAWS, seed: int = SEED) -> Iterator[Values]:
    """How often each row is drawn, of as many draws of rows with replacement, some draws at a time. *Shape:* (draws, rows)."""
    random = np.random.default_rng(seed)
    at_once = max(1, min(draws, _HELD // max(rows, 1)))
    for start in range(0, draws, at_once):
        count = min(at_once, draws - start)
        drawn = random.integers(rows, size=(count, rows)) + np.arange(count)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows).astype(np.float64)


def resampled(measures: tuple[Measure, ...], rows: int, *, draws: int = DRAWS, seed: int = SEED) -> dict[str, Values]:
    """Each measure's values on the same draws. *Shape:* (draws,) each."""
    found: dict[str, list[Values]] = {measure.name: [] for measure in measures}
    for weights in draw_weights(rows, draws=draws, seed=seed):
        for measure in measures:
            found[measure.name].append(measure.of(weights))
    return {name: np.concatenate(values) for name, values in found.items()}


def interval(values: Values) -> Interval:
    """The middle 95 % of the values; draws without one (NaN) are left out."""
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high))


def intervals(measures: tuple[Measure, ...], rows: int) -> dict[str, Interval]:
    """The interval of each measure, by its name."""
    return {name: interval(values) for name, values in resampled(measures, rows, draws=INTERVAL_DRAWS).items()}
