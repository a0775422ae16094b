"""The way back: a durable stream of finished jobs for each platform, and a channel that says how far long ones are."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import redis.asyncio
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ResponseError

from engine.contract import ContractError, Failure, Message, outcome_from_json, to_json
from workers.queue import names
from workers.queue.at_once import AtOnce
from workers.queue.consumers import dead_among, forgotten_among
from workers.queue.overdue import LOOKED_AT, too_late
from workers.queue.reply_scripts import FINISH, INHERIT, LOAD, MARK, OVERDUE
from workers.queue.settings import QueueSettings
from workers.queue.stored import Outcome, blobs_of, put_together, taken_apart

GROUP = "bot"
CANCELLED = "cancelled"  # the code of the Failure that tells a person so
MAX_BLOBS = 16
FORGOTTEN_TTL_S = 3_600  # how long it is known that a job was answered
ABANDONED_AFTER_S = 60  # an entry that another consumer took so long ago is taken over

# "over": it was answered, or called off. "gone": Redis has forgotten it.
Standing = Literal["waits", "over", "gone"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One finished job on a platform's stream. `again` where it was handed out before and may have been posted already."""

    entry_id: str
    job_id: str
    again: bool


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What is known of a finished job: what the bot recorded with it, what it marked since, and its outcome."""

    record: dict[str, Any]
    marks: dict[str, str]
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is: `share` in 0..1."""

    job_id: str
    share: float


class ReplyWriter:
    """The worker's end."""

    def __init__(self, connection: Redis, settings: QueueSettings | None = None) -> None:
        self._redis = connection
        self._settings = settings or QueueSettings()

    def write(self, job_id: str, *, platform: str, outcome: Outcome, tensors: bool = False, pipe: Pipeline | None = None) -> None:
        """Put an outcome on the platform's stream, within `pipe` where one is given."""
        body, blobs = taken_apart(outcome, tensors=tensors)
        ttl = self._settings.answer_ttl_s
        target = self._redis.pipeline() if pipe is None else pipe
        target.set(names.outcome(job_id), json.dumps(body), ex=ttl)
        for index, blob in enumerate(blobs):
            target.set(names.blob(job_id, index), blob, ex=ttl)
        target.xadd(names.replies(platform), {"job": job_id})
        if platform.startswith(names.TERMINAL):  # nobody else reads it where that process was killed
            target.expire(names.replies(platform), ttl)
        if pipe is None:
            target.execute()

    def write_progress(self, job_id: str, *, platform: str, share: float, pipe: Pipeline | None = None) -> None:
        """Tell whoever listens how far a job is, within `pipe` where one is given."""
        target = self._redis if pipe is None else pipe
        target.publish(names.progress(platform), json.dumps({"job": job_id, "share": share}))


