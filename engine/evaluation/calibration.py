"""Whether an answer of 80 % is right in 80 of 100 cases: the expected calibration error (Guo et al. 2017, section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.evaluation.evaluation import Bin, Calibration

BINS = 10


def calibrate(scores: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    """The error over ten bins of equal width, each weighed by its answers; None where there are no answers.

    Args:
        scores: the engine's own score of each answer, 0..1.
        right: whether the answer was right.
    """
    if not scores:
        return None
    confidence, hit = np.clip(np.asarray(scores, dtype=np.float64), 0.0, 1.0), np.asarray(right, dtype=np.float64)
    # A score on an edge belongs to the bin below it, as in the paper; rounding must not lift it above.
    places = np.clip(np.ceil(np.round(confidence * BINS, 9)).astype(int) - 1, 0, BINS - 1)
    bins = [_bin(place, confidence[places == place], hit[places == place]) for place in range(BINS) if (places == place).any()]
    error = sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / len(confidence)
    return Calibration(error=error, bins=tuple(bins))


def _bin(place: int, confidence: np.ndarray[tuple[int], np.dtype[np.float64]], hit: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Bin:
    return Bin(
        low=place / BINS,
        high=(place + 1) / BINS,
        count=len(confidence),
        confidence=float(confidence.mean()),
        accuracy=float(hit.mean()),
    )
