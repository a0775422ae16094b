"""What must be true of a job in each state of its life (docs/en/reliability.md, part 1), who has it in hand, and what lies in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from engine.contract import Request
from workers.books import Books
from workers.queue import names
from workers.queue.replies import Entry, ReplyStream
from workers.taking import Taken, Taker


@dataclass
class Job:
    """What must be true of a job now. `place`: the queue, the name of the worker that has it, or nowhere.

    `entries`: of the stream, not finished yet. `answer`: what a bot must find: a result, a failure, that it was cancelled, or nothing.
    """

    number: int
    person: str
    request: Request
    place: str = "queue"
    crashes: int = 0
    answer: str = ""
    entries: int = 0
    cancelled: bool = False
    silent: bool = False  # cancelled without a word to anybody
    late: bool = False  # its answer was not posted before the answer time was over
    over: bool = False  # a bot is done with it
    failed: bool = False  # it lies where operators look
    posted: set[str] = field(default_factory=set)  # the entries for which a bot found an answer

    @property
    def id(self) -> str:
        return f"job{self.number}"

    @property
    def is_expected(self) -> bool:
        """Whether its person still waits for it."""
        return not self.over and not self.cancelled


@dataclass
class Worker:
    """One worker: the product's hands of it, and which jobs it believes to have, rightly or not."""

    taker: Taker
    books: Books
    believes: dict[str, Taken] = field(default_factory=dict)


@dataclass
class Bot:
    """One bot, and the entries that it believes to have in hand."""

    stream: ReplyStream
    believes: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that lies in Redis at one moment: ids of jobs, names of keys, and which of those never end by themselves."""

    queued: list[str]
    taken: dict[str, set[str]]
    streamed: list[str]
    failed: set[str]
    waited_for: dict[str, set[str]]
    keys: set[str]
    endless: list[str]

    @property
    def ids(self) -> set[str]:
        """Of all jobs that are somewhere."""
        return {*self.queued, *self.streamed}.union(*self.taken.values())


def look(redis: Redis, *, platform: str, workers: Sequence[str], people: Sequence[str]) -> Seen:
    """What is there, in two round trips: this is asked after every event."""
    with redis.pipeline() as pipe:
        for queue in names.QUEUES:
            pipe.lrange(f"rq:queue:{queue}", 0, -1)
            pipe.zrange(f"rq:failed:{queue}", 0, -1)
        for worker in workers:
            pipe.hkeys(names.taken(worker))
        for person in people:
            pipe.zrange(names.person(platform, person), 0, -1)
        pipe.xrange(names.replies(platform))
        pipe.keys("*")
        *lists, entries, keys = pipe.execute()
        for key in keys:
            pipe.ttl(key)
        ttls: list[Any] = pipe.execute()
    short, short_failed, long, long_failed, *others = [[member.decode() for member in members] for members in lists]
    return Seen(
        queued=[*short, *long],
        failed={*short_failed, *long_failed},
        taken={worker: set(ids) for worker, ids in zip(workers, others[: len(workers)], strict=True)},
        waited_for={person: set(ids) for person, ids in zip(people, others[len(workers) :], strict=True)},
        streamed=[values[b"job"].decode() for _, values in entries],
        keys={key.decode() for key in keys},
        endless=[key.decode() for key, ttl in zip(keys, ttls, strict=True) if ttl == -1],
    )