class ReplyStream:
    """The bot's end: reads one platform's stream as one consumer of its group. For one event loop.

    Answers that are loaded, or finished, at the same moment are so in one round trip.
    """

    def __init__(self, connection: redis.asyncio.Redis, *, platform: str, consumer: str = "bot") -> None:
        self._redis = connection
        self._platform = platform
        self._stream = names.replies(platform)
        self._consumer = consumer
        self._load_script, self._finish_script = connection.register_script(LOAD), connection.register_script(FINISH)
        self._mark_script, self._inherit_script = connection.register_script(MARK), connection.register_script(INHERIT)
        self._overdue_script = connection.register_script(OVERDUE)
        self._loading: AtOnce[str, list[Any]] = AtOnce(self._load)
        self._finishing: AtOnce[tuple[Entry, str], None] = AtOnce(self._finish)

    async def open(self) -> None:
        """Make the stream and its group where they are missing."""
        try:
            await self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def unfinished(self) -> list[Entry]:
        """What this consumer took before and did not finish, and what another one abandoned, at once where that one is dead."""
        await self._inherit()
        found: Any = await self._redis.xreadgroup(GROUP, self._consumer, {self._stream: "0"}, count=1_000)
        mine = [_entry(entry_id, values, again=True) for entry_id, values in entries_of(found)]
        claimed: Any = await self._redis.xautoclaim(self._stream, GROUP, self._consumer, min_idle_time=ABANDONED_AFTER_S * 1_000)
        others = [_entry(entry_id, values, again=True) for entry_id, values in claimed[1]]
        return list({entry.entry_id: entry for entry in [*mine, *others] if entry.job_id}.values())

    async def new(self, *, wait_s: float, count: int = 32) -> list[Entry]:
        """The next entries, waiting for one at most `wait_s` seconds."""
        block_ms = max(1, int(wait_s * 1_000))
        found: Any = await self._redis.xreadgroup(GROUP, self._consumer, {self._stream: ">"}, count=count, block=block_ms)
        return [_entry(entry_id, values, again=False) for entry_id, values in entries_of(found)]

    async def hold(self, entry_ids: list[str]) -> None:
        """Say that these entries are still being worked on, so that nobody takes them over."""
        if entry_ids:
            await self._redis.xclaim(self._stream, GROUP, self._consumer, 0, [*entry_ids], justid=True)

    async def let_go(self, entry_ids: Sequence[str]) -> None:
        """Leave entries to whoever looks next."""
        if entry_ids:
            idle_ms = ABANDONED_AFTER_S * 1_000
            await self._redis.xclaim(self._stream, GROUP, self._consumer, 0, [*entry_ids], idle=idle_ms, justid=True)

    async def drop_overdue(self, *, keep_s: int) -> int:
        """Answer, with that, the platform's jobs that waited for a worker until their time was over; returns how many."""
        keys = [*(f"rq:queue:{name}" for name in names.QUEUES), self._stream]
        outcome = json.dumps(to_json(too_late()))
        return int(await self._overdue_script(keys=keys, args=[self._platform, time.time(), outcome, keep_s, LOOKED_AT]))

    async def record(self, job_id: str) -> dict[str, Any]:
        """What the bot recorded with a job; empty where the job is done or gone."""
        found = await self._redis.hget(names.delivery(job_id), "record")
        record: dict[str, Any] = json.loads(found) if found else {}
        return record

    async def address(self, job_id: str) -> dict[str, Any]:
        """The `speech`, `person` and `delivery` of a job, also where the rest of it is too old; empty where nobody can be told."""
        found = await self._redis.get(names.address(job_id))
        if found:
            address: dict[str, Any] = json.loads(found)
            return address
        record = await self.record(job_id)  # of a version that kept no addresses
        return record if record.keys() >= {"speech", "delivery"} else {}

    async def marks(self, job_id: str) -> dict[str, str]:
        """What was marked of a job that is being posted."""
        found: Any = await self._redis.hgetall(names.delivery(job_id))
        return {name.decode(): value.decode() for name, value in found.items() if name != b"record"}

    async def standing(self, job_ids: Sequence[str]) -> list[Standing]:
        """What has become of jobs that were handed over."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hexists(names.delivery(job_id), "over")
                pipe.exists(names.cancelled(job_id))
                pipe.exists(names.delivery(job_id), names.address(job_id))
            found = await pipe.execute()
        each = zip(found[::3], found[1::3], found[2::3], strict=True)
        return ["over" if over or cancelled else "waits" if there else "gone" for over, cancelled, there in each]

    async def load(self, job_id: str) -> Finished | Literal["late"] | None:
        """All that is known of a finished job; "late" where it is too old, None where nobody waits for it any more."""
        flat, body, cancelled, addressed = await self._loading(job_id)
        for reply in (flat, body):
            if isinstance(reply, Exception):
                raise reply
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        if not fields or body is None:
            return "late" if addressed and not cancelled else None
        outcome = read_outcome(body, [])
        if cancelled and not (isinstance(outcome, Failure) and outcome.code == CANCELLED):
            return None
        if count := blobs_of(outcome):
            blobs: Any = await self._redis.mget([names.blob(job_id, index) for index in range(count)])
            outcome = with_blobs(outcome, blobs)
        record = json.loads(fields.pop(b"record", b"{}"))
        marks = {name.decode(): value.decode() for name, value in fields.items()}
        return Finished(record=record, marks=marks, outcome=outcome)

    async def mark(self, job_id: str, name: str, value: str) -> None:
        """Keep something about a job that is being posted, e.g. that its picture is up; nothing for a job that is gone."""
        await self._mark_script(keys=[names.delivery(job_id)], args=[name, value])

    async def finish(self, entry: Entry, *, person: str) -> None:
        """The answer is with the person: forget the job."""
        await self._finishing((entry, person))

    async def progress(self) -> AsyncIterator[Progress]:
        """How far jobs are, as it is told; what is told while nobody listens is gone."""
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(names.progress(self._platform))
            async for message in channel.listen():
                if (told := _progress(message["data"])) is not None:
                    yield told

    async def _inherit(self) -> None:
        consumers: Any = await self._redis.xinfo_consumers(self._stream, GROUP)
        gone = {*dead_among(consumers), *forgotten_among(consumers)} - {self._consumer}
        if gone:
            await self._inherit_script(keys=[self._stream], args=[GROUP, self._consumer, *sorted(gone)])

    async def _load(self, job_ids: Sequence[str]) -> list[list[Any]]:
        """What Redis says of each job's delivery, outcome, cancellation and address; a refusal is an exception in its place."""
        keys = [name(job_id) for job_id in job_ids for name in (names.delivery, names.outcome, names.cancelled, names.address)]
        found: list[list[Any]] = await self._load_script(keys=keys)
        return found

    async def _finish(self, finished: Sequence[tuple[Entry, str]]) -> list[None]:
        keys, ids = [self._stream], []
        for entry, person in finished:
            job_id = entry.job_id
            blobs = names.blob(job_id, 0).removesuffix("0")
            keys += [names.person(self._platform, person), names.delivery(job_id), names.outcome(job_id), blobs, names.address(job_id)]
            ids += [entry.entry_id, job_id]
        await self._finish_script(keys=keys, args=[GROUP, MAX_BLOBS, FORGOTTEN_TTL_S, *ids])
        return [None] * len(finished)


