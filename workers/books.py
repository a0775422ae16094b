"""What a worker writes down in Redis about its jobs: that they run, and how each ended, with its answer in the same step."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError
from rq.utils import now, utcformat

from workers.answer_cache import AnswerCache
from workers.carried import Carried, Ended
from workers.liveness import TTL_S
from workers.queue import names
from workers.queue.pace import count_finished
from workers.queue.replies import ReplyWriter
from workers.taking import Taken
from workers.telling import Telling

# RQ's names. Its own code that writes them takes many round trips a job, or calls what the job names.
_JOB, _STARTED, _FAILED = b"rq:job:", "rq:wip:", "rq:failed:"


class Books:
    """One worker's. `worker_key` is RQ's hash of the worker."""

    def __init__(
        self,
        connection: Redis,
        *,
        worker: str,
        worker_key: str,
        replies: ReplyWriter,
        cache: AnswerCache,
        failure_ttl_s: int,
        telling: Telling | None = None,
    ) -> None:
        self._redis = connection
        self._worker = worker
        self._worker_key = worker_key
        self._own = names.taken(worker)
        self._replies = replies
        self._cache = cache
        self._failure_ttl_s = failure_ttl_s
        self._telling = telling or Telling(worker)
        self._running: set[tuple[str, str]] = set()  # (name of the queue, member of its started registry)
        self._running_lock = Lock()

    def start(self, jobs: Sequence[Carried]) -> list[bool]:
        """Write down that jobs run; returns for which of them nobody waits any more."""
        with self._running_lock:
            self._running |= {self._running_entry(job.taken) for job in jobs}
        moment = utcformat(now())
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.mget([names.cancelled(job.job_id) for job in jobs])
            for job in jobs:
                fields: dict[Any, Any] = {"status": "started", "started_at": moment, "last_heartbeat": moment, "worker_name": self._worker}
                pipe.hset(f"rq:job:{job.job_id}", mapping=fields)
            self._write_running(pipe, new=True)
            pipe.hset(self._worker_key, "state", "busy")
            marks, *_ = pipe.execute()
        return [mark is not None for mark in marks]

    def keep_running(self, pipe: Pipeline) -> None:
        """Write down again that what runs is running, within `pipe`. From any thread."""
        self._write_running(pipe, new=False)

    def finish(self, ended: Sequence[Ended]) -> None:
        """Write down how jobs ended, and their answers, in one step. From any thread.

        Nothing is written of a job that another worker has taken over meanwhile, nor an answer that nobody waits for.
        """
        began = time.monotonic()
        while ended:
            try:
                with self._redis.pipeline() as pipe:
                    own = self._finish(ended, pipe)
                self._telling.written(own, seconds=time.monotonic() - began)
                break
            except WatchError:  # one was taken over or cancelled just now, or the connection broke: look again
                continue
        with self._running_lock:
            self._running -= {self._running_entry(each.taken) for each in ended}

    def forget_running(self) -> None:
        """Nothing runs any more."""
        with self._running_lock:
            self._running.clear()

    def tidy(self) -> None:
        """Drop what is too old from the registries."""
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in names.QUEUES:
                pipe.zremrangebyscore(_STARTED + queue, 0, time.time())
                pipe.zremrangebyscore(_FAILED + queue, 0, time.time())
            pipe.execute()

    def _finish(self, ended: Sequence[Ended], pipe: Pipeline) -> list[tuple[Ended, bool]]:
        """Those that are this worker's still, and whether somebody waits for their answers."""
        marks = [names.cancelled(each.taken.job_id.decode("utf-8", "replace")) for each in ended]
        pipe.watch(self._own, *marks)
        mine = pipe.hmget(self._own, [each.taken.job_id for each in ended])
        cancelled = pipe.mget(marks)
        pipe.multi()
        # Of the others nothing is written: other workers have them now.
        own = [(each, mark is None) for each, queue, mark in zip(ended, mine, cancelled, strict=True) if queue is not None]
        self._no_longer_running([each.taken for each, _ in own], pipe)
        for each, answered in own:
            if answered:
                self._write_answer(each, pipe)
        _delete([each.taken for each, answered in own if not (each.blame and answered)], pipe)
        blamed = sum(bool(each.blame) for each, _ in own)
        pipe.hincrby(self._worker_key, "successful_job_count", len(ended) - blamed)
        pipe.hincrby(self._worker_key, "failed_job_count", blamed)
        count_finished(pipe, len(own))
        pipe.hset(self._worker_key, "state", "busy" if self._others_run(ended) else "idle")
        pipe.execute()
        return own

    def _no_longer_running(self, some: Sequence[Taken], pipe: Pipeline) -> None:
        if some:
            pipe.hdel(self._own, *(taken.job_id for taken in some))
        for queue in {taken.queue for taken in some}:
            pipe.zrem(_STARTED + queue, *(self._running_entry(taken)[1] for taken in some if taken.queue == queue))

    def _write_answer(self, ended: Ended, pipe: Pipeline) -> None:
        if ended.outcome is not None:
            self._cache.keep(ended.digest, ended.outcome, pipe)
            if ended.platform:
                job_id = ended.taken.job_id.decode()
                self._replies.write(job_id, platform=ended.platform, outcome=ended.outcome, tensors=ended.tensors, pipe=pipe)
        if ended.blame:
            self._set_aside(ended.taken, ended.blame, pipe)

    def _set_aside(self, taken: Taken, blame: str, pipe: Pipeline) -> None:
        """As RQ's failed jobs, where operators look."""
        key = _JOB + taken.job_id
        fields: dict[Any, Any] = {
            "status": "failed",
            "ended_at": utcformat(now()),
            "exc_info": zlib.compress(blame.encode("utf-8", "replace")),
        }
        pipe.hset(key, mapping=fields)
        pipe.expire(key, self._failure_ttl_s)
        pipe.zadd(_FAILED + taken.queue, {taken.job_id: time.time() + self._failure_ttl_s})

    def _write_running(self, pipe: Pipeline, *, new: bool) -> None:
        members: dict[str, dict[str, float]] = defaultdict(dict)
        with self._running_lock:
            for queue, member in self._running:
                # Longer than the worker is waited for: its jobs are put back before RQ's own tools may call them abandoned.
                members[queue][member] = time.time() + 3 * TTL_S
        for queue, scores in members.items():
            pipe.zadd(_STARTED + queue, scores, xx=not new)

    def _others_run(self, ended: Sequence[Ended]) -> bool:
        with self._running_lock:
            return bool(self._running - {self._running_entry(each.taken) for each in ended})

    def _running_entry(self, taken: Taken) -> tuple[str, str]:
        return taken.queue, f"{taken.job_id.decode('utf-8', 'replace')}:{self._worker}"


def _delete(some: Sequence[Taken], pipe: Pipeline) -> None:
    """All that RQ knows of jobs."""
    keys = [_JOB + taken.job_id for taken in some]
    if keys:
        belongings = [key + ending for key in keys for ending in (b"", b":dependents", b":dependencies")]
        pipe.delete(*belongings, *(b"rq:results:" + taken.job_id for taken in some))
