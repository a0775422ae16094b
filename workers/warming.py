"""Loads models while no job waits: those that a worker was started with, and those that `yomite models warm` wishes for later."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from redis import Redis
from redis.exceptions import RedisError

from engine.contract import Task
from workers.queue.warming import Warmed, Wish, tell_warmed, wish_in

Load = Callable[[Task], bool]  # False where the task's models cannot be loaded


class Warming:
    """Pieces of work for a worker that is idle: an iterator that may go on after it has stopped.

    `hear` is called with each heartbeat, from one thread at a time; all else in the worker's own thread.
    """

    def __init__(
        self,
        connection: Redis,
        load: Load,
        *,
        worker: Callable[[], str],
        used_bytes: Callable[[], int],
        first: Sequence[Task] = (),
    ) -> None:
        """`worker` gives the worker's name, `used_bytes` what its models take; the models of `first` are loaded without a wish."""
        self._redis, self._load, self._worker, self._used_bytes = connection, load, worker, used_bytes
        self._pieces: deque[Callable[[], object]] = deque(_loading(load, task) for task in first)
        self._heard = ""

    def __iter__(self) -> Iterator[Callable[[], object]]:
        return self

    def __next__(self) -> Callable[[], object]:
        try:
            return self._pieces.popleft()
        except IndexError:
            raise StopIteration from None

    def hear(self, found: object) -> None:
        """Take up the wish that was found in Redis, where it was not heard before."""
        wish = wish_in(found)
        if wish is None or wish.id == self._heard:
            return
        self._heard = wish.id
        self._pieces.extend(self._pieces_of(wish))

    def _pieces_of(self, wish: Wish) -> list[Callable[[], object]]:
        so_far = Warmed(worker=self._worker())

        def load(task: Task) -> None:
            nonlocal so_far
            began = time.perf_counter()
            if self._load(task):
                so_far = replace(so_far, seconds={**so_far.seconds, task: time.perf_counter() - began})
            else:
                so_far = replace(so_far, failed=(*so_far.failed, task))
            so_far = replace(so_far, bytes=self._used_bytes(), done=len(so_far.seconds) + len(so_far.failed) == len(wish.tasks))
            with contextlib.suppress(RedisError):  # the models are loaded all the same
                tell_warmed(self._redis, wish, so_far)

        return [_loading(load, task) for task in wish.tasks]


def _loading(load: Callable[[Task], object], task: Task) -> Callable[[], object]:
    return lambda: load(task)