def forget(pipe: Any, job_id: str) -> None:
    """Delete what is kept of a job, within `pipe`; what `FINISH` does of it."""
    pipe.delete(names.outcome(job_id), *(names.blob(job_id, index) for index in range(MAX_BLOBS)))
    pipe.hset(names.delivery(job_id), "record", b"{}")
    pipe.expire(names.delivery(job_id), FORGOTTEN_TTL_S)


def read_outcome(body: bytes, blobs: Sequence[bytes | None]) -> Outcome:
    """An outcome as `ReplyWriter` wrote it; a Failure where bot and worker are of different versions."""
    try:
        return with_blobs(outcome_from_json(json.loads(body)), blobs)
    except ContractError as error:
        return Failure(
            code="bad_outcome",
            message=Message(
                ja=f"ワーカーの返答を読めません（{error}）。ボットとワーカーを同じ版にそろえてください。",
                en=f"The worker's answer cannot be read ({error}). Bot and worker must be of the same version.",
            ),
        )


def with_blobs(outcome: Outcome, blobs: Sequence[bytes | None]) -> Outcome:
    """The outcome with what lay beside it."""
    return put_together(outcome, [blob for blob in blobs if blob is not None])


def entries_of(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream that was read, however the protocol's version wraps them."""
    if not found:
        return []
    entries = next(iter(found.values())) if isinstance(found, dict) else found[0][1]
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _entry(entry_id: bytes, values: dict[bytes, bytes] | None, *, again: bool) -> Entry:
    job_id = (values or {}).get(b"job", b"").decode("utf-8", "replace")  # one that is no text is no job's, and stops no other
    return Entry(entry_id=entry_id.decode(), job_id=job_id, again=again)


def _progress(told: bytes) -> Progress | None:
    """What was told; None where that cannot be read, as of another version."""
    try:
        data = json.loads(told)
        return Progress(job_id=str(data["job"]), share=float(data["share"]))
    except (ValueError, TypeError, KeyError):
        return None
