"""Discord's token is never in Redis, whatever was asked in whatever way, nor, as people's texts, in any log."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.guard.guard import GuardSettings
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import text_of
from tests.fakes.discord.checks import buttons_of
from tests.fakes.discord.objects import TOKEN
from tests.support.contents import everything

TEXT = "とても内緒の映画"


async def ask_in_every_way(stage: Stage) -> None:
    """Commands, menus, mentions with a file, direct messages; nothing is answered yet."""
    stage.worker.free.clear()
    await stage.discord.slash("sentiment", {"text": TEXT})
    await stage.discord.slash("similar", {"text1": TEXT, "text2": "b", "private": True})
    said = await stage.discord.say(TEXT)
    await stage.discord.context_menu("Read: sentiment", said)
    await stage.discord.mention("ner", attachments=[("a.txt", "山田太郎は京都にいる。".encode())])
    await stage.discord.direct(f"explain-attention {TEXT}")
    async with asyncio.timeout(30):
        while len(stage.worker.job_ids()) < 5:
            await asyncio.sleep(0.02)


def test_no_token_is_in_redis_while_questions_wait_nor_after_their_answers(redis_url: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        connection = stage.worker.connection
        await ask_in_every_way(stage)
        waiting = everything(connection)
        assert b"token-of-" in waiting  # what a command is answered with does lie there: it looks where tokens would be
        assert TOKEN.encode() not in waiting
        stage.worker.free.set()
        await stage.settled()
        pressed = await stage.discord.wait_for_message(lambda message: bool(buttons_of(message)))
        told = await stage.discord.response_to(await stage.discord.press(pressed, "👍"))
        assert "kept for training" in text_of(told)
        assert TOKEN.encode() not in everything(connection)
        assert TOKEN.encode() not in (tmp_path / FILE_NAME).read_bytes()

    play(redis_url, scene, store=FeedbackStore(tmp_path / FILE_NAME), guard=GuardSettings())


def test_no_token_and_no_text_of_a_person_is_logged(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene(stage: Stage) -> None:
        # Above this level the library writes down all that it gets; `serve_discord` keeps it from that where nobody else has.
        stage.discord.fail("POST", "*/messages", status=500, times=2)
        await ask_in_every_way(stage)
        await stage.discord.mention(f"nothing {TEXT}")
        stage.worker.free.set()
        await stage.settled()

    play(redis_url, scene)
    assert caplog.text
    assert TOKEN not in caplog.text
    assert TEXT not in caplog.text
