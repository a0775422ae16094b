"""Of a person who is forgotten nothing is left in Redis, whatever became of their questions; others keep theirs."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from engine.contract import NerRequest, SentimentRequest
from tests.support.contents import everything
from tests.support.working import RecordingEngine, answered, failed, outcome_of, until, work_off
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue
from workers.queue.forgetting import Erased, Eraser
from workers.queue.intake import Intake
from workers.queue.replies import ReplyStream
from workers.queue.settings import QueueSettings
from workers.taking import Taker
from workers.worker import BatchingWorker

PERSON, OTHER = "U0HANAKO", "U0TARO"
TEXTS = {"ja": "とても内緒の話", "en": "a very secret story"}
SECRETS = [PERSON.encode(), *(text.encode() for text in TEXTS.values()), json.dumps(TEXTS["ja"])[1:-1].encode()]


def ask(redis: Redis, text: str, *, person: str = PERSON, platform: str = "slack") -> str:
    delivery = {"person": person, "channel": "C1"}
    address = {"platform": platform, "person": person, "speech": "ja", "delivery": delivery}
    record = {"command": "sentiment", "request": {"text": text}, **address}
    return JobQueue(redis).submit(SentimentRequest(text=text), platform=platform, person=person, record=record, address=address)


def erase(redis: Redis, *, person: str = PERSON, platform: str = "slack", tell_s: float = 0.0) -> Erased:
    return Eraser(redis, JobQueue(redis), platform=platform, person=person).erase(tell_s=tell_s)


def in_loop(redis: Redis, work: Callable[[AsyncRedis], Awaitable[None]]) -> None:
    async def run() -> None:
        async with AsyncRedis(unix_socket_path=redis.connection_pool.connection_kwargs["path"]) as connection:
            await work(connection)

    asyncio.run(run())


def assert_nothing_left(redis: Redis) -> None:
    left = everything(redis)
    assert not [secret for secret in SECRETS if secret in left]


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_waiting_questions_are_gone_and_are_never_computed(redis: Redis, text: str) -> None:
    ask(redis, text)
    ask(redis, text)
    assert erase(redis).jobs == 2
    assert_nothing_left(redis)
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.batches == []
    assert_nothing_left(redis)


def test_failed_questions_are_gone_that_nobody_knows_of_but_rq(redis: Redis) -> None:
    def fail(text: str) -> None:
        raise RuntimeError("an error nobody expected")

    ask(redis, TEXTS["ja"])
    work_off(redis, RecordingEngine(on_text=fail))
    redis.delete(names.person("slack", PERSON))
    assert len(failed(redis)) == 1
    assert erase(redis).jobs == 1
    assert failed(redis) == {}
    assert_nothing_left(redis)


def test_an_answer_that_is_not_posted_yet_is_gone(redis: Redis) -> None:
    job = ask(redis, TEXTS["en"])
    work_off(redis, RecordingEngine())
    assert outcome_of(redis, job) is not None
    assert erase(redis).jobs == 1
    assert outcome_of(redis, job) is None
    assert_nothing_left(redis)


def test_the_answer_to_a_question_that_runs_is_never_written(redis: Redis) -> None:
    erased: list[Erased] = []
    ask(redis, TEXTS["en"])
    work_off(redis, RecordingEngine(on_text=lambda text: erased.append(erase(redis))))
    assert [each.jobs for each in erased] == [1]
    assert_nothing_left(redis)


def test_a_question_whose_worker_died_meanwhile_does_not_come_back(redis: Redis) -> None:
    ask(redis, TEXTS["en"])
    assert len(Taker(redis, "dead").take({names.SHORT: 10})) == 1
    erase(redis)
    assert Taker(redis, "alive").take_over("dead") == []
    assert Taker(redis, "alive").take({names.SHORT: 10, names.LONG: 10}) == []
    assert_nothing_left(redis)


def test_what_was_said_and_not_handed_over_yet_is_gone(redis: Redis) -> None:
    async def say(connection: AsyncRedis) -> None:
        intake = Intake(connection, keep_s=600)
        await intake.take("slack", "e1", told={"payload": {"user": {"id": PERSON}, "text": TEXTS["ja"]}})
        await intake.take("slack", "e2", told={"payload": {"user_id": PERSON, "text": TEXTS["en"]}})
        await intake.take("slack", "e3", told={"payload": {"user_id": OTHER, "text": "of somebody else"}})

    in_loop(redis, say)
    assert erase(redis).intake == 2
    assert redis.hkeys(names.intake("slack")) == [b"e3"]
    assert_nothing_left(redis)


def test_what_can_be_pressed_thumbs_for_is_gone(redis: Redis) -> None:
    async def keep(connection: AsyncRedis) -> None:
        answers = AnsweredJobs(connection, keep_s=600)
        await answers.keep("mine", {"platform": "slack", "request": {"text": TEXTS["ja"]}, "person": PERSON})
        await answers.keep("theirs", {"platform": "slack", "request": {"text": "of somebody else"}, "person": OTHER})
        await answers.keep("elsewhere", {"platform": "web", "request": {"text": "of the same id"}, "person": PERSON})

    in_loop(redis, keep)
    assert erase(redis).answers == 1
    assert not redis.exists(names.answered("mine"))
    assert redis.exists(names.answered("theirs"), names.answered("elsewhere")) == 2


def test_all_answers_that_are_kept_to_be_given_again_are_gone(redis: Redis) -> None:
    ask(redis, TEXTS["ja"])
    ask(redis, "of somebody else", person=OTHER)
    work_off(redis, RecordingEngine(), settings=QueueSettings(cache_ttl_s=600))
    assert len(list(redis.scan_iter("yomite:cache:*"))) == 2
    assert erase(redis).cached == 2
    assert list(redis.scan_iter("yomite:cache:*")) == []


@pytest.mark.parametrize("cancelled", [False, True], ids=["waiting", "cancelled"])
def test_what_workers_keep_of_a_question_they_looked_at_is_forgotten(redis: Redis, cancelled: bool) -> None:
    JobQueue(redis).submit(NerRequest(text="of somebody else"), platform="slack", person=OTHER)
    job = ask(redis, TEXTS["ja"])
    assert len(Taker(redis, "w").take({names.SHORT: 10})) == 1  # looks at both, and takes the one that came first
    assert PERSON.encode() in everything(redis)
    if cancelled:
        JobQueue(redis).cancel(job)
        assert not redis.hexists(names.HEADS, job)
    erase(redis)
    assert_nothing_left(redis)


def test_how_often_they_asked_is_forgotten(redis: Redis) -> None:
    redis.set(names.limit("person", "slack", PERSON), "1800000000")
    redis.hset(names.TURNS, f"slack:{PERSON}", "1")
    erase(redis)
    assert_nothing_left(redis)


def test_what_a_session_of_the_chat_page_sent_is_forgotten(redis: Redis) -> None:
    session = "a-session[1]*"
    redis.set(names.seen("web", f"{session}-message-1"), names.OVER)
    redis.set(names.seen("web", "a-session1-message-1"), names.OVER)
    ask(redis, TEXTS["ja"], person=session, platform="web")
    erase(redis, person=session, platform="web")
    assert list(redis.scan_iter("yomite:seen:*")) == [b"yomite:seen:web:a-session1-message-1"]
    assert_nothing_left(redis)


def test_others_keep_what_is_theirs(redis: Redis) -> None:
    mine, theirs = ask(redis, TEXTS["ja"]), ask(redis, "of somebody else", person=OTHER)
    elsewhere = ask(redis, "on another platform", platform="discord")
    erase(redis)
    work_off(redis, RecordingEngine())
    assert answered(redis, "discord") == [elsewhere]
    assert theirs in answered(redis, "slack")
    assert outcome_of(redis, theirs) is not None
    assert outcome_of(redis, mine) is None


def test_the_bot_has_time_to_tell_the_person_that_their_questions_are_cancelled(redis: Redis) -> None:
    ask(redis, TEXTS["ja"])
    told: list[object] = []

    async def post(connection: AsyncRedis) -> None:
        stream = ReplyStream(connection, platform="slack")
        await stream.open()
        (entry,) = await stream.new(wait_s=30)
        told.append(await stream.load(entry.job_id))
        await stream.finish(entry, person=PERSON)

    bot = threading.Thread(target=in_loop, args=(redis, post))
    bot.start()
    erase(redis, tell_s=30)
    bot.join(30)
    assert "cancelled" in repr(told)
    assert_nothing_left(redis)


def test_rubbish_under_our_names_disturbs_nobody(redis: Redis) -> None:
    redis.hset("rq:job:none", "meta", b"\xff{")
    redis.set("rq:job:no-hash", "text")
    redis.set(names.answered("j"), "[" * 100_000)
    redis.set(names.address("j"), "7")
    redis.hset(names.intake("slack"), "e1", "rubbish")
    ask(redis, TEXTS["ja"])
    assert erase(redis).jobs == 1


def test_a_worker_goes_on_after_it(redis: Redis) -> None:
    worker = BatchingWorker(redis, RecordingEngine(), batch=8)
    ask(redis, TEXTS["ja"])
    erase(redis)
    job = ask(redis, "new", person=OTHER)
    worker.work(burst=True)
    until(lambda: job in answered(redis, "slack"), what="the answer")
