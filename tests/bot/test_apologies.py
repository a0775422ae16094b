"""Where a question gets no answer its person is told so, once, and nobody else's answer suffers."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
import redis.asyncio
from redis import Redis

from bot import deliveries
from bot.apologies import FAULT, LOST, OTHER_VERSION, REFUSED, TOO_LATE
from bot.desk import CannotPost, Desk, Incoming, Reading, TryLater
from bot.language import Speech, both
from bot.owed import Owed
from engine.contract import Message
from tests.bot.recording import ADDRESS, RESULT, Recorder, deliver, forgotten, hand_over
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.replies import ReplyWriter

SPEECHES: tuple[Speech, ...] = ("ja", "en")


def title_of(message: Message, speech: Speech) -> str:
    return message.in_language(speech).partition("\n")[0]


def answered(redis_url: str, platform: Recorder, **changed: Any) -> None:
    """Hand a question over, answer it, and deliver until it is forgotten."""
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1", **changed)
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
        assert JobQueue(connection).jobs_of("chat", "p1") == []
        assert not connection.exists(names.address("j1"))


@pytest.mark.parametrize("speech", SPEECHES)
def test_a_person_is_told_where_the_platform_refuses_the_answer(redis_url: str, speech: Speech) -> None:
    platform = Recorder(troubles=[CannotPost("too large")])
    answered(redis_url, platform, speech=speech)
    [apology] = platform.apologies
    assert (apology.job_id, apology.delivery, apology.reply.failed) == ("j1", {"channel": "C1"}, True)
    assert apology.reply.title == title_of(REFUSED, speech)
    assert platform.posted == []


def test_a_platform_that_knows_better_says_what_its_person_is_told(redis_url: str) -> None:
    platform = Recorder(troubles=[CannotPost("lost", told=both("見えないときは", "If you do not see it"))])
    answered(redis_url, platform)
    assert [apology.reply.title for apology in platform.apologies] == ["見えないときは"]


@pytest.mark.parametrize("speech", SPEECHES)
def test_a_person_is_told_where_posting_fails_by_a_fault_of_ours(
    redis_url: str, speech: Speech, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deliveries, "FIRST_PAUSE_S", 0.01)
    platform = Recorder(troubles=[ValueError("楽しい")] * deliveries.UNEXPECTED_TRIES)
    answered(redis_url, platform, speech=speech)
    assert [apology.reply.title for apology in platform.apologies] == [title_of(FAULT, speech)]
    assert "ValueError" in caplog.text
    assert "楽しい" not in caplog.text


def test_an_apology_is_tried_again_where_it_cannot_be_posted_now(redis_url: str) -> None:
    platform = Recorder(troubles=[CannotPost("no"), TryLater(0.01), TryLater(0.01)])
    answered(redis_url, platform)
    assert len(platform.apologies) == 1


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize(
    "changed",
    [{"command": "of-another-version"}, {"request": {"version": 99}}, {"request": {"kind": "gone"}}],
    ids=["command", "version", "request"],
)
def test_a_record_of_another_version_is_apologised_for_at_once(redis_url: str, speech: Speech, changed: dict[str, Any]) -> None:
    platform = Recorder()
    answered(redis_url, platform, speech=speech, **changed)
    assert [apology.reply.title for apology in platform.apologies] == [title_of(OTHER_VERSION, speech)]
    assert platform.tries == []


def test_a_record_that_lacks_a_field_is_one_of_another_version(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        connection.hset(names.delivery("j1"), "record", json.dumps({"command": "sentiment"}))
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert [apology.reply.title for apology in platform.apologies] == [title_of(OTHER_VERSION, "ja")]


@pytest.mark.parametrize("gone", [names.delivery, names.outcome], ids=["question", "answer"])
def test_a_person_is_told_where_the_answer_came_too_late(redis_url: str, gone: Any) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        connection.delete(gone("j1"))
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert [apology.reply.title for apology in platform.apologies] == [title_of(TOO_LATE, "ja")]
    assert platform.posted == []


def test_a_question_that_no_worker_took_in_time_is_dropped_and_its_person_told(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        for job in ("late", "early"):
            hand_over(connection, job)
        written: Any = connection.get(names.address("late"))
        connection.set(names.address("late"), json.dumps(json.loads(written) | {"until": time.time() - 1}))
        connection.delete(names.delivery("late"))
        deliver(redis_url, platform, lambda: bool(platform.apologies))
        assert connection.lrange(f"rq:queue:{names.SHORT}", 0, -1) == [b"early"]
        assert not connection.exists("rq:job:late")
    assert [(apology.job_id, apology.reply.title) for apology in platform.apologies] == [("late", title_of(TOO_LATE, "ja"))]


def test_the_questions_of_another_platform_are_left_to_it(redis_url: str) -> None:
    platform = Recorder(name="another")
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "late")
        connection.set(names.address("late"), json.dumps({"platform": "chat", "until": 0}))
        looked = 0

        def twice() -> bool:
            nonlocal looked
            looked += bool(connection.exists(names.replies("another")))
            return looked > 20

        deliver(redis_url, platform, twice)
        assert connection.lrange(f"rq:queue:{names.SHORT}", 0, -1) == [b"late"]


@pytest.mark.parametrize("speech", SPEECHES)
def test_those_whom_this_bot_owes_an_answer_are_told_when_redis_was_emptied(redis_url: str, speech: Speech) -> None:
    platform, owed = Recorder(), Owed()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        owed.add("j1", ADDRESS | {"speech": speech})
        connection.flushall()
        deliver(redis_url, platform, lambda: bool(platform.apologies), owed=owed)
    [apology] = platform.apologies
    assert (apology.delivery, apology.reply.title) == ({"channel": "C1"}, title_of(LOST, speech))
    assert owed.jobs == []


def test_redis_may_be_emptied_while_answers_are_waited_for(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "LOOK_BACK_S", 0.1)
    platform, owed = Recorder(), Owed()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        owed.add("j1", ADDRESS)
        emptied = False

        async def empty() -> None:
            nonlocal emptied
            if not emptied and connection.exists(names.replies("chat")):
                connection.flushall()
                emptied = True

        deliver(redis_url, platform, lambda: bool(platform.apologies), empty, owed=owed)
        hand_over(connection, "j2")
        ReplyWriter(connection).write("j2", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j2"), owed=owed)
    assert [apology.job_id for apology in platform.apologies] == ["j1"]
    assert [answer.job_id for answer in platform.posted] == ["j2"]


def test_what_another_bot_answered_is_owed_no_more(redis_url: str) -> None:
    platform, owed = Recorder(), Owed()
    owed.add("j1", ADDRESS)
    answered(redis_url, platform)
    other = Recorder()
    deliver(redis_url, other, lambda: owed.jobs == [], owed=owed)
    assert (platform.apologies, other.apologies, len(platform.posted)) == ([], [], 1)


def test_what_was_called_off_is_owed_no_more(redis_url: str) -> None:
    async def work() -> list[str]:
        connection = redis.asyncio.Redis.from_url(redis_url)
        with Redis.from_url(redis_url) as blocking:
            desk = Desk(JobQueue(blocking), connection)
            reading = await desk.read(Incoming(platform="chat", event_id="e1", person="p1", line="/sentiment 楽しい"))
            assert isinstance(reading, Reading)
            job_id = await desk.submit(reading, {"channel": "C1"})
            assert desk._owed("chat").jobs == [job_id]
            await desk.cancel(job_id)
            await connection.aclose()
            return desk._owed("chat").jobs

    assert asyncio.run(work()) == []


def test_what_was_called_off_by_another_process_is_owed_no_more(redis_url: str) -> None:
    platform, owed = Recorder(), Owed()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        owed.add("j1", ADDRESS)
        JobQueue(connection).cancel("j1")
        deliver(redis_url, platform, lambda: owed.jobs == [], owed=owed)
    assert platform.apologies == []


def test_only_so_many_are_remembered() -> None:
    owed = Owed()
    for number in range(10_001):
        owed.add(f"j{number}", ADDRESS)
    assert (len(owed.jobs), owed.jobs[0]) == (10_000, "j1")


def test_an_answer_to_a_question_whose_person_was_told_that_it_was_not_taken_is_not_posted(redis_url: str) -> None:
    platform, owed = Recorder(), Owed()
    owed.refuse("j1")
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"), owed=owed)
    assert platform.posted == []
    assert platform.apologies == []
