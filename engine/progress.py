"""How far the forward passes of long work are: told by the models, heard by whoever runs the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[float], None] | None] = ContextVar("progress_listener", default=None)


@contextmanager
def heard_by(listener: Callable[[float], None]) -> Iterator[None]:
    """Let `listener` hear what is told inside, in this thread. What it raises ends the work that told it."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(share: float) -> None:
    """Say how far the work at hand is, 0..1. Nobody may listen."""
    listener = _listener.get()
    if listener is not None:
        listener(share)


@contextmanager
def stage(start: float, stop: float) -> Iterator[None]:
    """Inside, 0..1 is told as `start`..`stop` of the whole: for work of several stages."""
    listener = _listener.get()
    with heard_by((lambda share: listener(start + share * (stop - start))) if listener else _nobody):
        yield


def _nobody(_: float) -> None: ...
