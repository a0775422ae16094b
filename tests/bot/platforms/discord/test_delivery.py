"""Each answer arrives once, whatever Discord, the line or the bot do meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.desk import Desk, Reading
from bot.errors import PlatformError
from bot.platforms.discord import DiscordSettings
from tests.bot.platforms.discord.stage import Stage, play, settings_for
from tests.fakes.discord import CHANNEL, DM_CHANNEL, FakeDiscord, text_of
from tests.fakes.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS
from tests.fakes.discord.objects import BOT_ID

Order = Callable[[FakeDiscord], object]
ANSWER = "positive 90.0%"


async def mention_gets_one_answer(stage: Stage) -> None:
    await stage.discord.mention("sentiment I love it")
    assert ANSWER in text_of(await stage.discord.wait_for_message())
    await stage.settled()
    assert len(stage.discord.answers_in()) == 1


def test_the_bot_asks_for_the_least_that_works(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        assert stage.discord.gateway.identified_with == [GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES]

    play(redis_url, scene)


@pytest.mark.parametrize("abruptly", [False, True])
def test_events_that_a_resume_brings_twice_are_answered_once(redis_url: str, abruptly: bool) -> None:
    async def scene(stage: Stage) -> None:
        await mention_gets_one_answer(stage)
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        await stage.discord.response_to(interaction)
        await stage.settled()
        await stage.discord.drop_connection(again=2, abruptly=abruptly)
        await stage.discord.wait_until_ready(connections=2)
        assert stage.discord.gateway.resumes == 1
        await stage.discord.mention("ner Taro")
        await stage.discord.wait_for_message(lambda message: "1 name" in text_of(message))
        await stage.settled()
        assert len(stage.discord.answers_in()) == 3
        assert len(stage.worker.asked) == 3

    play(redis_url, scene)


def test_what_was_said_while_the_line_was_cut_is_answered(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.drop_connection()
        await mention_gets_one_answer(stage)

    play(redis_url, scene)


def test_a_session_that_discord_has_forgotten_is_begun_anew(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.drop_connection(resume=False)
        await stage.discord.wait_until_ready(connections=2)
        await mention_gets_one_answer(stage)

    play(redis_url, scene)


def test_a_heart_beats(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.world.wait_until(lambda: stage.discord.gateway.heartbeats, 20)

    play(redis_url, scene)


@pytest.mark.parametrize(
    "order",
    [
        lambda discord: discord.rate_limit("POST", "*/messages", retry_after_s=0.2),
        lambda discord: discord.rate_limit("POST", "*/messages", retry_after_s=0.2, via=False),
        lambda discord: discord.fail("POST", "*/messages", status=500),
        lambda discord: discord.fail("POST", "*/messages", status=503),
        lambda discord: discord.lose_response("POST", "*/messages"),
        lambda discord: discord.fail("POST", "*/typing", status=403, code=50001),
    ],
    ids=["429", "429 before Discord", "500", "503", "lost", "no typing"],
)
def test_an_answer_to_a_mention_arrives_once_through_trouble(redis_url: str, order: Order) -> None:
    async def scene(stage: Stage) -> None:
        order(stage.discord)
        await mention_gets_one_answer(stage)

    play(redis_url, scene)


def test_the_nonce_alone_keeps_an_answer_from_being_posted_twice(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        # The bot may not look back, and may not know that its message was taken.
        stage.discord.fail("GET", "*/messages", status=403, code=50001, times=9)
        lost = stage.discord.lose_response("POST", "*/messages", times=2)
        await mention_gets_one_answer(stage)
        assert lost.met == 2

    play(redis_url, scene)


async def answered_once_though_the_nonce_is_forgotten(stage: Stage, channel: str, *, restart: bool = False) -> None:
    """Discord takes the answer, its response gets lost, and when the bot tries again Discord does not know the nonce any more.

    With `restart` it is another bot that tries again.
    """
    lost = stage.discord.lose_response("POST", "*/messages")
    stage.worker.free.set()
    answer = await stage.discord.wait_for_message()
    stage.discord.world.forget_nonces()
    if restart:
        await stage.stop_bot()
        await stage.start_bot()
    await stage.settled()
    assert lost.met == 1
    assert stage.discord.answers_in(CHANNEL) + stage.discord.answers_in(DM_CHANNEL) == [answer]
    assert answer["channel_id"] == channel


def test_an_answer_to_a_mention_arrives_once_though_discord_has_forgotten_its_nonce(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        await stage.discord.mention("sentiment I love it")
        await answered_once_though_the_nonce_is_forgotten(stage, CHANNEL)

    play(redis_url, scene)


def test_an_answer_that_had_to_be_sent_directly_arrives_once_though_discord_has_forgotten_its_nonce(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        stage.discord.fail("POST", f"*/{CHANNEL}/messages", status=403, code=50013, times=9)
        await stage.discord.mention("sentiment I love it")
        await answered_once_though_the_nonce_is_forgotten(stage, DM_CHANNEL)

    play(redis_url, scene)


@pytest.mark.parametrize(("private", "channel"), [(False, CHANNEL), (True, DM_CHANNEL)])
@pytest.mark.parametrize("restart", [False, True])
def test_a_late_answer_to_a_command_arrives_once_though_discord_has_forgotten_its_nonce(
    redis_url: str, restart: bool, private: bool, channel: str
) -> None:
    async def scene(stage: Stage) -> None:
        await late_command(stage, private=private)
        await answered_once_though_the_nonce_is_forgotten(stage, channel, restart=restart)

    play(redis_url, scene)


def test_an_equal_answer_to_an_earlier_command_is_not_taken_for_that_to_a_late_one(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await late_command(stage)
        stage.worker.free.set()
        earlier = await stage.discord.wait_for_message()
        await stage.settled()
        earlier["embeds"][0]["timestamp"] = "2024-01-01T00:00:00+00:00"
        await late_command(stage)
        refused = stage.discord.fail("POST", "*/messages", status=503)
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: message is not earlier)
        await stage.settled()
        assert refused.met == 1
        assert text_of(answer) == text_of(earlier)
        assert stage.discord.answers_in() == [earlier, answer]

    play(redis_url, scene)


async def late_command(stage: Stage, *, private: bool = False) -> None:
    """A command whose 15 minutes are over; nobody answers it yet."""
    stage.worker.free.clear()
    interaction = await stage.discord.slash("sentiment", {"text": "I love it", "private": private})
    async with asyncio.timeout(20):
        while not stage.worker.job_ids():
            await asyncio.sleep(0.02)
    await interaction.acknowledged.wait()
    stage.discord.expire_interactions()


@pytest.mark.parametrize(
    "order",
    [
        lambda discord: discord.rate_limit("PATCH", "*/@original", retry_after_s=0.2),
        lambda discord: discord.fail("PATCH", "*/@original", status=500),
        lambda discord: discord.lose_response("PATCH", "*/@original", times=2),
        lambda discord: discord.lose_response("POST", "*/callback"),
    ],
    ids=["429", "500", "lost", "acknowledgement lost"],
)
def test_a_response_to_a_command_arrives_once_through_trouble(redis_url: str, order: Order) -> None:
    async def scene(stage: Stage) -> None:
        order(stage.discord)
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        assert ANSWER in text_of(await stage.discord.response_to(interaction))
        await stage.settled()
        assert len(stage.discord.answers_in()) == 1

    play(redis_url, scene)


def test_another_message_of_ours_below_the_question_is_not_taken_for_its_answer(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        said = await stage.discord.mention("sentiment I love it")
        other = {"embeds": [{"title": "something else"}], "message_reference": {"message_id": said["id"]}}
        stage.discord.world.add(CHANNEL, BOT_ID, other)
        refused = stage.discord.fail("POST", "*/messages", status=503)  # unlike a 500 not tried again by the library itself
        stage.worker.free.set()
        await stage.discord.wait_for_message(lambda message: ANSWER in text_of(message))
        await stage.settled()
        assert refused.met == 1
        assert len(stage.discord.answers_in()) == 2

    play(redis_url, scene)


def test_help_is_shown_once_through_trouble(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.lose_response("POST", "*/messages")
        await stage.discord.mention("help")
        async with asyncio.timeout(20):  # until the bot has looked whether its message is there
            while ("GET", f"/api/v10/channels/{CHANNEL}/messages") not in stage.discord.rest.requests:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        assert len(stage.discord.answers_in()) == 1

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [("I love it", "en-US", "the time to respond to the command is over"), ("とてもよい", "ja", "返事できる時間が過ぎた")],
)
def test_an_answer_after_the_fifteen_minutes_goes_into_the_channel(redis_url: str, text: str, locale: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        interaction = await stage.discord.slash("sentiment", {"text": text}, locale=locale)
        await interaction.acknowledged.wait()
        stage.discord.expire_interactions()
        stage.discord.lose_response("POST", "*/messages")
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message()
        assert (answer["channel_id"], answer["id"] == interaction.message_id) == (CHANNEL, False)
        assert shown in text_of(answer)
        await stage.settled()
        assert len(stage.discord.answers_in()) == 1
        assert stage.discord.world.pings == []

    play(redis_url, scene)


def test_a_private_answer_that_is_late_goes_to_the_person_alone(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        interaction = await stage.discord.slash("sentiment", {"text": "I love it", "private": True})
        await interaction.acknowledged.wait()
        stage.discord.expire_interactions()
        stage.worker.free.set()
        assert (await stage.discord.wait_for_message())["channel_id"] == DM_CHANNEL
        assert stage.discord.answers_in() == []

    play(redis_url, scene)


def test_a_command_that_came_too_late_to_be_acknowledged_is_answered_in_its_channel(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.fail("POST", "*/callback", status=404, code=10062)
        await stage.discord.slash("sentiment", {"text": "I love it"})
        assert ANSWER in text_of(await stage.discord.wait_for_message(lambda message: message["channel_id"] == CHANNEL))

    play(redis_url, scene)


@pytest.mark.parametrize(("line", "shown"), [("sentiment I love it", "not allowed to write"), ("感情 とてもよい", "書き込む権限がない")])
def test_where_the_bot_may_not_write_the_answer_reaches_the_asker(redis_url: str, line: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.fail("POST", f"*/{CHANNEL}/messages", status=403, code=50013, times=9)
        await stage.discord.mention(line)
        answer = await stage.discord.wait_for_message()
        assert answer["channel_id"] == DM_CHANNEL
        assert shown in text_of(answer)

    play(redis_url, scene)


def test_an_answer_that_nobody_can_get_is_dropped_and_the_next_one_comes(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        # Neither in the channel nor in their direct messages: no answer, and no apology.
        refused = stage.discord.fail("POST", "*/messages", status=403, code=50007, times=4)
        await stage.discord.mention("sentiment I love it")
        async with asyncio.timeout(20):
            while refused.met < refused.times:
                await asyncio.sleep(0.02)
        await stage.settled()
        await stage.discord.mention("ner Taro")
        assert "1 name" in text_of(await stage.discord.wait_for_message())

    play(redis_url, scene)


def test_an_answer_to_a_message_that_was_deleted_stands_for_itself(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        said = await stage.discord.mention("sentiment I love it")
        await stage.discord.world.wait_until(lambda: stage.discord.world.typing, 20)
        stage.discord.world.messages[CHANNEL].remove(said)
        stage.worker.free.set()
        assert "message_reference" not in await stage.discord.wait_for_message()

    play(redis_url, scene)


def test_answers_survive_a_restart_of_the_bot(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        said = await stage.discord.mention("sentiment I love it")
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        async with asyncio.timeout(20):
            while len(stage.worker.job_ids()) < 2:
                await asyncio.sleep(0.02)
        await stage.stop_bot()
        stage.worker.free.set()
        await stage.start_bot()
        assert ANSWER in text_of(await stage.discord.response_to(interaction))
        answer = await stage.discord.wait_for_message(lambda message: message.get("message_reference"))
        assert answer["message_reference"]["message_id"] == said["id"]

    play(redis_url, scene)


def test_progress_becomes_the_answer(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        await stage.discord.mention("sentiment とてもよい")
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        async with asyncio.timeout(20):
            while len(stage.worker.job_ids()) < 2:
                await asyncio.sleep(0.02)
        for job_id in stage.worker.job_ids():
            stage.worker.tell_progress(job_id, 0.4)
        shown = await stage.discord.wait_for_message(lambda message: message["content"] == "読んでいます… 40%")
        assert (await stage.discord.response_to(interaction))["content"] == "Reading… 40%"
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: "ポジティブ 90.0%" in text_of(message))
        await stage.discord.wait_for_message(lambda message: ANSWER in text_of(message))
        assert (answer["id"], answer["content"]) == (shown["id"], "")
        assert len(stage.discord.answers_in()) == 2

    play(redis_url, scene)


@pytest.mark.parametrize("token", ["another", "", "two words", "日本語"])
def test_a_wrong_token_is_one_clear_line(redis_url: str, token: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.settings = settings_for(stage.discord, token=token)
        with pytest.raises(PlatformError) as caught:
            await stage.start_bot()
        assert "DISCORD_TOKEN is not right" in caught.value.message.en
        assert "DISCORD_TOKEN が正しくありません" in caught.value.message.ja
        assert not token or token not in str(caught.value)

    play(redis_url, scene, start=False)


def test_an_intent_that_is_switched_off_is_one_clear_line(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.gateway.allowed_privileged = 0
        with pytest.raises(PlatformError, match="Message Content Intent is off"):
            await stage.start_bot()

    play(redis_url, scene, message_content=True, start=False)


def test_a_bot_that_starts_while_discord_is_away_comes_in_later(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.fail("GET", "*/users/@me", status=503)
        stage.discord.rate_limit("GET", "*/users/@me", retry_after_s=0.1, via=False)
        await stage.start_bot()
        await mention_gets_one_answer(stage)

    play(redis_url, scene, start=False)


def test_the_token_is_not_shown_with_the_settings() -> None:
    assert "secret" not in repr(DiscordSettings(token="secret"))


@pytest.mark.parametrize(("text", "locale", "shown"), [("I love it", "en-US", "internal fault"), ("とてもよい", "ja", "内部エラー")])
def test_a_fault_of_ours_is_told_of_and_logged_without_the_text(
    redis_url: str, caplog: pytest.LogCaptureFixture, text: str, locale: str, shown: str
) -> None:
    class FaultyDesk(Desk):
        async def submit(self, reading: Reading, delivery: dict[str, Any]) -> str:
            raise ZeroDivisionError(reading.incoming.line)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = FaultyDesk
        await stage.start_bot()
        await stage.discord.mention(f"sentiment {text}")
        assert shown in text_of(await stage.discord.wait_for_message())
        interaction = await stage.discord.slash("sentiment", {"text": text}, locale=locale)
        assert shown in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene, start=False)
    assert "ZeroDivisionError" in caplog.text
    assert text not in caplog.text
