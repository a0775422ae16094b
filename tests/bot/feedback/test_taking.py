"""A press finds what it is about, in the store or in Redis, and says what is wrong where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis.asyncio

from bot.desk import Desk
from bot.feedback.errors import FeedbackError
from bot.feedback.press import Opinion
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import Feedback
from bot.serving import open_desk
from bot.settings import Settings
from tests.bot.feedback.answers import press, sentiment
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.server import EmbeddedRedis


@asynccontextmanager
async def feedback(url: str, folder: Path) -> AsyncIterator[Feedback]:
    connection = redis.asyncio.Redis.from_url(url)
    try:
        yield Feedback(FeedbackStore(folder / FILE_NAME), AnsweredJobs(connection, keep_s=60))
    finally:
        await connection.aclose()


def test_a_press_finds_its_answer_in_redis(redis_url: str, tmp_path: Path) -> None:
    async def run() -> Opinion:
        async with feedback(redis_url, tmp_path) as taking:
            await taking.keep("a1", sentiment())
            return await taking.take(press("correct", "negative"))

    assert asyncio.run(run()) == Opinion(answered=sentiment(), verdict="bad", correction='"negative"')


@pytest.mark.parametrize("record", [None, b'{"version": 99}', b"{}"])
def test_an_answer_that_is_not_known_any_more_is_told(redis_url: str, tmp_path: Path, record: bytes | None) -> None:
    async def run() -> None:
        async with feedback(redis_url, tmp_path) as taking:
            if record is not None:
                connection = redis.asyncio.Redis.from_url(redis_url)
                await connection.set(names.answered("a1"), record)
                await connection.aclose()
            with pytest.raises(FeedbackError, match="not kept any more"):
                await taking.take(press())

    asyncio.run(run())


def test_an_answer_of_another_platform_is_none(redis_url: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with feedback(redis_url, tmp_path) as taking:
            await taking.keep("a1", replace(sentiment(), platform="elsewhere"))
            with pytest.raises(FeedbackError, match="not kept any more"):
                await taking.take(press())

    asyncio.run(run())


def test_while_redis_is_away_a_new_thumb_is_told_so_and_an_old_one_may_be_taken_back(tmp_path: Path) -> None:
    async def run() -> None:
        with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
            url = server.url
            async with feedback(url, tmp_path) as taking:
                await taking.keep("a1", sentiment())
                assert (await taking.take(press())).verdict == "good"
        async with feedback(url, tmp_path) as taking:
            with pytest.raises(FeedbackError) as caught:
                await taking.take(press(person="taro"))
            assert "Redis につながりません" in caught.value.message.ja
            assert "cannot be reached" in caught.value.message.en
            assert (await taking.take(press())).verdict is None

    asyncio.run(run())


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_decides(redis_url: str, tmp_path: Path, wanted: bool) -> None:
    async def run() -> None:
        settings = Settings(feedback=wanted, feedback_days=2, state_dir=tmp_path)
        async with open_desk(settings, redis_url) as desk:
            assert desk.takes_feedback is wanted
            await _press_unknown(desk, "not kept any more" if wanted else "Feedback is off")
        assert (tmp_path / FILE_NAME).exists() is wanted

    asyncio.run(run())


async def _press_unknown(desk: Desk, trouble: str) -> None:
    with pytest.raises(FeedbackError, match=trouble):
        await desk.press(press())
    with pytest.raises(FeedbackError, match=trouble):
        await desk.answered(press())
