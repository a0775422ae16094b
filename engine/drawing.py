"""A Result whose pictures are still to be drawn: whoever computes need not draw, and drawing needs no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.contract import Failure, Message, Result
from engine.errors import EngineError


@dataclass(frozen=True, kw_only=True)
class Undrawn:
    """`result` says all but its pictures; `draw` gives it with them, from any thread, and holds no model.

    `draw` raises an EngineError where what was asked for cannot be drawn.
    """

    result: Result
    draw: Callable[[], Result]


def drawn(outcome: Result | Failure | Undrawn) -> Result | Failure:
    """The outcome with its pictures."""
    if not isinstance(outcome, Undrawn):
        return outcome
    try:
        return outcome.draw()
    except EngineError as error:
        return error.as_failure()


def prepare() -> None:
    """Load what drawing needs (matplotlib and all that it loads late, the fonts), so that the first picture need not wait for it."""
    import numpy as np

    from engine.figures.heatmap import heatmap

    heatmap(
        np.eye(2), rows=["あ", "b"], columns=["あ", "b"], title=["準備"], scale="0–1", name="warm.png", alt=Message(ja="準備", en="warm-up")
    )
