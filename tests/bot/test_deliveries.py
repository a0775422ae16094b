"""Answers are posted once, whatever happens between the worker and the chat platform."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from redis import Redis

from bot.deliveries import Deliveries, answer_of
from bot.desk import Answer, CannotPost, TryLater
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.language import Speech
from engine.contract import Failure, Message
from tests.bot.recording import RESULT, Recorder, deliver, forgotten, hand_over
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.replies import GROUP, Finished, ReplyStream, ReplyWriter


def test_an_answer_is_posted_and_its_job_forgotten(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
        assert JobQueue(connection).jobs_of("chat", "p1") == []
    (answer,) = platform.posted
    assert (answer.job_id, answer.command.name, answer.delivery, answer.again) == ("j1", "sentiment", {"channel": "C1"}, False)
    assert "ポジティブ" in answer.reply.title
    assert answer.reply.notes[0] == "ファイルについて"


def test_what_there_is_to_say_is_worked_out_beside_the_event_loop(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, threads = Recorder(), []

    def noting(job_id: str, finished: Finished) -> Answer:
        threads.append(threading.current_thread())
        return answer_of(job_id, finished)

    monkeypatch.setattr("bot.deliveries.answer_of", noting)
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert len(platform.posted) == 1
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("trouble", [TryLater(0.01), RuntimeError("ours")], ids=["later", "fault"])
def test_what_fails_is_tried_again_and_says_so(redis_url: str, trouble: Exception) -> None:
    platform = Recorder(troubles=[trouble])
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert [answer.again for answer in platform.tries] == [False, True]
    assert len(platform.posted) == 1


def test_what_can_never_be_posted_is_dropped(redis_url: str) -> None:
    platform = Recorder(troubles=[CannotPost("the channel is gone"), CannotPost("for an apology, too")])
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert platform.posted == platform.apologies == []


def test_what_a_bot_took_and_did_not_finish_is_posted_after_its_restart(redis_url: str) -> None:
    platform = Recorder()

    async def take() -> None:
        connection = redis.asyncio.Redis.from_url(redis_url)
        deliveries = Deliveries(platform, connection)
        stream: ReplyStream = deliveries._stream
        await stream.open()
        assert [entry.job_id for entry in await stream.new(wait_s=1)] == ["j1"]
        await stream.mark("j1", "image-0", "F1")
        await connection.aclose()

    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        asyncio.run(take())
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
        pending = connection.xpending(names.replies("chat"), GROUP)
        assert pending["pending"] == 0
    (answer,) = platform.posted
    assert answer.again
    assert answer.marks == {"image-0": "F1"}


def test_an_outcome_that_was_written_twice_is_posted_once(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        for _ in range(2):
            ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert len(platform.posted) == 1


def test_a_cancelled_job_is_answered_with_that(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        assert JobQueue(connection).cancel_all_of("chat", "p1") == ["j1"]
        assert JobQueue(connection).status().waiting == 0
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    (answer,) = platform.posted
    assert answer.reply.title == "取り消しました。"


def test_progress_reaches_the_platform_with_where_to_show_it(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")

        async def tell() -> None:  # again and again: what is told before somebody listens is gone
            ReplyWriter(connection).write_progress("j1", platform="chat", share=0.5)

        deliver(redis_url, platform, lambda: bool(platform.shares), tell)
    assert platform.shares[0] == ("j1", 0.5, {"channel": "C1"})


@dataclass
class Stumbling(Recorder):
    """Cannot show the progress of one job."""

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        if job_id == "odd":
            raise RuntimeError("ours")
        await super().show_progress(job_id, share, delivery=delivery, speech=speech)


def test_progress_that_cannot_be_shown_ends_that_of_no_other_job(redis_url: str) -> None:
    platform = Stumbling()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "odd")
        hand_over(connection, "j1")

        async def tell() -> None:
            for job_id in ("odd", "j1"):
                ReplyWriter(connection).write_progress(job_id, platform="chat", share=0.5)

        deliver(redis_url, platform, lambda: bool(platform.shares), tell)
    assert platform.shares[0] == ("j1", 0.5, {"channel": "C1"})


@dataclass
class Slow(Recorder):
    """Is told, while it posts, how far that job is and then how far another one is; `told` are those that it was to show."""

    url: str = ""
    told: list[str] = field(default_factory=list)

    async def post(self, answer: Answer) -> None:
        with Redis.from_url(self.url) as connection:
            while "j2" not in self.told:  # again and again: what is told before somebody listens is gone
                for job_id in ("j1", "j2"):
                    ReplyWriter(connection).write_progress(job_id, platform="chat", share=0.5)
                await asyncio.sleep(0.02)
        await super().post(answer)

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        self.told.append(job_id)


def test_no_progress_is_shown_of_a_job_whose_answer_is_being_posted(redis_url: str) -> None:
    platform = Slow(url=redis_url)
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        hand_over(connection, "j2")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"))
    assert set(platform.told) == {"j2"}


def test_deliveries_go_on_when_redis_was_away(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        dropped = False

        async def drop_connections() -> None:
            nonlocal dropped
            if not dropped:
                connection.client_kill_filter(_type="normal", skipme=True)
                ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
                dropped = True

        deliver(redis_url, platform, lambda: dropped and forgotten(connection, "j1"), drop_connections)
    assert len(platform.posted) == 1


@dataclass
class Looking(Recorder):
    """Also looks, while it posts, whether what the answer is about is kept."""

    url: str = ""
    kept: list[bool] = field(default_factory=list)

    async def post(self, answer: Answer) -> None:
        with Redis.from_url(self.url) as connection:
            self.kept.append(bool(connection.exists(names.answered(answer.job_id))))
        await super().post(answer)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_an_answer_is_about_is_kept_before_it_is_posted_where_that_is_wanted(redis_url: str, tmp_path: Path, wanted: bool) -> None:
    platform = Looking(url=redis_url, troubles=[TryLater(0.01)])
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        store = FeedbackStore(tmp_path / FILE_NAME) if wanted else None
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"), store=store)
        assert bool(connection.exists(names.answered("j1"))) is wanted
    assert platform.kept == [wanted, wanted]
    assert [answer.thumbs for answer in platform.posted] == [wanted]


def test_a_failure_is_not_kept(redis_url: str, tmp_path: Path) -> None:
    platform = Looking(url=redis_url)
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, "j1")
        failure = Failure(code="x", message=Message(ja="読めません。", en="It cannot be read."))
        ReplyWriter(connection).write("j1", platform="chat", outcome=failure)
        deliver(redis_url, platform, lambda: forgotten(connection, "j1"), store=FeedbackStore(tmp_path / FILE_NAME))
    assert platform.kept == [False]
    assert [answer.thumbs for answer in platform.posted] == [False]
