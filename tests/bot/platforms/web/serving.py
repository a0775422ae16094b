"""The page on a real socket, over the real desk and a real Redis; only the worker is played, by Results made by hand."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.feedback.store import FeedbackStore
from bot.feedback.taking import Feedback
from bot.guard.guard import Guard, GuardSettings
from bot.platforms.web import WebSettings, serve_web
from engine.contract import Request
from tests.bot.platforms.web.outcomes import outcome_of
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import ReplyWriter

TIMEOUT_S = 30.0
HELD = ("待って", "wait")  # a text with one of these gets its answer when a test says so


class PlayedQueue(JobQueue):
    """A queue with a played worker: a thread that answers jobs as they come in, or when they are released."""

    def __init__(self, connection: Redis) -> None:
        super().__init__(connection)
        self._connection = connection
        self._writer = ReplyWriter(connection)
        self.held: dict[str, Request] = {}
        self.submitted: list[str] = []
        self._ended = threading.Event()
        self._worker = threading.Thread(target=self._play, daemon=True)

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        self._ended.set()
        self._connection.lpush(names.BELL, "1")
        self._worker.join(TIMEOUT_S)
        if self._worker.is_alive():
            raise TimeoutError("the played worker does not stop")

    def _play(self) -> None:
        while not self._ended.is_set():
            self._connection.blpop([names.BELL], timeout=1)
            waiting: Any = self._connection.lrange(f"rq:queue:{names.SHORT}", 0, -1)
            for job_id in waiting:
                if job_id.decode() not in self.submitted:
                    self._take(job_id.decode())

    def _take(self, job_id: str) -> None:
        request = EngineJob.fetch(job_id, connection=self._connection, serializer=SERIALIZER).request()
        self.submitted.append(job_id)
        self.held[job_id] = request
        if not any(word in getattr(request, "text", "") for word in HELD):
            self.release(job_id)

    def release(self, job_id: str | None = None) -> None:
        """Answer one job, or all that are held."""
        for held in [job_id] if job_id else list(self.held):
            self._writer.write(held, platform="web", outcome=outcome_of(self.held.pop(held)))

    def advance(self, share: float) -> None:
        """Say how far the held jobs are."""
        for job_id in list(self.held):
            self._writer.write_progress(job_id, platform="web", share=share)


class Served:
    """A server in a thread of its own, until the end of the `with`. `restart` takes the same port again.

    With a `store`, people are asked what they think of answers; a `guard` says how much they may ask.
    """

    def __init__(self, redis_url: str, *, store: FeedbackStore | None = None, guard: GuardSettings | None = None, **settings: Any) -> None:
        self._redis_url = redis_url
        self.store = store
        self.guard = guard
        self._settings = WebSettings(**{"port": 0} | settings)
        self.connection = Redis.from_url(redis_url)
        self.queue = PlayedQueue(self.connection)
        self.url = ""

    def __enter__(self) -> Self:
        self.queue.start()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self.queue.stop()
        self.connection.close()

    def start(self) -> None:
        ready = threading.Event()

        def note(url: str) -> None:
            self.url = url
            self._settings = replace(self._settings, port=int(url.rstrip("/").rpartition(":")[2]))
            ready.set()

        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(note)), daemon=True)
        self._thread.start()
        if not ready.wait(TIMEOUT_S):
            raise TimeoutError("the page is not served")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(TIMEOUT_S)
        if self._thread.is_alive():
            raise TimeoutError("the server does not stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    async def _serve(self, note: Any) -> None:
        self._loop = asyncio.get_running_loop()
        connection = redis.asyncio.Redis.from_url(self._redis_url)
        try:
            feedback = Feedback(self.store, AnsweredJobs(connection, keep_s=3_600)) if self.store else None
            desk = Desk(self.queue, connection, feedback=feedback, guard=Guard(connection, self.guard) if self.guard else None)
            self._task = asyncio.create_task(serve_web(self._settings, desk, on_ready=note))
            await asyncio.gather(self._task, return_exceptions=True)
        finally:
            await connection.aclose()
