"""Draws what a worker has computed, in threads of its own, so that the next batch need not wait for pictures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from threading import Condition, Thread, current_thread

from redis.exceptions import RedisError

from engine.contract import Message
from engine.drawing import drawn
from workers.carried import Computed, Ended
from workers.computing import ended, to_blame

log = logging.getLogger("yomite.worker")

THREADS = 1  # drawing holds Python's lock most of the time: a second thread draws nothing sooner, but slows the computation
BACKLOG = 8  # while so many wait, the worker takes no more of their kinds
FAREWELL_S = 1.0  # how long to wait for a picture that nobody wants any more


@dataclass(eq=False)
class _Drawing:
    computed: Computed
    late_at: float
    by: Thread | None = None  # who sees to it; None: it waits


class Drawings:
    """The jobs of one worker whose pictures are being drawn or wait for it.

    Each is written once, with its pictures, with what went wrong, or without pictures where they take longer than the job may
    compute (counted anew, waiting included); or it is forgotten. All of it happens under one lock, so that nothing is written
    of a job once `forget` has returned.
    """

    def __init__(
        self,
        write: Callable[[Ended], None],
        *,
        insist: Callable[[Callable[[], None]], None],
        on_trouble: Callable[[], None],
        on_drawn: Callable[[Ended, float], None] = lambda how, seconds: None,
        threads: int = THREADS,
        backlog: int = BACKLOG,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """All of these are called from any thread.

        `write` writes down how a job ended. `insist` does so again and again while Redis is away, and raises RedisError where it gives
        up: `on_trouble` is called then, and the job is left as it lies in Redis. `on_drawn` is told how long a job's pictures took.
        """
        self._write = write
        self._insist = insist
        self._on_trouble = on_trouble
        self._on_drawn = on_drawn
        self._most_threads = threads
        self._backlog = backlog
        self._clock = clock
        self._changed = Condition()
        self._open: list[_Drawing] = []  # oldest first
        self._threads: set[Thread] = set()  # one that is not in it any more ends after its drawing

    def __len__(self) -> int:
        """How many are not written yet."""
        with self._changed:
            return len(self._open)

    @property
    def full(self) -> bool:
        """Whether so many wait that no more should come."""
        with self._changed:
            return sum(drawing.by is None for drawing in self._open) >= self._backlog

    def submit(self, computed: Computed) -> None:
        """Have a job's pictures drawn and its answer written; returns at once."""
        with self._changed:
            self._open.append(_Drawing(computed, late_at=self._clock() + computed.job.timeout_s))
            self._hire()
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until all are written or forgotten."""
        with self._changed:
            while self._open:
                self._changed.wait()

    def give_up_late(self) -> None:
        """Write those that take too long without their pictures. To be called every few seconds."""
        with self._changed:
            late = [drawing for drawing in self._open if self._clock() >= drawing.late_at]
            for drawing in late:
                if drawing.by is not None:
                    self._threads.discard(drawing.by)  # a thread cannot be interrupted: another takes its place
                drawing.by = current_thread()
            self._hire()
        for drawing in late:
            log.warning("job %s: not drawn within %d s", drawing.computed.job.job_id, drawing.computed.job.timeout_s)
            self._end(drawing, _without_pictures(drawing.computed))

    def forget(self) -> list[Thread]:
        """Write nothing of all these any more; returns the threads, which end when they have drawn what they are at."""
        with self._changed:
            threads = list(self._threads)
            self._open.clear()
            self._threads.clear()
            self._changed.notify_all()
        return threads

    def close(self) -> None:
        """Forget all, and wait a little for the threads."""
        end = time.monotonic() + FAREWELL_S
        for thread in self.forget():
            thread.join(max(0.0, end - time.monotonic()))

    # --- The threads -----------------------------------------------------------------------------------------------

    def _hire(self) -> None:
        waiting = sum(drawing.by is None for drawing in self._open)
        for _ in range(min(waiting, self._most_threads - len(self._threads))):
            thread = Thread(target=self._work, name="drawing", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _work(self) -> None:
        while (drawing := self._next()) is not None:
            began = time.monotonic()
            how = _drawn(drawing.computed)
            self._on_drawn(how, time.monotonic() - began)
            self._end(drawing, how)

    def _next(self) -> _Drawing | None:
        with self._changed:
            while current_thread() in self._threads:
                for drawing in self._open:
                    if drawing.by is None:
                        drawing.by = current_thread()
                        return drawing
                self._changed.wait()
        return None

    def _end(self, drawing: _Drawing, how: Ended) -> None:
        try:
            self._insist(partial(self._write_once, drawing, how))
        except RedisError:
            self._leave(drawing)
        except Exception as error:  # noqa: BLE001  # a thread must not end: what it was at would never be answered
            if how.blame:
                self._leave(drawing)
            else:
                self._end(drawing, to_blame(drawing.computed.job, error))

    def _write_once(self, drawing: _Drawing, how: Ended) -> None:
        with self._changed:
            if drawing in self._open:
                self._write(how)
                self._open.remove(drawing)
                self._changed.notify_all()

    def _leave(self, drawing: _Drawing) -> None:
        with self._changed:
            if drawing in self._open:
                self._on_trouble()  # before it is gone: whoever sees that none is left must see this, too
                self._open.remove(drawing)
                self._changed.notify_all()


def _drawn(computed: Computed) -> Ended:
    try:
        outcome = drawn(computed.undrawn)
    except Exception as error:  # noqa: BLE001  # the edge of the process: whatever went wrong, the person gets an answer
        return to_blame(computed.job, error)
    return replace(ended(computed.job, outcome), digest=computed.digest)


def _without_pictures(computed: Computed) -> Ended:
    """Kept nowhere: whoever asks the same again may get the pictures."""
    result, timeout_s = computed.undrawn.result, computed.job.timeout_s
    note = Message(
        ja=f"図は {timeout_s} 秒以内に描き終わらなかったので、図のない結果です。文章を短くするか、YOMITE_TIMEOUT_S を大きくしてください。",
        en=f"The picture could not be drawn within {timeout_s} s, so there is none. Shorten the text or raise YOMITE_TIMEOUT_S.",
    )
    return ended(computed.job, replace(result, notes=(*result.notes, note)))
