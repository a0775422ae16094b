"""People press thumbs under answers on Discord; what became of it is told to them alone, and kept once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore, Kept
from bot.platforms.discord.thumbs import Pressed, pressed_from_id, typed_in
from engine.contract import AskRequest, SentimentRequest, Task
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import DM_CHANNEL, FakeInteraction, text_of
from tests.fakes.discord.checks import buttons_of
from tests.fakes.discord.objects import EPHEMERAL, OTHER_PERSON
from tests.fakes.discord.world import Message
from workers.queue import names

GOOD, BAD = "👍", "👎"
LOCALES = {"ja": "ja", "en": "en-US"}


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / FILE_NAME)


def kept(store: FeedbackStore) -> list[Kept]:
    return [opinion for task in ("sentiment", "ner", "ask", "similar") for opinion in store.kept(Task(task))]


async def until_kept(store: FeedbackStore, check: Callable[[list[Kept]], bool]) -> list[Kept]:
    async with asyncio.timeout(30):
        while not check(found := kept(store)):
            await asyncio.sleep(0.02)
    return found


async def asked(stage: Stage, name: str = "sentiment", options: dict[str, Any] | None = None) -> Message:
    """The answer to a slash command."""
    interaction = await stage.discord.slash(name, {"text": "この映画は神だった！"} if options is None else options)
    return await stage.discord.response_to(interaction)


async def told(stage: Stage, interaction: FakeInteraction, words: str) -> Message:
    """What the person alone is told after a press."""
    message = await stage.discord.wait_for_message(lambda found: found["id"] == interaction.message_id and words in text_of(found))
    assert message["flags"] & EPHEMERAL
    return message


def test_without_the_setting_there_are_no_buttons_and_nothing_is_kept(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        assert buttons_of(await asked(stage)) == []
        assert not list(stage.worker.connection.scan_iter(names.answered("*")))

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("name", "options", "offered"),
    [
        ("sentiment", {"text": "great"}, True),
        ("ner", {"text": "山田太郎"}, True),
        ("ask", {"question": "どこ？", "context": "京都です。"}, True),
        ("similar", {"text1": "a", "text2": "b"}, True),
        ("tokens", {"text": "猫"}, False),
        ("help", {}, False),
    ],
)
def test_thumbs_stand_under_answers_that_models_are_trained_for(
    redis_url: str, store: FeedbackStore, name: str, options: dict[str, Any], offered: bool
) -> None:
    async def scene(stage: Stage) -> None:
        shown = [button["emoji"]["name"] for button in buttons_of(await asked(stage, name, options))]
        assert shown == ([GOOD, BAD] if offered else [])

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(("text", "labels"), [("最高！", ["正しい答え", "違う答え"]), ("great", ["Good answer", "Wrong answer"])])
@pytest.mark.parametrize("direct", [False, True])
def test_an_answer_to_a_mention_has_thumbs_in_its_language(
    redis_url: str, store: FeedbackStore, text: str, labels: list[str], direct: bool
) -> None:
    async def scene(stage: Stage) -> None:
        await (stage.discord.direct(f"sentiment {text}") if direct else stage.discord.mention(f"sentiment {text}"))
        answer = await stage.discord.wait_for_message(lambda message: bool(buttons_of(message)))
        assert (answer["channel_id"] == DM_CHANNEL) is direct
        assert [button["label"] for button in buttons_of(answer)] == labels
        interaction = await stage.discord.press(answer, GOOD)
        await told(stage, interaction, "kept for training")
        assert [opinion.answered.request for opinion in kept(store)] == [SentimentRequest(text=text)]

    play(redis_url, scene, store=store)


def test_an_answer_that_comes_elsewhere_has_its_thumbs(redis_url: str, store: FeedbackStore) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        interaction = await stage.discord.slash("sentiment", {"text": "great"})
        await asyncio.wait_for(interaction.acknowledged.wait(), 30)
        stage.discord.expire_interactions()
        stage.worker.free.set()
        answer = await stage.discord.wait_for_message(lambda message: "here because" in text_of(message))
        assert len(buttons_of(answer)) == 2

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(
    ("speech", "said", "back"), [("ja", "学習用に保存しました", "削除しました"), ("en", "kept for training", "has been deleted")]
)
def test_a_thumb_is_acknowledged_at_once_kept_and_taken_back(
    redis_url: str, store: FeedbackStore, speech: str, said: str, back: str
) -> None:
    async def scene(stage: Stage) -> None:
        answer = await asked(stage)
        interaction = await stage.discord.press(answer, GOOD, locale=LOCALES[speech], person=OTHER_PERSON)
        await told(stage, interaction, said)
        assert (interaction.acknowledged_after_s or 9) < 3
        assert [opinion.verdict for opinion in kept(store)] == ["good"]
        await told(stage, await stage.discord.press(answer, GOOD, locale=LOCALES[speech], person=OTHER_PERSON), back)
        assert kept(store) == []
        assert len(buttons_of(answer)) == 2

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(
    ("speech", "name", "options", "button", "right", "shown"),
    [
        ("ja", "sentiment", {"text": "最高"}, "ネガティブ", "negative", "「ネガティブ」を記録しました"),
        ("en", "sentiment", {"text": "great"}, "neutral", "neutral", "“neutral” is noted"),
        ("ja", "similar", {"text1": "猫", "text2": "犬"}, "5", 5, "「5」を記録しました"),
        ("en", "similar", {"text1": "a", "text2": "b"}, "0", 0, "“0” is noted"),
        ("ja", "ask", {"question": "どこ？", "context": "京都です。"}, "文中に答えはない", None, "と記録しました"),
        ("en", "ask", {"question": "Where?", "context": "In Kyoto."}, "The text has no answer", None, "It is noted that"),
    ],
)
def test_what_would_be_right_is_chosen_in_the_message_that_only_the_person_sees(
    redis_url: str, store: FeedbackStore, speech: str, name: str, options: dict[str, Any], button: str, right: object, shown: str
) -> None:
    async def scene(stage: Stage) -> None:
        locale = LOCALES[speech]
        pressed = await stage.discord.press(await asked(stage, name, options), BAD, locale=locale)
        aside = await told(stage, pressed, {"ja": "間違いの例", "en": "a wrong example"}[speech])
        corrected = await stage.discord.press(aside, button, locale=locale)
        assert await told(stage, corrected, shown) is aside  # it is changed in its place
        (opinion,) = kept(store)
        assert (opinion.verdict, json.loads(opinion.correction or "")) == ("bad", right)

    play(redis_url, scene, store=store)


def test_names_are_kept_as_wrong_and_corrected_in_the_file(redis_url: str, store: FeedbackStore) -> None:
    async def scene(stage: Stage) -> None:
        pressed = await stage.discord.press(await asked(stage, "ner"), BAD)
        assert buttons_of(await told(stage, pressed, "to-label")) == []
        assert [opinion.verdict for opinion in kept(store)] == ["bad"]

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(
    ("speech", "context", "write", "wrong", "trouble", "right"),
    [
        ("ja", "会議は京都で開く。", "正しい答えを書く", "大阪", "文脈の中にありません", "京都"),
        ("en", "We meet in Kyoto.", "Write the right answer", "Osaka", "does not stand in the context", "Kyoto"),
    ],
)
def test_the_right_answer_to_a_question_is_written_in_a_form(
    redis_url: str, store: FeedbackStore, speech: str, context: str, write: str, wrong: str, trouble: str, right: str
) -> None:
    async def scene(stage: Stage) -> None:
        locale, discord = LOCALES[speech], stage.discord
        pressed = await discord.press(await asked(stage, "ask", {"question": "?", "context": context}), BAD, locale=locale)
        aside = await told(stage, pressed, {"ja": "間違いの例", "en": "a wrong example"}[speech])
        await discord.send_form(await discord.press(aside, write, locale=locale), wrong, locale=locale)
        refused = await discord.wait_for_message(lambda message: trouble in text_of(message))
        assert refused["flags"] & EPHEMERAL
        assert [opinion.correction for opinion in kept(store)] == [None]
        sent = await discord.send_form(await discord.press(aside, write, locale=locale), right, locale=locale)
        assert await told(stage, sent, right) is aside
        (opinion,) = kept(store)
        assert isinstance(opinion.answered.request, AskRequest)
        assert json.loads(opinion.correction or "") == {"text": right, "start": context.index(right)}

    play(redis_url, scene, store=store)


def test_a_bot_that_started_anew_still_takes_every_button(redis_url: str, store: FeedbackStore) -> None:
    async def scene(stage: Stage) -> None:
        answer = await asked(stage, "ask", {"question": "どこ？", "context": "京都です。"})
        await stage.stop_bot()
        await stage.start_bot()
        aside = await told(stage, await stage.discord.press(answer, BAD), "wrong example")
        await stage.stop_bot()
        await stage.start_bot()
        opened = await stage.discord.press(aside, "Write the right answer")
        await stage.discord.form_of(opened)
        await stage.stop_bot()
        await stage.start_bot()
        await told(stage, await stage.discord.send_form(opened, "京都"), "京都")
        assert json.loads(kept(store)[0].correction or "")["text"] == "京都"

    play(redis_url, scene, store=store)


def test_presses_that_a_resume_brings_twice_count_once(redis_url: str, store: FeedbackStore) -> None:
    async def scene(stage: Stage) -> None:
        answer = await asked(stage)
        await told(stage, await stage.discord.press(answer, BAD), "wrong example")
        await told(stage, await stage.discord.press(answer, GOOD), "right example")
        await stage.discord.drop_connection(again=2)
        await stage.discord.wait_until_ready(connections=2)
        await told(stage, await stage.discord.press(answer, GOOD, person=OTHER_PERSON), "right example")
        assert [opinion.verdict for opinion in kept(store)] == ["good", "good"]

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(("speech", "trouble"), [("ja", "記録はもう残っていない"), ("en", "is not kept any more")])
def test_a_thumb_under_an_answer_that_is_too_old_says_so_but_may_be_taken_back(
    redis_url: str, store: FeedbackStore, speech: str, trouble: str
) -> None:
    async def scene(stage: Stage) -> None:
        answer = await asked(stage)
        await told(stage, await stage.discord.press(answer, GOOD), "right example")
        stage.worker.connection.flushall()
        await told(stage, await stage.discord.press(answer, BAD, locale=LOCALES[speech], person=OTHER_PERSON), trouble)
        await told(stage, await stage.discord.press(answer, GOOD), "deleted")
        assert kept(store) == []

    play(redis_url, scene, store=store)


def test_a_thumb_from_when_feedback_was_on_says_that_it_is_off(redis_url: str, store: FeedbackStore) -> None:
    answers: list[Message] = []

    async def first(stage: Stage) -> None:
        answers.append(await asked(stage))

    async def later(stage: Stage) -> None:
        await told(stage, await stage.discord.press(answers[0], GOOD), "Feedback is off")

    play(redis_url, first, store=store)
    play(redis_url, later)
    assert kept(store) == []


def test_a_thumb_that_discord_would_not_acknowledge_is_not_kept_behind_the_persons_back(
    redis_url: str, store: FeedbackStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(stage: Stage) -> None:
        answer = await asked(stage)
        refused = stage.discord.fail("POST", "*/callback", status=404, code=10062)  # which is not tried again
        await stage.discord.press(answer, GOOD)
        await stage.discord.world.wait_until(lambda: "a thumb could not be answered" in caplog.text, 20)
        assert refused.met == 1
        assert kept(store) == []
        await told(stage, await stage.discord.press(answer, BAD, person=OTHER_PERSON), "wrong example")
        assert [opinion.verdict for opinion in kept(store)] == ["bad"]

    play(redis_url, scene, store=store)


@pytest.mark.parametrize("custom_id", ["", "other:good:a:", "yomite:good:a", "yomite:worse:a:", "yomite:good:a:b:c"])
def test_buttons_of_others_are_passed_over(custom_id: str) -> None:
    assert pressed_from_id(custom_id) is None


def test_an_id_says_what_was_pressed() -> None:
    pressed = Pressed(what="correct", answer="a" * 24, value="negative")
    assert pressed_from_id(pressed.to_id()) == pressed
    assert pressed.choice == "correct"


@pytest.mark.parametrize(
    "data",
    [
        {"components": [{"type": 18, "component": {"type": 4, "custom_id": "answer", "value": "京都"}}]},
        {"components": [{"type": 1, "components": [{"type": 4, "custom_id": "answer", "value": "京都"}]}]},
    ],
)
def test_what_was_typed_is_found_in_old_and_new_forms(data: dict[str, Any]) -> None:
    assert typed_in(data) == "京都"
