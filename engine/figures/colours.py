"""Colours that say numbers: white is nothing, blue is much, orange is less than nothing; told apart by the colour-blind too."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Rgb = tuple[float, float, float]

INK: Rgb = (0.11, 0.13, 0.17)
FAINT: Rgb = (0.42, 0.45, 0.50)
HAIR: Rgb = (0.85, 0.87, 0.89)
# Frames and lines that point something out; far from every blue, also for the colour-blind.
POINTER: Rgb = (0.84, 0.37, 0.0)
BLUE: Rgb = (0.13, 0.44, 0.71)
# Lightness falls evenly from white on; blue and orange differ for every kind of colour vision.
_BLUES = ("#ffffff", "#dbe9f6", "#b3d3e8", "#73b2d8", "#3787c0", "#105ba4", "#08306b")
_ORANGES = ("#ffffff", "#fee8d0", "#fdc994", "#f4a152", "#dd7a17", "#b35806", "#6f3304")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Which number has which colour. From 0 to `high` white to blue; below 0, down to `low`, white to orange.

    `more`: numbers above `high` occur, and have its colour.
    """

    high: float
    low: float = 0.0
    more: bool = False

    def colours(self, values: Array) -> Array:
        """*Shape:* values (...) → red, green and blue in 0..1, (..., 3). What is no number is white."""
        known = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0, posinf=self.high, neginf=self.low)
        most = max(self.high, -self.low)
        share = np.clip(known, self.low, self.high) / (most if most > 0 else 1.0)
        return np.where((share < 0)[..., None], _between(_ORANGES, -share), _between(_BLUES, share))

    def colour(self, value: float) -> Rgb:
        """The colour of one number."""
        red, green, blue = map(float, self.colours(np.array(value)))
        return red, green, blue

    def ticks(self) -> tuple[float, ...]:
        """The numbers to write beside the scale: three or five, at even steps."""
        steps = 4 if self.low < 0 else 2
        return tuple(self.low + (self.high - self.low) * step / steps for step in range(steps + 1))


def weight_scale(values: Array, *, quantile: float = 1.0, counted: NDArray[np.bool_] | None = None) -> Scale:
    """A scale from 0 to a round number above the `quantile` of the values that are `counted` (None: all)."""
    known = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
    chosen = known if counted is None or not counted.any() else known[counted]
    largest = float(known.max(initial=0.0))
    high = round_up(float(np.quantile(chosen, quantile)) if chosen.size else 0.0)
    if high <= 0.0:
        high = round_up(largest) or 1.0
    return Scale(high=high, more=largest > high * 1.001)


def signed_scale(values: Array) -> Scale:
    """A scale with 0 in its middle that holds all the values."""
    known = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
    high = round_up(float(np.abs(known).max(initial=0.0))) or 1.0
    return Scale(high=high, low=-high)


def round_up(value: float) -> float:
    """The next number of one digit, or 1.5 or 2.5 with a power of ten, that is at least `value`; 0 for nothing."""
    if not math.isfinite(value) or value <= 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(value))
    steps: Iterable[float] = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    # A hair of tolerance: 0.30000000000000004 is 0.3.
    return float(next((step * unit for step in steps if step * unit >= value * (1 - 1e-9)), 10 * unit))


def even_places(first: float, last: float, *, most: int = 6) -> list[int]:
    """Up to `most` round whole numbers at even steps from `first` to `last`: of steps and positions there are no halves."""
    step = math.ceil(round_up((last - first) / (most - 1))) or 1
    return [number * step for number in range(math.ceil(first / step), math.floor(last / step) + 1)]


def written(value: float, *, sign: bool = False) -> str:
    """A number for people: two digits behind the point, more where it is small; `sign` writes + too."""
    size = abs(value)
    digits = 2 if size >= 0.095 or size < 5e-5 else 3 if size >= 0.0095 else 4
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def tick(value: float, *, sign: bool = False) -> str:
    """A number along a scale: as few digits as it has."""
    return "0" if value == 0 else (f"{value:+.3g}" if sign else f"{value:.3g}").replace("-", "−")


def ink_on(colour: Rgb) -> Rgb:
    """White or black, whichever is read better on `colour`: a contrast of at least 4.5 (after WCAG 2)."""
    light = _luminance(colour)
    return (1.0, 1.0, 1.0) if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else (0.0, 0.0, 0.0)


def _luminance(colour: Rgb) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _between(stops: tuple[str, ...], share: Array) -> Array:
    table = np.array([[int(stop[place : place + 2], 16) / 255 for place in (1, 3, 5)] for stop in stops])
    at = np.clip(share, 0.0, 1.0) * (len(stops) - 1)
    return np.stack([np.interp(at, np.arange(len(stops)), table[:, channel]) for channel in range(3)], axis=-1)
