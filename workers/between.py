"""Answers short questions in the middle of a long computation, so that nobody waits for somebody else's document."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from redis.exceptions import RedisError

EVERY_S = 0.002  # how often to look whether a short question waits: a look is a round trip to Redis


class Between:
    """One worker's. To be called between the steps of a long computation; nothing that goes wrong here spoils it."""

    def __init__(
        self,
        answer: Callable[[], None],
        *,
        on_trouble: Callable[[], None],
        standing_still: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`answer` takes and answers a batch of short jobs, if any wait. `on_trouble` is called where Redis failed meanwhile.

        Inside of `standing_still`, the long computation's own time stands still.
        """
        self._answer = answer
        self._on_trouble = on_trouble
        self._standing_still = standing_still
        self._next = 0.0
        self._trouble: Exception | None = None

    def __call__(self) -> None:
        """Answer what waits; nothing any more after something went wrong."""
        if self._trouble is not None or time.monotonic() < self._next:
            return
        try:
            with self._standing_still():  # also while Redis is asked
                self._answer()
        except RedisError as error:
            self._trouble = error
            self._on_trouble()
        except Exception as error:  # noqa: BLE001  # the long job is not to blame
            self._trouble = error
        self._next = time.monotonic() + EVERY_S

    def over(self) -> None:
        """The long computation has ended and is written down.

        Raises:
            Exception: what broke the worker meanwhile.
        """
        trouble, self._trouble = self._trouble, None
        if trouble is not None and not isinstance(trouble, RedisError):
            raise trouble
