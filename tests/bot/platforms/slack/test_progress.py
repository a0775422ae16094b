"""Progress is shown at a bearable pace, and never after or over the answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.platform import TryLater
from bot.platforms.slack import SlackSettings, sending
from bot.platforms.slack.place import Place
from bot.platforms.slack.progress import ProgressLine
from bot.platforms.slack.sending import Sending
from bot.platforms.slack.trouble import retry_handlers
from tests.fakes.slack import FakeSlack


def test_progress_is_shown_once_in_a_while() -> None:
    shown: list[str] = []

    async def change() -> None:
        shown.append("change")

    async def run() -> None:
        line = ProgressLine()
        for job in ("a", "a", "b", "a"):
            await line.show(job, change)

    asyncio.run(run())
    assert shown == ["change", "change"]  # one a job


def test_nothing_is_shown_after_the_answer() -> None:
    shown: list[str] = []

    async def change() -> None:
        shown.append("change")

    async def run() -> None:
        line = ProgressLine()
        await line.end("a")
        await line.show("a", change)

    asyncio.run(run())
    assert shown == []


def test_the_answer_waits_for_a_change_that_is_on_its_way() -> None:
    order: list[str] = []

    async def run() -> None:
        line, go_on = ProgressLine(), asyncio.Event()

        async def change() -> None:
            await go_on.wait()
            order.append("progress")
            raise ConnectionError

        async def answer() -> None:
            await line.end("a")
            order.append("answer")

        showing = asyncio.create_task(line.show("a", change))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answering = asyncio.create_task(answer())
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(showing, answering, return_exceptions=True)

    asyncio.run(run())
    assert order == ["progress", "answer"]


@pytest.mark.parametrize("line", ["読んでいます… 40%", "Reading… 40%"])
@pytest.mark.parametrize("mishap", [{"status": 429, "retry_after_s": 1, "error": "ratelimited"}, {"status": 503}, {"hang_s": 60.0}])
def test_what_slack_does_not_take_at_once_is_not_shown_later(monkeypatch: pytest.MonkeyPatch, mishap: dict[str, Any], line: str) -> None:
    # Only a call that hangs is given up; the others are to be heard and refused, on a busy machine, too.
    monkeypatch.setattr(sending, "PROGRESS_S", 2.0 if "hang_s" in mishap else 60.0)

    async def run() -> None:
        async with FakeSlack() as slack, aiohttp.ClientSession() as session:
            settings = SlackSettings(bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.base_url)
            client = AsyncWebClient(token=slack.bot_token, base_url=slack.base_url, session=session, retry_handlers=retry_handlers())
            said = await slack.write("…", user=slack.bot)
            place = Place(key="k", channel=said.channel, person=slack.asker, asked_at=0.0, message_ts=said.ts)
            slack.trouble.next("chat.update", **mishap)
            with pytest.raises(TryLater):
                await Sending(client, settings, session, logging.getLogger("test")).change(place, line)
            assert len(slack.calls_of("chat.update")) == 1
            assert said.text == "…"

    asyncio.run(run())
