"""Whether contestants compute the same: looked at before any of them is timed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.errors import BenchmarkError

LEAST_COSINE = 0.999


def check_vectors(
    name: str, found: Sequence[Sequence[float]], expected: Sequence[Sequence[float]], *, least: float = LEAST_COSINE
) -> float:
    """The least cosine between a contestant's vectors and the expected ones. *Shape:* (texts, width) both.

    Raises:
        BenchmarkError: it is not above `least`, or the vectors are not as many or not as wide.
    """
    mine, theirs = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if mine.shape != theirs.shape:
        raise differs(name, f"{mine.shape}", f"{theirs.shape}")
    norms = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    cosine = float(((mine * theirs).sum(axis=1) / np.maximum(norms, 1e-12)).min())
    if not cosine > least:
        raise differs(name, f"cosine {cosine:.4f}", f"> {least}")
    return cosine


def check_same(name: str, found: Sequence[object], expected: Sequence[object], *, least: float) -> float:
    """The share of answers that are the same, 0..1.

    Raises:
        BenchmarkError: it is below `least`, or the answers are not as many.
    """
    if len(found) != len(expected) or not expected:
        raise differs(name, f"{len(found)} answers", f"{len(expected)} answers")
    share = sum(one == other for one, other in zip(found, expected, strict=True)) / len(expected)
    if share < least:
        raise differs(name, f"{share:.3f} alike", f"≥ {least:g}")
    return share


def differs(name: str, found: str, expected: str) -> BenchmarkError:
    """A contestant that does not compute the same: what it is fast at would mean nothing."""
    return BenchmarkError(
        "bench_differs",
        ja=f"{name} の答えがほかと一致しません（{found}、正しくは {expected}）。速さを比べる前に原因を直してください。",
        en=f"{name} does not answer as the others do ({found}; right is {expected}). Find out why before speeds are compared.",
    )
