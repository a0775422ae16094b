"""The desk lets the guard look first: nothing of those who may not ask is fetched, written down or handed over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import redis.asyncio
from redis import Redis

from bot.desk import Desk, IncomingFile, Reading
from bot.feedback.errors import FeedbackError
from bot.feedback.press import Press
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import Feedback
from bot.grammar import Arguments
from bot.guard.access import AllowList
from bot.guard.errors import NotAllowed, QueueFull, TooMany
from bot.guard.guard import Guard, GuardSettings
from bot.guard.limits import TOLD_AT_ONCE, Limits
from bot.platforms.platform import Incoming
from bot.reply import Reply
from engine.contract import SentimentRequest
from tests.bot.feedback.answers import sentiment
from tests.bot.guard.asked import asked
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue

Found = TypeVar("Found")
ONLY_U2 = GuardSettings(lists={"slack": AllowList(users=frozenset({"U2"}))})
ADMIN_IS_U2 = GuardSettings(lists={"slack": AllowList(admins=frozenset({"U2"}))})
ONE = GuardSettings(limits=Limits(person=1, channel=0, team=0))


def at_desk(url: str, guard: GuardSettings, work: Callable[[Desk], Awaitable[Found]], *, store: Path | None = None) -> Found:
    async def run() -> Found:
        with Redis.from_url(url) as blocking:
            async with redis.asyncio.Redis.from_url(url) as connection:
                feedback = Feedback(FeedbackStore(store), AnsweredJobs(connection, keep_s=600)) if store else None
                return await work(Desk(JobQueue(blocking), connection, feedback=feedback, guard=Guard(connection, guard)))

    return asyncio.run(run())


def said_to(url: str, guard: GuardSettings, *questions: Incoming) -> list[Reply | Reading | None]:
    async def work(desk: Desk) -> list[Reply | Reading | None]:
        return [await desk.read(question) for question in questions]

    return at_desk(url, guard, work)


@pytest.mark.parametrize(("line", "said"), [("/sentiment good", "not open to you"), ("感情 楽しい", "あなたはまだ Yomite を使えません")])
def test_who_may_not_ask_is_told_so_alone_and_nothing_of_theirs_is_fetched_or_written(redis_url: str, line: str, said: str) -> None:
    async def fetched() -> bytes:
        raise AssertionError("a stranger's file was fetched")

    async def nearby() -> str:
        raise AssertionError("a stranger's thread was read")

    stranger = asked(line, files=(IncomingFile(name="a.txt", size=3, read=fetched),), nearby=nearby, told={"text": line})
    (reply,) = said_to(redis_url, ONLY_U2, stranger)
    assert isinstance(reply, Reply)
    assert reply.failed
    assert reply.only_asker
    assert said in reply.title
    with Redis.from_url(redis_url) as connection:
        assert not connection.exists(names.intake("slack"))
        assert JobQueue(connection).status().waiting == 0


def test_who_may_ask_is_read(redis_url: str) -> None:
    (found,) = said_to(redis_url, ONLY_U2, asked(person="U2"))
    assert isinstance(found, Reading)


def test_the_question_beyond_the_limit_is_refused_with_a_word_to_its_asker_alone(redis_url: str) -> None:
    first, second = said_to(redis_url, ONE, asked(), asked("/感情 楽しい", event_id="e2"))
    assert isinstance(first, Reading)
    assert isinstance(second, Reply)
    assert second.only_asker
    assert "あなたが送れるのは 1 分に 1 件" in second.title


@pytest.mark.parametrize("line", ["/sentiment good", "感情 楽しい"])
def test_whoever_asks_on_after_many_refusals_gets_no_more_of_them(redis_url: str, line: str) -> None:
    questions = [asked(line, event_id=f"e{number}") for number in range(TOLD_AT_ONCE + 3)]
    found = said_to(redis_url, ONLY_U2, *questions, asked(line, person="U3", event_id="other"))
    assert [type(each) for each in found] == [*[Reply] * TOLD_AT_ONCE, *[type(None)] * 3, Reply]


def test_a_refusal_that_is_not_told_is_not_taken_up_again(redis_url: str) -> None:
    questions = [asked(event_id=f"e{number}", told={"text": "good"}) for number in range(TOLD_AT_ONCE + 2)]
    assert said_to(redis_url, ONE, *questions)[-1] is None
    with Redis.from_url(redis_url) as connection:
        assert not connection.hexists(names.intake("slack"), questions[-1].event_id)


@pytest.mark.parametrize("line", ["/sentiment good", "/感情 楽しい"])
def test_where_a_form_waits_for_a_word_every_refusal_is_told(redis_url: str, line: str) -> None:
    form = Arguments(text="good", texts=("good",), first="good", rest="")
    questions = [asked(line, event_id=f"e{number}", arguments=form) for number in range(TOLD_AT_ONCE + 2)]
    assert all(isinstance(reply, Reply) and reply.only_asker for reply in said_to(redis_url, ONLY_U2, *questions))


def test_an_event_that_is_told_twice_is_counted_once(redis_url: str) -> None:
    two = GuardSettings(limits=Limits(person=6, channel=0, team=0))  # two at once
    found = said_to(redis_url, two, asked(), asked(), asked(), asked(event_id="e2"))
    assert [type(each) for each in found] == [Reading, type(None), type(None), Reading]


def test_where_redis_is_away_nobody_is_let_in_uncounted(tmp_path: Path) -> None:
    (reply,) = said_to(f"unix://{tmp_path}/none.sock", ONE, asked())
    assert isinstance(reply, Reply)
    assert "Redis" in reply.title


def test_a_full_queue_takes_no_more_and_says_so(redis_url: str) -> None:
    async def work(desk: Desk) -> None:
        reading = await desk.read(asked())
        assert isinstance(reading, Reading)
        with pytest.raises(QueueFull, match="2 is the most"):
            await desk.submit(reading, {})

    with Redis.from_url(redis_url) as connection:
        for _ in range(2):
            JobQueue(connection).submit(SentimentRequest(text="x"), platform="slack")
        at_desk(redis_url, GuardSettings(most_waiting=2), work)
        assert JobQueue(connection).status().waiting == 2


def test_of_those_who_ask_at_the_same_moment_only_as_many_are_taken_as_there_is_room_for(redis_url: str) -> None:
    async def work(desk: Desk) -> list[str | BaseException]:
        readings = [await desk.read(asked(event_id=f"e{number}")) for number in range(5)]
        return await asyncio.gather(*(desk.submit(each, {}) for each in readings if isinstance(each, Reading)), return_exceptions=True)

    found = at_desk(redis_url, GuardSettings(most_waiting=2), work)
    assert [type(each) for each in found] == [str, str, QueueFull, QueueFull, QueueFull]
    with Redis.from_url(redis_url) as connection:
        assert JobQueue(connection).status().waiting == 2


@pytest.mark.parametrize(("person", "shown"), [("U1", False), ("U2", True)])
def test_help_shows_admins_commands_to_admins_only(redis_url: str, person: str, shown: bool) -> None:
    everything, one = said_to(redis_url, ADMIN_IS_U2, asked("/help", person=person), asked("/help status", person=person, event_id="e2"))
    assert ("/status" in repr(everything)) is shown
    assert ("what waits and runs" in repr(one)) is shown
    assert "/sentiment" in repr(everything)


def test_a_command_for_admins_is_refused_to_others(redis_url: str) -> None:
    other, admin = said_to(redis_url, ADMIN_IS_U2, asked("/status"), asked("/status", person="U2", event_id="e2"))
    assert isinstance(other, Reply)
    assert isinstance(admin, Reply)
    assert other.only_asker
    assert "for admins only" in other.title
    assert "0 waiting" in admin.title


# --- Presses -------------------------------------------------------------------------------------------------------


def press(person: str, event_id: str = "p1") -> Press:
    return Press(platform="slack", event_id=event_id, answer="j1", person=person, pressed_at=1.0, choice="good", team="T1", channel="C1")


def keep_an_answer(url: str) -> None:
    with Redis.from_url(url) as connection:
        connection.set(names.answered("j1"), json.dumps(replace(sentiment(), platform="slack").to_json()))


def test_who_may_not_ask_may_not_press_either(redis_url: str, tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(NotAllowed):
            await desk.press(press("U1"))
        with pytest.raises(NotAllowed):
            await desk.answered(press("U1"))
        assert (await desk.press(press("U2"))).verdict == "good"

    keep_an_answer(redis_url)
    at_desk(redis_url, ONLY_U2, work, store=tmp_path / FILE_NAME)


def test_presses_count_as_questions_do(redis_url: str, tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.press(press("U1"))
        with pytest.raises(TooMany):
            await desk.press(press("U1", "p2"))

    keep_an_answer(redis_url)
    at_desk(redis_url, ONE, work, store=tmp_path / FILE_NAME)


def test_where_redis_is_away_a_press_is_refused_in_words(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(FeedbackError, match="Redis"):
            await desk.press(press("U1"))

    at_desk(f"unix://{tmp_path}/none.sock", ONE, work, store=tmp_path / FILE_NAME)
