"""People press thumbs under answers on Slack; what became of it is told to them alone, and kept once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.feedback.press import Opinion, Press
from bot.feedback.store import FILE_NAME, FeedbackStore, Kept
from engine.contract import AskRequest, Failure, Message, SentimentRequest, Task
from tests.bot.platforms.slack.scene import Scene, ended, open_scene, play, settings_for
from tests.bot.platforms.slack.test_http import free_port
from tests.fakes.slack import Said, shown_text
from workers.queue import names

LINES = {"ja": "この映画は神だった！", "en": "The build is flaky again."}
QUESTIONS = {"ja": "どこ？ | 会議は京都で開く。", "en": "Where? | We meet in Kyoto."}


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / FILE_NAME)


def kept(store: FeedbackStore) -> list[Kept]:
    return [opinion for task in ("sentiment", "ner", "ask", "similar") for opinion in store.kept(Task(task))]


def buttons(said: Said) -> list[str]:
    return [element["action_id"] for block in said.blocks if block["type"] == "actions" for element in block["elements"]]


async def asked(it: Scene, line: str, command: str = "/sentiment") -> Said:
    """The answer to a slash command."""
    before = len(it.slack.messages_in(it.slack.general))
    await it.slack.slash(command, line)
    return await it.slack.wait_for_message(
        lambda said: said.user == it.slack.bot and len(it.slack.messages_in(it.slack.general)) > before and len(said.versions) > 1
    )


async def told(it: Scene, words: str) -> Said:
    return await it.slack.wait_for_message(lambda said: bool(said.only_to) and words in shown_text(said))


async def told_words(it: Scene, count: int) -> None:
    """Until people were told so often what became of their presses."""
    await it.slack.store.until(lambda: len(it.slack.ephemerals) == count, timeout_s=30, what="a word for each press")


async def until_kept(store: FeedbackStore, check: Callable[[list[Kept]], bool]) -> list[Kept]:
    async with asyncio.timeout(30):
        while not check(found := kept(store)):
            await asyncio.sleep(0.02)
    return found


def test_without_the_setting_there_are_no_buttons_and_nothing_is_kept(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        assert buttons(await asked(it, LINES["ja"])) == []
        assert not list(it.worker.connection.scan_iter(names.answered("*")))

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("command", "line", "offered"),
    [
        ("/sentiment", "great", True),
        ("/ner", "山田太郎", True),
        ("/ask", QUESTIONS["ja"], True),
        ("/similar", "a | b", True),
        ("/tokens", "猫", False),
    ],
)
def test_thumbs_stand_under_answers_that_models_are_trained_for(
    redis_url: str, store: FeedbackStore, command: str, line: str, offered: bool
) -> None:
    async def scene(it: Scene) -> None:
        assert buttons(await asked(it, line, command)) == (["yomite_thumb_good", "yomite_thumb_bad"] if offered else [])

    play(redis_url, scene, store=store)


def test_failures_and_help_have_no_thumbs(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        it.worker.outcome_of = lambda request: Failure(code="x", message=Message(ja="読めません。", en="It cannot be read."))  # type: ignore[assignment,return-value]  # as a worker may
        assert buttons(await asked(it, "great")) == []
        await it.slack.slash("/yomite-help")
        assert buttons(await it.answer("/sentiment")) == []
        assert not list(it.worker.connection.scan_iter(names.answered("*")))

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(
    ("speech", "said", "back"), [("ja", "学習用に保存しました", "削除しました"), ("en", "kept for training", "has been deleted")]
)
def test_a_thumb_is_acknowledged_at_once_kept_and_taken_back(
    redis_url: str, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch, speech: str, said: str, back: str
) -> None:
    async def scene(it: Scene) -> None:
        go_on, press = asyncio.Event(), it.desk.press

        async def slow(pressed: Press) -> Opinion:
            await go_on.wait()
            return await press(pressed)

        monkeypatch.setattr(it.desk, "press", slow)
        answer = await asked(it, LINES[speech])
        delivery = await it.slack.press(answer, "yomite_thumb_good", user=it.slack.other)
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        go_on.set()
        assert (await told(it, said)).only_to == it.slack.other
        (opinion,) = kept(store)
        assert opinion.verdict == "good"
        assert opinion.answered.request == SentimentRequest(text=LINES[speech])
        await it.slack.press(answer, "yomite_thumb_good", user=it.slack.other)
        await told(it, back)
        assert kept(store) == []
        assert it.slack.messages_in(it.slack.general) == [answer]

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(
    ("speech", "command", "line", "button", "right", "shown"),
    [
        ("ja", "/sentiment", LINES["ja"], "yomite_right_negative", "negative", "「ネガティブ」を記録しました"),
        ("en", "/sentiment", LINES["en"], "yomite_right_neutral", "neutral", "“neutral” is noted"),
        ("ja", "/similar", "猫 | ねこ", "yomite_right_5", 5, "「5」を記録しました"),
        ("en", "/similar", "a cat | a dog", "yomite_right_0", 0, "“0” is noted"),
        ("ja", "/ask", QUESTIONS["ja"], "yomite_right_none", None, "「文中に答えはない」と記録しました"),
        ("en", "/ask", QUESTIONS["en"], "yomite_right_none", None, "It is noted that the text has no answer"),
    ],
)
def test_what_would_be_right_is_chosen_in_the_message_that_only_the_person_sees(
    redis_url: str, store: FeedbackStore, speech: str, command: str, line: str, button: str, right: object, shown: str
) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.press(await asked(it, line, command), "yomite_thumb_bad")
        aside = await told(it, {"ja": "間違いの例", "en": "a wrong example"}[speech])
        await it.slack.press(aside, button)
        assert await told(it, shown) is aside  # it is changed in its place
        (opinion,) = kept(store)
        assert (opinion.verdict, json.loads(opinion.correction or "")) == ("bad", right)

    play(redis_url, scene, store=store)


def test_names_are_kept_as_wrong_and_corrected_in_the_file(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.press(await asked(it, "山田太郎です。", "/ner"), "yomite_thumb_bad")
        assert buttons(await told(it, "--to-label")) == []
        assert [opinion.verdict for opinion in kept(store)] == ["bad"]

    play(redis_url, scene, store=store)


async def write_the_right_answer(it: Scene, store: FeedbackStore, *, speech: str, wrong: str, trouble: str, right: str) -> None:
    await it.slack.press(await asked(it, QUESTIONS[speech], "/ask"), "yomite_thumb_bad")
    aside = await told(it, {"ja": "間違いの例", "en": "a wrong example"}[speech])
    await it.slack.press(aside, "yomite_write")
    view = await it.slack.wait_for_view()
    shown = json.dumps(view.data, ensure_ascii=False)
    assert all(part.strip() in shown for part in QUESTIONS[speech].split("|"))
    refused = await it.slack.send_form(view, {"answer": {"text": wrong}})
    assert trouble in refused.answer["errors"]["answer"]
    assert [opinion.correction for opinion in kept(store)] == [None]
    await it.slack.send_form(view, {"answer": {"text": right}})
    assert view.closed
    assert await told(it, right) is aside
    (opinion,) = kept(store)
    assert isinstance(opinion.answered.request, AskRequest)
    assert json.loads(opinion.correction or "") == {"text": right, "start": opinion.answered.request.context.index(right)}


SPEECHES = [
    {"speech": "ja", "wrong": "大阪", "trouble": "文脈の中にありません", "right": "京都"},
    {"speech": "en", "wrong": "Osaka", "trouble": "does not stand in the context", "right": "Kyoto"},
]


@pytest.mark.parametrize("said", SPEECHES, ids=["ja", "en"])
def test_the_right_answer_to_a_question_is_written_in_a_form(redis_url: str, store: FeedbackStore, said: dict[str, str]) -> None:
    async def scene(it: Scene) -> None:
        await write_the_right_answer(it, store, **said)

    play(redis_url, scene, store=store)


def test_all_of_it_works_by_http_too(redis_url: str, store: FeedbackStore) -> None:
    async def run() -> None:
        port = free_port()
        async with open_scene(redis_url, http_port=port, store=store) as it:
            it.slack.app_url = f"http://127.0.0.1:{port}/slack/events"
            await write_the_right_answer(it, store, **SPEECHES[0])

    asyncio.run(run())


def test_in_a_thread_the_person_is_told_in_the_thread(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        mention = await it.slack.mention("sentiment great")
        await it.slack.press(await it.answer("positive 90.0%"), "yomite_thumb_good")
        assert (await told(it, "kept for training")).thread_ts == mention.ts

    play(redis_url, scene, store=store)


def test_a_private_answer_has_thumbs_too(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.slash("/sentiment", "great --private")
        answer = await told(it, "positive 90.0%")
        await it.slack.press(answer, "yomite_thumb_good")
        assert await told(it, "kept for training") is not answer
        assert "positive 90.0%" in shown_text(answer)

    play(redis_url, scene, store=store)


@pytest.mark.parametrize("order", [(2, 1, 0), (2, 0, 1)], ids=["backwards", "the first one in between"])
def test_presses_that_come_twice_and_in_another_order_count_once(redis_url: str, store: FeedbackStore, order: tuple[int, ...]) -> None:
    async def scene(it: Scene) -> None:
        answer = await asked(it, LINES["ja"])
        presses = [await it.slack.press(answer, f"yomite_thumb_{verdict}", told=False) for verdict in ("good", "bad", "good")]
        for told_before, number in enumerate(order):
            await asyncio.wait_for(it.slack.tell_press(presses[number]).acknowledged_s, 30)
            await it.slack.repeat(presses[number])
            # They are taken beside each other: only what was told has been taken.
            await told_words(it, 2 * (told_before + 1))
        assert [opinion.verdict for opinion in kept(store)] == ["good"]

    play(redis_url, scene, store=store)


def test_everybody_has_an_opinion_of_their_own(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        answer = await asked(it, LINES["ja"])
        await it.slack.press(answer, "yomite_thumb_good")
        await it.slack.press(answer, "yomite_thumb_bad", user=it.slack.other)
        await until_kept(store, lambda found: sorted(opinion.verdict for opinion in found) == ["bad", "good"])

    play(redis_url, scene, store=store)


def test_a_bot_that_started_anew_still_knows_what_a_thumb_is_about(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        from bot.platforms.slack import serve_slack

        answer = await asked(it, LINES["ja"])
        connections = it.slack.sockets.connections
        await ended(it.serving)
        it.serving = asyncio.create_task(serve_slack(settings_for(it.slack), it.desk))
        await it.slack.sockets.connected(more_than=connections)
        await it.slack.press(answer, "yomite_thumb_good")
        await told(it, "学習用に保存しました")
        await ended(it.serving)

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(("speech", "trouble"), [("ja", "記録はもう残っていない"), ("en", "is not kept any more")])
def test_a_thumb_under_an_answer_that_is_too_old_says_so_but_may_be_taken_back(
    redis_url: str, store: FeedbackStore, speech: str, trouble: str
) -> None:
    async def scene(it: Scene) -> None:
        answer = await asked(it, LINES[speech])
        await it.slack.press(answer, "yomite_thumb_good")
        await until_kept(store, lambda found: len(found) == 1)
        it.worker.connection.flushall()
        await it.slack.press(answer, "yomite_thumb_bad", user=it.slack.other)
        await told(it, trouble)
        await it.slack.press(answer, "yomite_thumb_good")
        await until_kept(store, lambda found: found == [])

    play(redis_url, scene, store=store)


@pytest.mark.parametrize(("speech", "trouble"), [("ja", "フィードバックは使えません"), ("en", "Feedback is off")])
def test_a_thumb_from_when_feedback_was_on_says_that_it_is_off(redis_url: str, store: FeedbackStore, speech: str, trouble: str) -> None:
    pressed: list[Said] = []

    async def first(it: Scene) -> None:
        pressed.append(await asked(it, LINES[speech]))

    async def later(it: Scene) -> None:
        it.slack.store.said.append(pressed[0])
        await it.slack.press(pressed[0], "yomite_thumb_good")
        await told(it, trouble)

    play(redis_url, first, store=store)
    play(redis_url, later)
    assert kept(store) == []


def test_a_form_that_comes_again_does_not_bring_back_what_was_taken_back_since(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        answer = await asked(it, QUESTIONS["ja"], "/ask")
        await it.slack.press(answer, "yomite_thumb_bad")
        aside = await told(it, "間違いの例")
        await it.slack.press(aside, "yomite_write")
        delivery = await it.slack.send_form(await it.slack.wait_for_view(), {"answer": {"text": "京都"}})
        await until_kept(store, lambda found: bool(found and found[0].correction))
        await it.slack.press(answer, "yomite_thumb_bad")
        await until_kept(store, lambda found: found == [])
        await it.slack.repeat(delivery)
        await it.slack.store.until(lambda: len(aside.versions) == 3, timeout_s=30, what="a word for each time that the form came")
        assert kept(store) == []

    play(redis_url, scene, store=store)


def test_what_an_answer_is_about_is_kept_for_the_days_that_are_set(redis_url: str, store: FeedbackStore) -> None:
    async def scene(it: Scene) -> None:
        answer = await asked(it, LINES["ja"])
        job = json.loads(answer.blocks[-1]["elements"][0]["value"])[0]
        assert 3_000 < it.worker.connection.ttl(names.answered(job)) <= 3_600  # type: ignore[operator]  # not the asynchronous client

    play(redis_url, scene, store=store)
