"""Lets urgent work in between the steps of a long forward pass: a model offers the points, whoever runs the engine may use them.

Cooperative, as coroutines are: what runs at a point ends before the pass goes on, and a pass keeps no state that it could disturb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_urgent: ContextVar[Callable[[], None] | None] = ContextVar("urgent_work", default=None)


@contextmanager
def preempted_by(urgent: Callable[[], None] | None) -> Iterator[None]:
    """Call `urgent` at each point that is passed inside, in this thread; None: at none. What it raises ends the pass."""
    token = _urgent.set(urgent)
    try:
        yield
    finally:
        _urgent.reset(token)


def preemptible() -> bool:
    """Whether somebody wants to be let in."""
    return _urgent.get() is not None


def point() -> None:
    """Here, urgent work may be done. At the points of its own passes there is none."""
    urgent = _urgent.get()
    if urgent is not None:
        with preempted_by(None):
            urgent()
