"""A bot may come by several shards, in one process or in several: each is told of its guilds, and each question is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.errors import PlatformError
from bot.platforms.discord import DiscordSettings, serve_discord
from tests.bot.platforms.discord.stage import Stage, open_stage
from tests.fakes.discord import CHANNEL, OTHER_CHANNEL, text_of
from workers.queue.door import JobQueue

SHOWN = "positive 90.0%"


def play(redis_url: str, scene: Callable[[Stage], Awaitable[None]], *, recommended: int = 1, **changed: object) -> None:
    """Run a scene without a bot, on a Discord that recommends so many shards. `changed` are settings of the stage's bot."""

    async def run() -> None:
        async with open_stage(redis_url) as stage:
            stage.discord.gateway.recommended_shards = recommended
            stage.settings = replace(stage.settings, identify_every_s=0.0, **changed)  # type: ignore[arg-type]  # a test names the fields
            await scene(stage)

    asyncio.run(run())


async def shards_are_there(stage: Stage, *numbers: int) -> None:
    gateway, world = stage.discord.gateway, stage.discord.world
    await world.wait_until(lambda: gateway.connected.keys() == set(numbers), 20)


async def ask_everywhere(stage: Stage) -> None:
    """In both guilds, directly, and by a command; each has one answer in its place."""
    await stage.discord.mention("sentiment I love it")
    await stage.discord.mention("sentiment I love it", channel_id=OTHER_CHANNEL)
    await stage.discord.direct("sentiment I love it")
    used = await stage.discord.slash("sentiment", {"text": "I love it"}, channel_id=OTHER_CHANNEL)
    await stage.discord.response_to(used)
    await stage.discord.world.wait_until(lambda: len(answers(stage)) >= 4, 20)
    await stage.settled()
    assert len(answers(stage)) == 4 == len(stage.worker.asked)
    assert len(stage.discord.answers_in(CHANNEL)) == 1
    assert len(stage.discord.answers_in(OTHER_CHANNEL)) == 2


def answers(stage: Stage) -> list[str]:
    shown = [text_of(message) for channel in stage.discord.world.messages for message in stage.discord.answers_in(channel)]
    return [text for text in shown if SHOWN in text]


@pytest.mark.parametrize(("recommended", "shards"), [(2, 0), (1, 2)])
def test_one_process_holds_as_many_shards_as_discord_recommends_or_the_setting_says(redis_url: str, recommended: int, shards: int) -> None:
    async def scene(stage: Stage) -> None:
        await stage.start_bot()
        await shards_are_there(stage, 0, 1)
        await ask_everywhere(stage)
        assert stage.discord.world.times_published == 1

    play(redis_url, scene, recommended=recommended, shards=shards)


def test_a_shard_that_is_cut_resumes_and_what_was_said_meanwhile_is_answered(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.start_bot()
        await shards_are_there(stage, 0, 1)
        await stage.discord.drop_connection(abruptly=True)
        await stage.discord.mention("sentiment I love it")
        await stage.discord.mention("sentiment I love it", channel_id=OTHER_CHANNEL)
        await stage.discord.world.wait_until(lambda: len(answers(stage)) == 2, 20)
        assert stage.discord.gateway.resumes == 1

    play(redis_url, scene, shards=2)


def test_two_processes_with_a_shard_each_answer_their_own_guild_and_publish_the_commands_once(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        first, second = replace(stage.settings, shards=2, shard_ids=(0,)), replace(stage.settings, shards=2, shard_ids=(1,))
        bots = [asyncio.create_task(serve(redis_url, settings)) for settings in (second, first)]
        try:
            await shards_are_there(stage, 0, 1)
            await stage.discord.wait_until_ready(connections=2)
            await ask_everywhere(stage)
            assert stage.discord.world.times_published == 1
            # The answer is posted by whoever is there, whichever shard the question came by.
            stage.worker.free.clear()
            await stage.discord.mention("sentiment I love it", channel_id=OTHER_CHANNEL)
            await stage.discord.world.wait_until(lambda: stage.worker.job_ids(), 20)
            bots[0].cancel()
            await asyncio.wait([bots[0]])
            stage.worker.free.set()
            await stage.discord.world.wait_until(lambda: len(answers(stage)) == 5, 20)
        finally:
            for bot in bots:
                bot.cancel()
            await asyncio.gather(*bots, return_exceptions=True)

    play(redis_url, scene)


async def serve(redis_url: str, settings: DiscordSettings) -> None:
    """A bot with connections of its own, as another process has them."""
    with Redis.from_url(redis_url) as blocking:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            await serve_discord(settings, Desk(JobQueue(blocking), connection))


def test_a_process_without_the_first_shard_publishes_no_commands(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        bot = asyncio.create_task(serve_discord(stage.settings, stage.desk))
        try:
            await shards_are_there(stage, 1)
            await stage.discord.mention("sentiment I love it", channel_id=OTHER_CHANNEL)
            await stage.discord.world.wait_until(lambda: len(answers(stage)) == 1, 20)
            assert stage.discord.world.times_published == 0
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)

    play(redis_url, scene, shards=2, shard_ids=(1,))


@pytest.mark.parametrize(("least", "ids", "code"), [(4, (), "4011"), (1, (7,), "4010")])
def test_shards_that_discord_does_not_take_are_said_in_both_languages(redis_url: str, least: int, ids: tuple[int, ...], code: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.gateway.least_shards = least
        with pytest.raises(PlatformError) as caught:
            await stage.start_bot()
        for told in (caught.value.message.ja, caught.value.message.en):
            assert code in told
            assert "YOMITE_DISCORD_SHARDS" in told

    play(redis_url, scene, shards=2, shard_ids=ids)


def test_a_discord_that_does_not_say_how_many_shards_it_wants_is_asked_again(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.fail("GET", "*/gateway/bot", status=403, times=1)
        await stage.start_bot()
        await stage.discord.mention("sentiment I love it")
        await stage.discord.world.wait_until(lambda: len(answers(stage)) == 1, 20)
        assert "how many shards" in caplog.text

    play(redis_url, scene)
