"""Erases what lies in Redis of one person: their questions, answers to them, and what is known of how often they asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from redis import Redis

from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.replies import MAX_BLOBS

TELL_S = 5.0  # how long the bot may take to tell the person that what was under way is cancelled
POLL_S = 0.1
AT_ONCE = 500  # keys of one round trip
_JOB, _QUEUE, _FAILED = "rq:job:", "rq:queue:", "rq:failed:"


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How much there was.

    `jobs` waited, ran, had failed, or were answered and not posted; `answers` could be pressed thumbs for; `intake` was said and not
    handed over yet; `cached` answers are everybody's.
    """

    jobs: int
    answers: int
    intake: int
    cached: int


class Eraser:
    """Erases one person. Blocks; raises `redis.exceptions.RedisError` where Redis cannot be reached."""

    def __init__(self, connection: Redis, queue: JobQueue, *, platform: str, person: str) -> None:
        self._redis = connection
        self._queue = queue
        self._platform = platform
        self._person = person

    def erase(self, *, tell_s: float = TELL_S) -> Erased:
        """Cancel what is under way, let the bot tell the person so for at most `tell_s` seconds, then delete all that is left.

        What a worker computes just now it computes to its end; its answer is not written.
        """
        jobs = self._jobs()
        self._cancel(tell_s)
        jobs |= self._jobs()
        answers = self._answers()
        for job_id in jobs | answers:
            self._delete_job(job_id)
        intake = self._delete_intake()
        self._delete_rest()
        return Erased(jobs=len(jobs), answers=len(answers), intake=intake, cached=self._delete_cache())

    def _jobs(self) -> set[str]:
        """The ids of all jobs that are known to be the person's: unfinished ones, and failed ones that RQ keeps."""
        unfinished: Any = self._redis.zrange(names.person(self._platform, self._person), 0, -1)
        found = {job_id.decode() for job_id in unfinished}
        for keys in self._keys(f"{_JOB}*"):
            with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hget(key, "meta")
                metas = pipe.execute(raise_on_error=False)
            for key, meta in zip(keys, metas, strict=True):
                known = _object(meta)
                if known.get("platform") == self._platform and known.get("person") == self._person:
                    found.add(key.removeprefix(_JOB))
        return found | self._naming(names.address("*"))

    def _answers(self) -> set[str]:
        """The ids of the jobs whose answers are kept because people may press thumbs for them."""
        return self._naming(names.answered("*"))

    def _naming(self, pattern: str) -> set[str]:
        """The jobs whose record of this kind names the person."""
        found = set()
        for keys in self._keys(pattern):
            values: Any = self._redis.mget(keys)
            for key, value in zip(keys, values, strict=True):
                known = _object(value)
                if known.get("platform") == self._platform and known.get("person") == self._person:
                    found.add(key.removeprefix(pattern.removesuffix("*")))
        return found

    def _cancel(self, tell_s: float) -> None:
        end = time.monotonic() + tell_s
        cancelled = self._queue.cancel_all_of(self._platform, self._person)
        while any(self._is_owed(job_id) for job_id in cancelled) and time.monotonic() < end:
            time.sleep(POLL_S)
            cancelled += self._queue.cancel_all_of(self._platform, self._person)  # what was handed over meanwhile

    def _is_owed(self, job_id: str) -> bool:
        """Whether the bot has not told the person yet."""
        return bool(self._redis.exists(names.outcome(job_id)))

    def _delete_job(self, job_id: str) -> None:
        blobs = [names.blob(job_id, index) for index in range(MAX_BLOBS)]
        with self._redis.pipeline() as pipe:
            pipe.set(names.cancelled(job_id), b"1", ex=self._queue.settings.answer_ttl_s)
            for queue in names.QUEUES:
                pipe.lrem(_QUEUE + queue, 0, job_id)
                pipe.zrem(_FAILED + queue, job_id)
            pipe.hdel(names.HEADS, job_id)
            pipe.delete(_JOB + job_id, names.delivery(job_id), names.address(job_id), names.outcome(job_id), names.answered(job_id), *blobs)
            pipe.execute()

    def _delete_intake(self) -> int:
        """What was said and is not handed over yet; returns how much that was."""
        key = names.intake(self._platform)
        found: Any = self._redis.hgetall(key)
        theirs = [event for event, told in found.items() if self._is_theirs(event.decode()) or _holds(_object(told), self._person)]
        return int(self._redis.hdel(key, *theirs)) if theirs else 0

    def _is_theirs(self, event_id: str) -> bool:
        """Whether an event's id begins with the person, as those of the chat page do."""
        return event_id.startswith(f"{self._person}-")

    def _delete_rest(self) -> None:
        self._redis.delete(names.person(self._platform, self._person), names.limit("person", self._platform, self._person))
        self._redis.hdel(names.TURNS, f"{self._platform}:{self._person}")
        for keys in self._keys(names.seen(self._platform, f"{_literal(self._person)}-*")):
            self._redis.delete(*keys)

    def _delete_cache(self) -> int:
        """Whose answers these are is not known; without them the same is only computed again."""
        return sum(int(self._redis.delete(*keys)) for keys in self._keys(names.cached("*")))

    def _keys(self, pattern: str) -> Iterator[list[str]]:
        found = (key.decode("utf-8", "surrogateescape") for key in self._redis.scan_iter(pattern, count=AT_ONCE))
        while some := list(islice(found, AT_ONCE)):
            yield some


def _object(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one where it is none."""
    try:
        found = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _holds(value: Any, text: str) -> bool:
    """Whether a JSON value is this text, or holds it anywhere."""
    if isinstance(value, dict):
        return any(_holds(each, text) for each in value.values())
    if isinstance(value, list):
        return any(_holds(each, text) for each in value)
    return isinstance(value, str | int) and str(value) == text


def _literal(text: str) -> str:
    """As Redis' patterns take it for nothing but itself."""
    return "".join(f"\\{sign}" if sign in "*?[]\\^-" else sign for sign in text)
