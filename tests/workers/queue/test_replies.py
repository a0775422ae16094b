"""An answer stays on its platform's stream until it has been brought to the person, whoever crashes in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio
from redis import Redis
from redis.exceptions import ResponseError

from engine.contract import Failure, Image, Message, SentimentRequest, SimilarResult
from tests.support.working import PLATFORM, answer_to
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.replies import Finished, Progress, ReplyStream, ReplyWriter
from workers.queue.server import EmbeddedRedis

REQUEST = SentimentRequest(text="良い")
PICTURE = Image(name="m.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="figure"), data=b"\x89PNG\x00\xff")
SIMILAR = SimilarResult(language="ja", model="m", matrix=((1.0,),), ranking=(), pooling="mean", images=(PICTURE,))


def run(server: EmbeddedRedis, work: Callable[[redis.asyncio.Redis], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with redis.asyncio.Redis.from_url(server.url) as connection:
            await work(connection)

    asyncio.run(connected())


@pytest.fixture
def writer(redis: Redis) -> ReplyWriter:
    return ReplyWriter(redis, QueueSettings(answer_ttl_s=100))


def test_an_answer_arrives_with_its_picture_and_what_was_recorded(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter
) -> None:
    record = {"channel": "C1", "言語": "ja"}
    job = queue.submit(REQUEST, platform=PLATFORM, person="p", record=record)
    writer.write(job, platform=PLATFORM, outcome=SIMILAR)
    assert 0 < redis.ttl(names.blob(job, 0)) <= 100

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        await stream.open()
        [entry] = await stream.new(wait_s=5)
        assert (entry.job_id, entry.again) == (job, False)
        finished = await stream.load(job)
        assert finished is not None
        assert finished.outcome == SIMILAR
        assert finished.record == record
        await stream.finish(entry, person="p")
        assert await stream.new(wait_s=0.01) == []
        assert await stream.unfinished() == []
        assert await stream.load(job) is None

    run(server, work)
    assert queue.jobs_of(PLATFORM, "p") == []
    assert not redis.exists(names.outcome(job), names.blob(job, 0))


def test_what_a_crashed_bot_had_taken_is_handed_out_again_with_its_marks(
    server: EmbeddedRedis, queue: JobQueue, writer: ReplyWriter
) -> None:
    job = queue.submit(REQUEST, platform=PLATFORM)
    writer.write(job, platform=PLATFORM, outcome=answer_to(REQUEST))

    async def crash(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        assert len(await stream.new(wait_s=5)) == 1
        await stream.mark(job, "picture", "F1")

    async def start_again(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        [entry] = await stream.unfinished()
        assert (entry.job_id, entry.again) == (job, True)
        finished = await stream.load(job)
        assert finished is not None
        assert finished.marks == {"picture": "F1"}

    run(server, crash)
    run(server, start_again)


@pytest.mark.parametrize("over", [False, True], ids=["gone", "answered"])
def test_nothing_is_marked_of_a_job_that_is_over_and_its_marks_go_with_it(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter, over: bool
) -> None:
    job = queue.submit(REQUEST, platform=PLATFORM)
    writer.write(job, platform=PLATFORM, outcome=answer_to(REQUEST))

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        [entry] = await stream.new(wait_s=5)
        await stream.mark(job, "said", "response_url")
        assert await stream.marks(job) == {"said": "response_url"}
        if over:
            await stream.finish(entry, person="")
        else:
            await connection.delete(names.delivery(job))
        await stream.mark(job, "progress", "1")

    run(server, work)
    assert redis.hgetall(names.delivery(job)) == ({b"record": b"{}", b"over": b"1"} if over else {})


@pytest.mark.parametrize(("platform", "ends"), [("terminal-1", True), ("slack", False)])
def test_only_the_answers_to_a_process_that_may_be_gone_end_by_themselves(
    redis: Redis, queue: JobQueue, writer: ReplyWriter, platform: str, ends: bool
) -> None:
    writer.write(queue.submit(REQUEST, platform=platform), platform=platform, outcome=answer_to(REQUEST))
    assert (redis.ttl(names.replies(platform)) > 0) == ends  # type: ignore[operator]  # no coroutine


def test_whom_to_tell_is_known_of_a_job_that_an_older_bot_recorded(server: EmbeddedRedis, queue: JobQueue) -> None:
    record = {"speech": "ja", "person": "p", "delivery": {"channel": "C1"}}
    old, odd = queue.submit(REQUEST, platform=PLATFORM, record=record), queue.submit(REQUEST, platform=PLATFORM, record={"speech": "ja"})

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        assert await stream.address(old) == record
        assert await stream.address(odd) == {}

    run(server, work)


def test_platforms_do_not_see_each_others_answers(server: EmbeddedRedis, queue: JobQueue, writer: ReplyWriter) -> None:
    writer.write(queue.submit(REQUEST, platform="slack"), platform="slack", outcome=answer_to(REQUEST))

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform="discord")
        await stream.open()
        assert await stream.new(wait_s=0.01) == []

    run(server, work)


def test_an_answer_that_nobody_waits_for_is_not_given_out(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter
) -> None:
    job = queue.submit(REQUEST, platform=PLATFORM)
    writer.write(job, platform=PLATFORM, outcome=answer_to(REQUEST))
    redis.set(names.cancelled(job), 1)

    async def work(connection: Any) -> None:
        assert await ReplyStream(connection, platform=PLATFORM).load(job) is None
        assert await ReplyStream(connection, platform=PLATFORM).load("unknown") is None

    run(server, work)


def test_an_answer_of_another_version_is_a_failure_that_says_so(server: EmbeddedRedis, redis: Redis, queue: JobQueue) -> None:
    job = queue.submit(REQUEST, platform=PLATFORM)
    redis.set(names.outcome(job), '{"version": 99}')

    async def work(connection: Any) -> None:
        finished = await ReplyStream(connection, platform=PLATFORM).load(job)
        assert finished is not None
        assert isinstance(finished.outcome, Failure)
        assert "99" in finished.outcome.message.ja
        assert "99" in finished.outcome.message.en

    run(server, work)


def test_many_answers_are_loaded_and_forgotten_together(server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter) -> None:
    jobs = {queue.submit(REQUEST, platform=PLATFORM, person=f"p{number % 3}"): number % 2 for number in range(20)}
    for job, drawn in jobs.items():
        writer.write(job, platform=PLATFORM, outcome=SIMILAR if drawn else answer_to(REQUEST))

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        entries = await stream.new(wait_s=5)
        found = await asyncio.gather(*(stream.load(entry.job_id) for entry in entries))
        assert [each and each.outcome for each in found] == [SIMILAR if drawn else answer_to(REQUEST) for drawn in jobs.values()]
        await asyncio.gather(*(stream.finish(entry, person=f"p{number % 3}") for number, entry in enumerate(entries)))
        assert await stream.unfinished() == []

    run(server, work)
    assert redis.xlen(names.replies(PLATFORM)) == 0
    assert [queue.jobs_of(PLATFORM, f"p{number}") for number in range(3)] == [[], [], []]
    left: Any = redis.keys("yomite:[bo]*:*")  # blobs and outcomes
    assert left == []
    assert all(0 < redis.ttl(names.delivery(job)) <= 3_600 for job in jobs)  # type: ignore[operator]  # no coroutine
    assert redis.hget(names.delivery(next(iter(jobs))), "record") == b"{}"


def test_an_answer_that_cannot_be_read_spoils_none_that_is_loaded_with_it(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter
) -> None:
    good, odd, broken = (queue.submit(REQUEST, platform=PLATFORM) for _ in range(3))
    writer.write(good, platform=PLATFORM, outcome=answer_to(REQUEST))
    redis.lpush(names.outcome(odd), "a list")
    redis.set(names.outcome(broken), "{")

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        found = await asyncio.gather(*(stream.load(job) for job in (odd, good, broken)), return_exceptions=True)
        assert isinstance(found[0], ResponseError)
        assert isinstance(found[1], Finished)
        assert isinstance(found[2], ValueError)

    run(server, work)


def test_an_answer_without_pictures_is_read_without_looking_for_any(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter
) -> None:
    plain, drawn = (queue.submit(REQUEST, platform=PLATFORM) for _ in range(2))
    writer.write(plain, platform=PLATFORM, outcome=answer_to(REQUEST))
    writer.write(drawn, platform=PLATFORM, outcome=SIMILAR)

    def looked() -> int:
        stats: Any = redis.info("commandstats")
        return int(stats.get("cmdstat_mget", {}).get("calls", 0))

    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        before = looked()
        await stream.load(plain)
        assert looked() == before
        await stream.load(drawn)
        assert looked() == before + 1

    run(server, work)


def test_an_entry_that_is_no_text_keeps_nobody_from_their_answer(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, writer: ReplyWriter
) -> None:
    async def work(connection: Any) -> None:
        stream = ReplyStream(connection, platform=PLATFORM)
        await stream.open()
        redis.xadd(names.replies(PLATFORM), {"job": b"\xff"})
        job = queue.submit(REQUEST, platform=PLATFORM)
        writer.write(job, platform=PLATFORM, outcome=SIMILAR)
        odd, entry = await stream.new(wait_s=1)
        assert await stream.load(odd.job_id) is None
        await stream.finish(odd, person="")
        assert entry.job_id == job
        assert redis.xlen(names.replies(PLATFORM)) == 1

    run(server, work)


@pytest.mark.parametrize("odd", [b"\xff", b"[]", b'{"job": "j"}', b'{"job": "j", "share": "half"}'])
def test_progress_that_cannot_be_read_ends_no_listening(server: EmbeddedRedis, redis: Redis, writer: ReplyWriter, odd: bytes) -> None:
    async def work(connection: Any) -> None:
        task = asyncio.ensure_future(anext(ReplyStream(connection, platform=PLATFORM).progress()))
        while not task.done():
            redis.publish(names.progress(PLATFORM), odd)
            writer.write_progress("j", platform=PLATFORM, share=0.5)
            await asyncio.sleep(0.01)
        assert await task == Progress(job_id="j", share=0.5)

    run(server, work)


def test_progress_is_heard_while_somebody_listens(server: EmbeddedRedis, redis: Redis, writer: ReplyWriter) -> None:
    async def work(connection: Any) -> None:
        heard = anext(ReplyStream(connection, platform=PLATFORM).progress())
        task = asyncio.ensure_future(heard)
        while not await connection.pubsub_numsub(names.progress(PLATFORM)) or not task.done():
            writer.write_progress("j", platform=PLATFORM, share=0.5)
            await asyncio.sleep(0.01)
        assert await task == Progress(job_id="j", share=0.5)

    run(server, work)
