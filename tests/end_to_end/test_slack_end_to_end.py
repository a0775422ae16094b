"""Slack, end to end: the real client on a fake of its protocol, a real Redis, and a real worker with the bundled models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.platforms.slack import SlackSettings, serve_slack
from tests.end_to_end.system import CASES, EXPLAINED, Case, System
from tests.fakes.slack import FakeSlack, Said, shown_text
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

ACK_S = 3.0
PATIENCE_S = 120.0


@asynccontextmanager
async def on_slack(system: System) -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        settings = SlackSettings(bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.base_url)
        async with system.serving(lambda desk: serve_slack(settings, desk)):
            await slack.connected()
            yield slack


def holds(case: Case) -> object:
    return lambda said: all(part in shown_text(said) for part in case.expected)


async def check_answer(slack: FakeSlack, case: Case) -> Said:
    said = await slack.wait_for_message(holds(case), timeout_s=PATIENCE_S)  # type: ignore[arg-type]  # a predicate
    if case.picture:
        uploads = await slack.wait_for_uploads(2, timeout_s=PATIENCE_S)
        while not uploads[-1].name.endswith(".html"):  # the page comes last
            uploads = await slack.wait_for_uploads(len(uploads) + 1, timeout_s=PATIENCE_S)
        *pictures, page = uploads
        assert all(upload.data.startswith(b"\x89PNG\r\n") and upload.alt for upload in pictures)
        assert page.data.startswith(b"<!doctype html>")
    return said


@pytest.mark.parametrize("case", EXPLAINED, ids=lambda case: case.text)
def test_slack_end_to_end_attention_is_explained_in_every_view(system: System, case: Case) -> None:
    async def run() -> None:
        async with on_slack(system) as slack:
            await slack.mention(f"{case.command} {case.text}")
            await check_answer(slack, case)

    asyncio.run(run())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slack_end_to_end_a_slash_command_is_answered_in_the_channel(system: System, case: Case) -> None:
    async def run() -> None:
        async with on_slack(system) as slack:
            delivery = await slack.slash(f"/{case.command}", case.text)
            said = await check_answer(slack, case)
            assert said.channel == slack.general
            assert not said.only_to
            assert await delivery.acknowledged_s < ACK_S

    asyncio.run(run())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slack_end_to_end_a_mention_is_answered_in_its_thread(system: System, case: Case) -> None:
    async def run() -> None:
        async with on_slack(system) as slack:
            delivery = await slack.mention(f"{case.command} {case.text}")
            said = await check_answer(slack, case)
            assert said.thread_ts == delivery.ts
            assert len(slack.messages_in(slack.general)) == 1 + 2 * case.picture

    asyncio.run(run())


def test_slack_end_to_end_a_busy_worker_delays_no_acknowledgement(system: System) -> None:
    async def run() -> None:
        async with on_slack(system) as slack:
            with system.busy_worker():
                delivery = await slack.slash("/sentiment", "とても満足しています。")
                assert await asyncio.wait_for(delivery.acknowledged_s, PATIENCE_S) < ACK_S
                await slack.wait_for_message(lambda said: "読んでいます" in said.text, timeout_s=PATIENCE_S)
            await slack.wait_for_message(lambda said: "ポジティブ" in shown_text(said), timeout_s=PATIENCE_S)
            assert len(slack.messages_in(slack.general)) == 1

    asyncio.run(run())


def test_slack_end_to_end_an_event_that_comes_twice_gets_one_answer(system: System) -> None:
    async def run() -> None:
        async with on_slack(system) as slack:
            delivery = await slack.mention("sentiment I love this.")
            await asyncio.wait_for(delivery.acknowledged_s, PATIENCE_S)
            await slack.repeat(delivery)
            await slack.wait_for_message(lambda said: said.text.startswith("positive"), timeout_s=PATIENCE_S)
            await slack.repeat(delivery)
            await slack.mention("sentiment The service was terrible.")
            await slack.wait_for_message(lambda said: said.text.startswith("negative"), timeout_s=PATIENCE_S)
            assert len(slack.messages_in(slack.general)) == 2

    asyncio.run(run())


def test_slack_end_to_end_an_answer_waits_for_a_bot_that_was_away(system: System) -> None:
    """What is computed while no bot runs is posted by the next one, once."""

    async def run() -> None:
        async with FakeSlack() as slack:
            settings = SlackSettings(bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.base_url)
            with system.busy_worker():
                async with system.serving(lambda desk: serve_slack(settings, desk), drain=False):
                    await slack.connected()
                    await slack.mention("sentiment 二度と買いません。")
                    await slack.wait_for_message(lambda said: "読んでいます" in said.text, timeout_s=PATIENCE_S)
            async with system.serving(lambda desk: serve_slack(settings, desk)):
                await slack.wait_for_message(lambda said: "ネガティブ" in shown_text(said), timeout_s=PATIENCE_S)
            assert len(slack.messages_in(slack.general)) == 1

    asyncio.run(run())


def test_slack_end_to_end_an_absent_worker_delays_no_acknowledgement(tmp_path: Path) -> None:
    """The question waits, and is answered when a worker comes."""

    async def run(redis_url: str) -> None:
        nobody = System(redis_url=redis_url, worker=None)
        async with on_slack(nobody) as slack:
            delivery = await slack.mention("sentiment とても満足しています。")
            assert await asyncio.wait_for(delivery.acknowledged_s, PATIENCE_S) < ACK_S
            await slack.wait_for_message(lambda said: "読んでいます" in said.text, timeout_s=PATIENCE_S)
            worker = WorkerProcess(WorkerSettings(device="cpu"), redis_url=redis_url)
            try:
                await slack.wait_for_message(lambda said: "ポジティブ" in shown_text(said), timeout_s=PATIENCE_S)
            finally:
                await asyncio.to_thread(worker.stop)
            assert len(slack.messages_in(slack.general)) == 1

    with EmbeddedRedis(tmp_path, durable=True) as server:
        asyncio.run(run(server.url))
