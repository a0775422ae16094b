"""A bot may have several sockets, in one process or in several: each event is answered once, and one socket that closes stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.platforms.slack import serve_slack
from tests.bot.platforms.slack.scene import Puppet, ended, settings_for, workspace
from tests.fakes.slack import FakeSlack, shown_text
from workers.queue import names
from workers.queue.door import JobQueue


@asynccontextmanager
async def bot(slack: FakeSlack, redis_url: str, *, sockets: int) -> AsyncIterator[None]:
    """A bot with connections of its own, as another process has them; there when all its sockets are."""
    before = slack.sockets.connections
    with Redis.from_url(redis_url) as blocking:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            serving = asyncio.create_task(serve_slack(replace(settings_for(slack), sockets=sockets), Desk(JobQueue(blocking), connection)))
            try:
                await slack.sockets.connected(more_than=before + sockets - 1)
                yield
            finally:
                await ended(serving)


async def answered(slack: FakeSlack, worker: Puppet, count: int) -> None:
    """Until so many questions have been answered and nothing more is to be done."""
    async with asyncio.timeout(30):
        while len(answers(slack)) < count or worker.connection.xlen(names.replies("slack")):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)  # for one that comes twice


def answers(slack: FakeSlack) -> list[str]:
    shown = [shown_text(said) for said in slack.messages_in(slack.general)]
    return [text for text in shown if "positive" in text or "ポジティブ" in text]


@pytest.mark.parametrize(("bots", "sockets"), [(1, 2), (2, 1), (2, 2)])
def test_events_are_spread_over_the_sockets_of_all_bots_and_each_is_answered_once(redis_url: str, bots: int, sockets: int) -> None:
    async def run() -> None:
        async with workspace(redis_url) as (slack, worker), AsyncExitStack() as stack:
            for _ in range(bots):
                await stack.enter_async_context(bot(slack, redis_url, sockets=sockets))
            asked = [await slack.mention(text) for text in ("sentiment great", "sentiment 楽しい", "sentiment fine", "感情 うれしい")]
            await answered(slack, worker, len(asked))
            assert len(answers(slack)) == len(asked) == len(worker.asked)
            assert sorted(slack.sockets.told_on) == sorted([*range(1, bots * sockets + 1)] * (len(asked) // (bots * sockets)))
            for one in asked:  # told once more, by another socket than before
                await slack.repeat(one)
            await slack.mention("sentiment once more")
            await answered(slack, worker, len(asked) + 1)
            assert len(answers(slack)) == len(asked) + 1 == len(worker.asked)

    asyncio.run(run())


def test_an_event_that_two_bots_are_told_at_the_same_moment_is_answered_once(redis_url: str) -> None:
    async def run() -> None:
        async with workspace(redis_url) as (slack, worker), bot(slack, redis_url, sockets=1), bot(slack, redis_url, sockets=1):
            asked = await slack.mention("sentiment great")
            await slack.repeat(asked)
            await answered(slack, worker, 1)
            assert sorted(slack.sockets.told_on) == [1, 2]
            assert len(answers(slack)) == 1 == len(worker.asked)

    asyncio.run(run())


def test_a_socket_that_closes_is_opened_again_while_the_others_go_on(redis_url: str) -> None:
    async def run() -> None:
        async with workspace(redis_url) as (slack, worker), bot(slack, redis_url, sockets=3):
            await slack.sockets.cut(2)
            asked = [await slack.mention(f"sentiment great {number}") for number in range(4)]
            for one in asked:
                await asyncio.wait_for(one.acknowledged_s, 30)
            await slack.sockets.connected(more_than=3, at_once=3)
            await answered(slack, worker, len(asked))
            assert len(answers(slack)) == len(asked) == len(worker.asked)
            told = len(slack.sockets.told_on)
            asked = [await slack.mention(f"sentiment fine {number}") for number in range(3)]
            await answered(slack, worker, 7)
            assert sorted(slack.sockets.told_on[told:]) == [1, 3, 4]

    asyncio.run(run())
