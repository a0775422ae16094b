"""An answer reaches its asker though its thread was closed meanwhile, or the bot has lost its access."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import CHANNEL, DM_CHANNEL, text_of
from tests.fakes.discord.objects import THREAD

SPOKEN = [("I love it", "en-US", "positive 90.0%"), ("とてもよい", "ja", "ポジティブ 90.0%")]


async def progress_shown(stage: Stage, text: str) -> None:
    """A question in the thread, below which it is shown how far it is; nobody answers it yet."""
    stage.worker.free.clear()
    await stage.discord.mention(f"sentiment {text}", channel_id=THREAD)
    async with asyncio.timeout(20):
        while not (jobs := stage.worker.job_ids()):
            await asyncio.sleep(0.02)
    stage.worker.tell_progress(jobs[0], 0.4)
    await stage.discord.wait_for_message(lambda message: "40%" in message["content"])


@pytest.mark.parametrize(("text", "locale", "shown"), SPOKEN)
def test_an_answer_in_a_closed_thread_is_a_message_of_its_own_below_the_progress_line(
    redis_url: str, text: str, locale: str, shown: str
) -> None:
    async def scene(stage: Stage) -> None:
        await progress_shown(stage, text)
        stage.discord.close_thread()
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: shown in text_of(message))
        await stage.settled()
        assert answer["channel_id"] == THREAD
        assert len(stage.discord.answers_in(THREAD)) == 2

    play(redis_url, scene, locale=locale)


def test_an_answer_that_opened_its_thread_again_comes_once_though_the_response_got_lost(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await progress_shown(stage, "I love it")
        stage.discord.close_thread()
        lost = stage.discord.lose_response("POST", f"*/{THREAD}/messages")
        stage.worker.free.set()
        await stage.discord.wait_for_message(lambda message: "positive" in text_of(message))
        await stage.settled()
        assert lost.met == 1
        assert len([message for message in stage.discord.answers_in(THREAD) if "positive" in text_of(message)]) == 1

    play(redis_url, scene)


@pytest.mark.parametrize(("text", "locale", "shown"), SPOKEN)
@pytest.mark.parametrize("progress", [True, False])
def test_an_answer_in_a_locked_thread_goes_to_the_person_alone(redis_url: str, progress: bool, text: str, locale: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        if progress:
            await progress_shown(stage, text)
        stage.discord.close_thread(locked=True)
        if not progress:
            await stage.discord.mention(f"sentiment {text}", channel_id=THREAD)
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: shown in text_of(message))
        assert answer["channel_id"] == DM_CHANNEL

    play(redis_url, scene, locale=locale)


def test_a_thread_that_is_locked_but_not_closed_is_no_place_for_an_answer_either(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.world.locked.add(THREAD)
        await stage.discord.mention("sentiment I love it", channel_id=THREAD)
        assert (await stage.discord.wait_for_message())["channel_id"] == DM_CHANNEL

    play(redis_url, scene)


@pytest.mark.parametrize("code", [50001, 10003], ids=["no access", "no such channel"])
def test_an_answer_behind_a_progress_line_reaches_its_asker_where_the_bot_has_lost_its_access(redis_url: str, code: int) -> None:
    async def scene(stage: Stage) -> None:
        await progress_shown(stage, "I love it")
        status = 403 if code == 50001 else 404
        for method, path in (("PATCH", "messages/*"), ("POST", "messages")):
            stage.discord.fail(method, f"*/{THREAD}/{path}", status=status, code=code, times=9)
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: "positive" in text_of(message))
        assert answer["channel_id"] == DM_CHANNEL

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [("I love it", "en-US", "because the thread had been closed"), ("とてもよい", "ja", "スレッドが閉じられていたため")],
)
@pytest.mark.parametrize("locked", [False, True])
def test_a_command_whose_thread_was_closed_is_answered_in_a_new_message_that_says_why(
    redis_url: str, locked: bool, text: str, locale: str, shown: str
) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        interaction = await stage.discord.slash("sentiment", {"text": text}, locale=locale, channel_id=THREAD)
        await interaction.acknowledged.wait()
        stage.discord.close_thread(locked=locked)
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: shown in text_of(message))
        assert answer["channel_id"] == (DM_CHANNEL if locked else THREAD)
        assert "90.0%" in text_of(answer)
        assert stage.discord.answers_in(CHANNEL) == []

    play(redis_url, scene)
