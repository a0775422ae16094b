"""Slack's tokens are never in Redis, whatever was asked in whatever way, nor in any log."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from redis import Redis

from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.guard.guard import GuardSettings
from tests.bot.platforms.slack.scene import Scene, open_scene, play
from tests.bot.platforms.slack.test_http import free_port
from tests.fakes.slack import FakeSlack, Said, shown_text
from tests.support.contents import everything

SECRETS = (FakeSlack.bot_token, FakeSlack.app_token, FakeSlack.signing_secret)


def assert_no_secret_in(found: bytes) -> None:
    assert [secret for secret in SECRETS if secret.encode() in found] == []


async def all_jobs(it: Scene, count: int) -> None:
    async with asyncio.timeout(30):
        while len(it.desk_jobs()) < count:
            await asyncio.sleep(0.02)


async def ask_in_every_way(it: Scene) -> None:
    """Commands, mentions with a file and in a thread, direct messages, shortcuts; nothing is answered yet."""
    it.worker.free.clear()
    await it.slack.slash("/sentiment", "この映画は最高")
    await it.slack.slash("/similar", "a | b --private")
    await it.slack.mention("ner", files={"a.txt": "山田太郎は京都にいる。".encode()})
    thread = await it.slack.write("I love this.")
    await it.slack.mention("sentiment", thread_ts=thread.ts)
    await it.slack.direct_message("explain-attention 猫が好き")
    await it.slack.shortcut("read_tokens", message=thread)
    await all_jobs(it, 6)


def test_no_token_is_in_redis_while_questions_wait_nor_after_their_answers(redis_url: str, tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        connection: Redis = it.worker.connection
        await ask_in_every_way(it)
        waiting = everything(connection)
        assert "この映画は最高".encode() in waiting or b"\\u3053\\u306e\\u6620\\u753b" in waiting  # it looks where texts would be
        assert_no_secret_in(waiting)
        it.worker.free.set()
        async with asyncio.timeout(30):
            while it.desk_jobs():
                await asyncio.sleep(0.02)
        said: Said = await it.slack.wait_for_message(
            lambda said: not said.only_to and any(block["type"] == "actions" for block in said.blocks)
        )
        await it.slack.press(said, "yomite_thumb_good")
        await it.slack.wait_for_message(lambda said: "学習用" in shown_text(said) or "for training" in shown_text(said))
        assert_no_secret_in(everything(connection))
        assert_no_secret_in((tmp_path / FILE_NAME).read_bytes())

    play(redis_url, scene, store=FeedbackStore(tmp_path / FILE_NAME), guard=GuardSettings())


def test_the_signing_secret_is_not_in_redis_either(redis_url: str) -> None:
    async def run() -> None:
        port = free_port()
        async with open_scene(redis_url, http_port=port) as it:
            it.slack.app_url = f"http://127.0.0.1:{port}/slack/events"
            it.worker.free.clear()
            await it.slack.slash("/sentiment", "good")
            await all_jobs(it, 1)
            assert_no_secret_in(everything(it.worker.connection))

    asyncio.run(run())


def test_no_token_is_logged_whatever_is_asked_in_whatever_way(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene(it: Scene) -> None:
        it.slack.trouble.next("chat.postMessage", error="internal_error")
        await ask_in_every_way(it)
        it.worker.free.set()
        async with asyncio.timeout(30):
            while it.desk_jobs():
                await asyncio.sleep(0.02)

    play(redis_url, scene)
    assert caplog.text
    assert_no_secret_in(caplog.text.encode())
