"""On Slack only those are served whom the operator lets in; whoever is not is told so, and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.guard.access import AllowList
from bot.guard.guard import GuardSettings
from bot.guard.limits import Limits
from bot.platforms.slack.reading import team_of
from engine.contract import Task
from tests.bot.platforms.slack.scene import Scene, play
from tests.fakes.slack import FakeSlack, Said, shown_text
from tests.fakes.slack.store import TEAM
from workers.queue import names

NOT_YOU = {"ja": "あなたはまだ Yomite を使えません", "en": "Yomite is not open to you yet"}
TEXTS = {"ja": "この映画は神だった！", "en": "The build is flaky again."}


def only(**lists: Any) -> GuardSettings:
    """Nobody but those."""
    return GuardSettings(lists={"slack": AllowList(**{name: frozenset(ids) for name, ids in lists.items()})})


ONLY_ASKER = only(users=[FakeSlack.asker])


async def refused(it: Scene, words: str) -> Said:
    """What only the stranger sees."""
    said = await it.slack.wait_for_message(lambda said: words in shown_text(said))
    assert said.only_to == it.slack.other
    assert it.slack.messages_in(it.slack.general) == []
    assert it.worker.asked == []
    assert not it.worker.connection.exists(names.intake("slack"))
    return said


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_a_strangers_command_is_answered_to_them_alone_and_not_shown_in_the_channel(redis_url: str, speech: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.slash("/sentiment", TEXTS[speech], user=it.slack.other)
        await refused(it, NOT_YOU[speech])
        assert delivery.answer == {}  # no "in_channel": what they typed stays theirs

    play(redis_url, scene, guard=ONLY_ASKER)


def test_a_strangers_mention_is_answered_to_them_alone_and_no_file_of_theirs_is_fetched(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.mention("sentiment", user=it.slack.other, files={"a.txt": b"secret"})
        await refused(it, NOT_YOU["en"])
        assert not [call for call in it.slack.store.calls if call.method == "conversations.replies"]

    play(redis_url, scene, guard=ONLY_ASKER)


def test_a_strangers_shortcut_is_answered_to_them_alone(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        message = await it.slack.write(TEXTS["ja"], user=it.slack.asker)
        await it.slack.shortcut("read_sentiment", message=message, user=it.slack.other)
        await refused(it, NOT_YOU["ja"])

    play(redis_url, scene, guard=ONLY_ASKER)


def test_a_strangers_direct_message_is_answered_there(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.direct_message(f"sentiment {TEXTS['en']}", user=it.slack.other)
        said = await it.answer(NOT_YOU["en"])
        assert said.channel == it.slack.store.direct(it.slack.other).id
        assert not said.only_to
        assert it.worker.asked == []

    play(redis_url, scene, guard=ONLY_ASKER)


@pytest.mark.parametrize(
    ("guard", "words"),
    [
        (only(teams=["T0OTHER"]), "not open to this team"),
        (only(channels=[FakeSlack.elsewhere]), "not open in this channel"),
        (only(teams=[TEAM], channels=[FakeSlack.general], users=[FakeSlack.other]), "positive"),
        (only(channels=[FakeSlack.elsewhere], admins=[FakeSlack.other]), "not open in this channel"),
    ],
)
def test_teams_and_channels_are_looked_at_too(redis_url: str, guard: GuardSettings, words: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.mention(f"sentiment {TEXTS['en']}", user=it.slack.other)
        await it.answer(words)

    play(redis_url, scene, guard=guard)


def test_who_may_ask_is_answered_in_every_way(redis_url: str) -> None:
    guard = only(teams=[TEAM], channels=[FakeSlack.general], users=[FakeSlack.asker])

    async def scene(it: Scene) -> None:
        message = await it.slack.write(TEXTS["ja"], user=it.slack.other)
        await it.slack.slash("/sentiment", TEXTS["ja"])
        await it.slack.mention(f"ner {TEXTS['ja']}")
        await it.slack.shortcut("read_tokens", message=message)
        await it.slack.direct_message(f"sentiment {TEXTS['en']}")
        async with asyncio.timeout(30):
            while len(it.worker.asked) < 4:
                await asyncio.sleep(0.02)

    play(redis_url, scene, guard=guard)


@pytest.mark.parametrize(
    ("payload", "team"),
    [
        ({"team_id": "T1", "user_id": "U1"}, "T1"),
        ({"team": {"id": "T1"}, "user": {"id": "U1"}}, "T1"),
        ({"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T2"}}, "T2"),  # a guest from another workspace
        ({"team": None, "user": {"id": "U1", "team_id": "T2"}}, "T2"),  # an app of a whole organisation
        ({}, ""),
    ],
)
def test_the_team_is_that_of_the_person(payload: dict[str, Any], team: str) -> None:
    assert team_of(payload) == team


# --- Thumbs and corrections ----------------------------------------------------------------------------------------


def opinions(store: FeedbackStore) -> int:
    return sum(count.good + count.corrected + count.to_label for count in store.counts())


async def answered(it: Scene, command: str, line: str) -> Said:
    await it.slack.slash(command, line)
    return await it.slack.wait_for_message(lambda said: not said.only_to and any(block["type"] == "actions" for block in said.blocks))


def test_a_strangers_thumb_is_not_taken_and_they_alone_are_told(redis_url: str, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / FILE_NAME)

    async def scene(it: Scene) -> None:
        said = await answered(it, "/sentiment", TEXTS["ja"])
        await it.slack.press(said, "yomite_thumb_good", user=it.slack.other)
        told = await it.answer(NOT_YOU["ja"])
        assert told.only_to == it.slack.other
        assert opinions(store) == 0
        await it.slack.press(said, "yomite_thumb_good")
        await it.answer("正しい例として")
        assert opinions(store) == 1

    play(redis_url, scene, store=store, guard=ONLY_ASKER)


def test_a_form_says_which_channel_it_was_opened_in(redis_url: str, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / FILE_NAME)

    async def scene(it: Scene) -> None:
        said = await answered(it, "/ask", "Where? | We meet in Kyoto.")
        await it.slack.press(said, "yomite_thumb_bad")
        await it.slack.press(await it.answer("What would be the right answer?"), "yomite_write")
        await it.slack.send_form(await it.slack.wait_for_view(), {"answer": {"text": "Kyoto"}})
        await it.answer("“Kyoto” is noted")

    play(redis_url, scene, store=store, guard=only(channels=[FakeSlack.general], users=[FakeSlack.asker]))
    (kept,) = store.kept(Task.ASK)
    assert kept.correction is not None


def test_a_strangers_form_does_not_open(redis_url: str, tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        said = await answered(it, "/ask", "Where? | We meet in Kyoto.")
        await it.slack.press(said, "yomite_thumb_bad")
        asked = await it.answer("What would be the right answer?")
        await it.slack.press(asked, "yomite_write", user=it.slack.other)
        await it.answer(NOT_YOU["en"])
        assert it.slack.store.views == []

    play(redis_url, scene, store=FeedbackStore(tmp_path / FILE_NAME), guard=ONLY_ASKER)


# --- Limits --------------------------------------------------------------------------------------------------------


def test_the_question_beyond_the_limit_is_answered_to_its_asker_alone_with_when_to_ask_again(redis_url: str) -> None:
    guard = GuardSettings(limits=Limits(person=1, channel=0, team=0))

    async def scene(it: Scene) -> None:
        await it.slack.mention(f"sentiment {TEXTS['ja']}")
        await it.answer("ポジティブ")
        await it.slack.mention(f"sentiment {TEXTS['ja']}")
        said = await it.answer("あなたが送れるのは 1 分に 1 件")
        assert said.only_to == it.slack.asker
        assert "秒後にもう一度" in shown_text(said)
        assert len(it.worker.asked) == 1

    play(redis_url, scene, guard=guard)


def test_a_full_queue_is_told_where_the_answer_would_have_come(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        await it.slack.mention(f"sentiment {TEXTS['ja']}")
        async with asyncio.timeout(30):
            while not it.desk_jobs():
                await asyncio.sleep(0.02)
        await it.slack.mention(f"sentiment {TEXTS['ja']}！")
        said = await it.answer("1 件が待っていて、上限は 1 件")
        assert said.channel == it.slack.general
        it.worker.free.set()
        await it.answer("ポジティブ")  # what was taken is answered

    play(redis_url, scene, guard=GuardSettings(most_waiting=1))
