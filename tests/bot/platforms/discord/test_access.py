"""On Discord only those are served whom the operator lets in; whoever is not is told so, and where it can be, nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.guard.access import AllowList
from bot.guard.guard import GuardSettings
from bot.guard.limits import Limits
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import CHANNEL, DM_CHANNEL, text_of
from tests.fakes.discord.checks import buttons_of
from tests.fakes.discord.objects import EPHEMERAL, GUILD, OTHER_PERSON, PERSON, READERS, THREAD
from tests.fakes.discord.world import Message
from workers.queue import names

LOCALES = {"ja": "ja", "en": "en-US"}
NOT_YOU = {"ja": "あなたはまだ Yomite を使えません", "en": "Yomite is not open to you yet"}


def only(**lists: Any) -> GuardSettings:
    """Nobody but those."""
    return GuardSettings(lists={"discord": AllowList(**{name: frozenset(ids) for name, ids in lists.items()})})


ONLY_READERS = only(roles=[READERS])


def nothing_of_it(stage: Stage) -> None:
    assert stage.worker.asked == []
    assert not stage.worker.connection.exists(names.intake("discord"))


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_a_strangers_command_is_answered_to_them_alone(redis_url: str, speech: str) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash("status", locale=LOCALES[speech], person=OTHER_PERSON)
        message = await stage.discord.response_to(interaction)
        assert NOT_YOU[speech] in text_of(message)
        assert message["flags"] & EPHEMERAL
        nothing_of_it(stage)

    play(redis_url, scene, guard=ONLY_READERS)


def test_a_strangers_mention_is_answered_directly_and_not_in_the_channel(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention("sentiment この映画は最高", person=OTHER_PERSON, attachments=[("a.txt", b"secret")])
        message = await stage.discord.wait_for_message()
        assert NOT_YOU["ja"] in text_of(message)
        assert message["channel_id"] == DM_CHANNEL
        assert stage.discord.answers_in() == []
        assert not [path for method, path in stage.discord.rest.requests if path.startswith("/attachments/")]
        nothing_of_it(stage)

    play(redis_url, scene, guard=ONLY_READERS)


def test_a_stranger_who_takes_no_direct_messages_is_answered_in_the_channel(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.fail("POST", f"*/channels/{DM_CHANNEL}/messages", status=403, code=50007, times=10)
        said = await stage.discord.mention("sentiment good", person=OTHER_PERSON)
        message = await stage.discord.wait_for_message()
        assert NOT_YOU["en"] in text_of(message)
        assert message["channel_id"] == CHANNEL
        assert message["message_reference"]["message_id"] == said["id"]

    play(redis_url, scene, guard=ONLY_READERS)


def test_a_strangers_menu_is_answered_to_them_alone(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        said = await stage.discord.say("I love this.")
        interaction = await stage.discord.context_menu("Read: sentiment", said, person=OTHER_PERSON)
        message = await stage.discord.response_to(interaction)
        assert NOT_YOU["en"] in text_of(message)
        assert message["flags"] & EPHEMERAL
        nothing_of_it(stage)

    play(redis_url, scene, guard=ONLY_READERS)


@pytest.mark.parametrize(
    ("guard", "channel", "words"),
    [
        (only(teams=["910000000000000009"]), CHANNEL, "not open to this team"),
        (only(channels=["920000000000000009"]), CHANNEL, "not open in this channel"),
        (only(teams=[GUILD], channels=[CHANNEL], roles=[READERS]), CHANNEL, "positive"),
        (only(channels=[CHANNEL]), THREAD, "positive"),  # a thread belongs to its channel
        (only(teams=[GUILD], users=[OTHER_PERSON]), CHANNEL, "not open to you"),
        (only(users=[OTHER_PERSON], admins=[READERS]), CHANNEL, "positive"),
    ],
)
@pytest.mark.parametrize("by_command", [True, False])
def test_servers_channels_roles_and_people_are_looked_at(
    redis_url: str, guard: GuardSettings, channel: str, words: str, by_command: bool
) -> None:
    async def scene(stage: Stage) -> None:
        if by_command:
            await stage.discord.slash("sentiment", {"text": "I love this."}, channel_id=channel)
        else:
            await stage.discord.mention("sentiment I love this.", channel_id=channel)
        await stage.discord.wait_for_message(lambda message: words in text_of(message))

    play(redis_url, scene, guard=guard)


@pytest.mark.parametrize(
    ("guard", "words"),
    [
        (only(teams=[GUILD]), "not open in direct messages"),
        (only(teams=[GUILD], channels=[CHANNEL], users=[PERSON]), "positive"),
        (only(roles=[READERS]), "not open to you"),  # Discord tells no roles there
    ],
)
def test_directly_those_may_ask_who_are_named(redis_url: str, guard: GuardSettings, words: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.direct("sentiment I love this.")
        message = await stage.discord.wait_for_message(lambda message: words in text_of(message))
        assert message["channel_id"] == DM_CHANNEL

    play(redis_url, scene, guard=guard)


# --- Thumbs and corrections ----------------------------------------------------------------------------------------


def opinions(store: FeedbackStore) -> int:
    return sum(count.good + count.corrected + count.to_label for count in store.counts())


async def answer_to(stage: Stage, name: str, options: dict[str, str], *, locale: str = "en-US") -> Message:
    return await stage.discord.response_to(await stage.discord.slash(name, options, locale=locale))


def test_a_strangers_thumb_is_not_taken_and_they_alone_are_told(redis_url: str, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / FILE_NAME)

    async def scene(stage: Stage) -> None:
        answer = await answer_to(stage, "sentiment", {"text": "great"})
        told = await stage.discord.response_to(await stage.discord.press(answer, "👍", person=OTHER_PERSON, locale="ja"))
        assert NOT_YOU["ja"] in text_of(told)
        assert told["flags"] & EPHEMERAL
        assert opinions(store) == 0
        await stage.discord.response_to(await stage.discord.press(answer, "👍"))
        assert opinions(store) == 1

    play(redis_url, scene, store=store, guard=ONLY_READERS)


def test_a_strangers_form_does_not_open(redis_url: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        answer = await answer_to(stage, "ask", {"question": "Where?", "context": "We meet in Kyoto."})
        asked = await stage.discord.response_to(await stage.discord.press(answer, "👎"))
        label = buttons_of(asked)[0]["label"]
        pressed = await stage.discord.press(asked, label, person=OTHER_PERSON)
        told = await stage.discord.wait_for_message(lambda message: NOT_YOU["en"] in text_of(message))
        assert told["flags"] & EPHEMERAL
        assert pressed.form is None
        assert await stage.discord.form_of(await stage.discord.press(asked, label))

    play(redis_url, scene, store=FeedbackStore(tmp_path / FILE_NAME), guard=ONLY_READERS)


# --- Limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "locale", "said"), [("最高", "ja", "あなたが送れるのは 1 分に 1 件"), ("great", "en-US", "you can send at most 1 a minute")]
)
def test_the_question_beyond_the_limit_is_refused_with_when_to_ask_again(redis_url: str, text: str, locale: str, said: str) -> None:
    async def scene(stage: Stage) -> None:
        await answer_to(stage, "sentiment", {"text": text}, locale=locale)
        assert said in text_of(await answer_to(stage, "sentiment", {"text": text}, locale=locale))
        await stage.discord.mention(f"sentiment {text}")
        told = await stage.discord.wait_for_message(lambda message: message["channel_id"] == DM_CHANNEL)
        assert said in text_of(told)
        assert len(stage.worker.asked) == 1

    play(redis_url, scene, guard=GuardSettings(limits=Limits(person=1, channel=0, team=0)))


def test_a_full_queue_is_told_in_the_answers_place(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        first = await stage.discord.slash("sentiment", {"text": "great"})
        async with asyncio.timeout(30):
            while not stage.worker.job_ids():
                await asyncio.sleep(0.02)
        assert "1 is the most" in text_of(await answer_to(stage, "sentiment", {"text": "good"}))
        stage.worker.free.set()
        assert "positive" in text_of(await stage.discord.response_to(first))  # what was taken is answered

    play(redis_url, scene, guard=GuardSettings(most_waiting=1))
