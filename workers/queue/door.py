"""The bot's side of the queue: hand Requests over, cancel them, ask how things stand. Synchronous; `async_door` hands over from a loop."""

from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import Any, Unpack

from redis import Redis
from rq import Queue as RQQueue

from engine.contract import ContractError, Failure, Message, Request, outcome_from_json
from workers.queue import names
from workers.queue.handover import HAND_OVER, Handing, characters, handover
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import CANCELLED, ReplyWriter
from workers.queue.rows import ModelRow, QueueStatus
from workers.queue.settings import QueueSettings
from workers.queue.status import count_workers, read_status

__all__ = ["NO_WORKER", "JobQueue", "characters", "no_worker"]

NO_WORKER = "no_worker"  # the code of the Failure where nobody could compute


class JobQueue:
    """Where Requests are handed over. Thread-safe; a call is one or a few round trips to Redis and may block for them.

    Every method raises `redis.exceptions.RedisError` where Redis cannot be reached.
    """

    def __init__(self, redis: Redis, settings: QueueSettings | None = None) -> None:
        self.settings = settings or QueueSettings()
        self._redis = redis
        self._hand_over = redis.register_script(HAND_OVER)
        self._queues = {
            name: RQQueue(name, connection=redis, job_class=EngineJob, serializer=SERIALIZER, default_timeout=self.settings.timeout_s)
            for name in names.QUEUES
        }

    def submit(self, request: Request, **how: Unpack[Handing]) -> str:
        """Hand over a Request; its answer comes on the platform's stream. Returns the id of its job.

        Raises:
            NoRoom: so many wait already that it is not taken.
        """
        job = handover(request, self.settings, **how)
        job.check(self._hand_over(keys=job.keys, args=job.arguments))
        return job.job_id

    def cancel(self, job_id: str, *, tell: str | None = None) -> None:
        """Nobody waits for this job any more: what still waits is dropped, what runs is finished and forgotten.

        `tell` names the platform where the person is told so in place of the answer.
        """
        whose = self._person_of(job_id)
        with self._redis.pipeline() as pipe:
            pipe.set(names.cancelled(job_id), b"1", ex=self.settings.answer_ttl_s)
            for queue in self._queues.values():
                pipe.lrem(queue.key, 1, job_id)
            pipe.hdel(names.HEADS, job_id)
            if tell is not None:
                ReplyWriter(self._redis, self.settings).write(job_id, platform=tell, outcome=cancelled_outcome(), pipe=pipe)
            else:
                pipe.delete(names.address(job_id))  # nobody is told either
                if whose:
                    pipe.zrem(whose, job_id)
            _, *removed = pipe.execute()[: 1 + len(self._queues)]
        if any(removed):
            EngineJob(job_id, connection=self._redis, serializer=SERIALIZER).delete(remove_from_queue=False)
            if tell is None:
                self._redis.delete(names.delivery(job_id))

    def _person_of(self, job_id: str) -> str:
        """The set of the person whose job this is; empty where there is no such job any more."""
        meta: Any = self._redis.hget(f"rq:job:{job_id}", "meta")
        try:
            known = SERIALIZER.loads(meta) if meta else {}
            return names.person(known["platform"], known["person"])
        except (ValueError, TypeError, KeyError):  # gone, or none of ours
            return ""

    def jobs_of(self, platform: str, person: str) -> list[str]:
        """The ids of a person's unfinished jobs, oldest first."""
        key = names.person(platform, person)
        self._redis.zremrangebyscore(key, "-inf", time.time() - self.settings.answer_ttl_s)
        found: Any = self._redis.zrange(key, 0, -1)
        return [job_id.decode() for job_id in found]

    def cancel_all_of(self, platform: str, person: str) -> list[str]:
        """Cancel a person's unfinished jobs; returns their ids, newest first."""
        jobs = self.jobs_of(platform, person)[::-1]
        for job_id in jobs:
            self.cancel(job_id, tell=platform)
        self._redis.delete(names.person(platform, person))
        return jobs

    def status(self) -> QueueStatus:
        """How things stand."""
        return read_status(self._redis)

    def workers(self) -> int:
        """How many workers are alive."""
        return count_workers(self._redis)

    def models(self) -> list[ModelRow] | Failure:
        """The catalog of the worker that started last."""
        found = self._redis.get(names.MODELS)
        if found is None:
            return no_worker()
        data = json.loads(found)
        if isinstance(data, dict):  # the worker cannot read its catalog
            return _failure(data)
        known = {field.name for field in fields(ModelRow)}
        rows = [{key: value for key, value in row.items() if key in known} for row in data]
        return [ModelRow(**{**row, "languages": tuple(row["languages"])}) for row in rows]


def cancelled_outcome() -> Failure:
    """What a person is told whose question was cancelled."""
    return Failure(code=CANCELLED, message=Message(ja="取り消しました。", en="Cancelled."))


def no_worker() -> Failure:
    """Nobody is there who could compute."""
    return Failure(
        code=NO_WORKER,
        message=Message(
            ja="モデルを動かすワーカーがまだ動いていません。しばらく待つか、yomite worker で起動してください。",
            en="No worker that runs the models is up yet. Wait a moment, or start one with: yomite worker",
        ),
    )


def _failure(data: dict[str, Any]) -> Failure:
    try:
        found = outcome_from_json(data)
    except ContractError:  # of another version
        return no_worker()
    return found if isinstance(found, Failure) else no_worker()
