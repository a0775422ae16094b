"""Where an answer cannot be shown on Slack its asker is told so, and what only they see never comes twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.bot.platforms.slack.scene import Scene, play
from tests.fakes.slack import Said, shown_text
from workers.queue import names

ANSWERS = [("great", "positive", "did not say whether it arrived"), ("最高", "ポジティブ", "届いたかどうかを Slack が返しません")]
UNSURE: list[dict[str, Any]] = [{"lost": True}, {"error": "internal_error"}, {"status": 500}]
SURELY_NOT: list[dict[str, Any]] = [{"status": 429, "retry_after_s": 1}, {"status": 503}]


async def settled(it: Scene) -> None:
    """Wait until the bot has forgotten the job."""
    async with asyncio.timeout(30):
        while not it.worker.asked or it.worker.connection.xlen(names.replies("slack")):
            await asyncio.sleep(0.02)


def with_text(it: Scene, text: str) -> list[Said]:
    return [said for said in it.slack.store.said if text in shown_text(said) and said.bot_id]


async def ask_privately(it: Scene, text: str, *, expired: bool = True) -> None:
    """A question whose answer only the asker sees; with `expired` the way through the response_url is closed then."""
    it.worker.free.clear()
    await it.slack.slash("/sentiment", f"{text} --private")
    await it.slack.store.until(lambda: it.slack.ephemerals, timeout_s=30, what="the reading line")
    if expired:
        it.slack.trouble.next("response_url", times=9, status=404, error="expired_url")


@pytest.mark.parametrize("mishap", UNSURE, ids=["lost", "internal error", "500"])
@pytest.mark.parametrize(("text", "answer", "told"), ANSWERS, ids=["en", "ja"])
def test_what_only_the_asker_sees_comes_once_and_they_are_told_where_nobody_knows_whether_it_came(
    redis_url: str, mishap: dict[str, Any], text: str, answer: str, told: str
) -> None:
    async def scene(it: Scene) -> None:
        await ask_privately(it, text)
        it.slack.trouble.next("chat.postEphemeral", **mishap)
        it.worker.free.set()
        said = await it.answer(told)
        assert said.channel == it.slack.store.direct(it.slack.asker).id
        await settled(it)
        assert len(with_text(it, told)) == 1
        assert len(with_text(it, answer)) == ("lost" in mishap)
        assert len(it.slack.calls_of("chat.postEphemeral")) == 1

    play(redis_url, scene)


@pytest.mark.parametrize("mishap", SURELY_NOT, ids=["429", "503"])
def test_what_only_the_asker_sees_is_tried_again_where_it_surely_did_not_come(redis_url: str, mishap: dict[str, Any]) -> None:
    async def scene(it: Scene) -> None:
        await ask_privately(it, "great")
        it.slack.trouble.next("chat.postEphemeral", times=2, **mishap)
        it.worker.free.set()
        said = await it.answer("positive")
        await settled(it)
        assert (said.only_to, len(with_text(it, "positive"))) == (it.slack.asker, 1)
        assert it.slack.messages_in(it.slack.store.direct(it.slack.asker).id) == []

    play(redis_url, scene)


def test_the_next_bot_does_not_say_again_what_may_have_come(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await ask_privately(it, "great")
        async with asyncio.timeout(30):
            while not (jobs := it.desk_jobs()):
                await asyncio.sleep(0.02)
        await it.desk.mark(jobs[0], "alone", "on its way")  # as a bot leaves it that is killed in the middle
        it.worker.free.set()
        await it.answer("did not say whether it arrived")
        await settled(it)
        assert with_text(it, "positive") == []

    play(redis_url, scene)


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
@pytest.mark.parametrize("mishap", [{"lost": True}, *SURELY_NOT], ids=["lost", "429", "503"])
@pytest.mark.parametrize(("text", "answer", "told"), ANSWERS, ids=["en", "ja"])
def test_a_private_answer_that_goes_by_direct_message_comes_through_trouble_once(
    redis_url: str, method: str, mishap: dict[str, Any], text: str, answer: str, told: str
) -> None:
    async def scene(it: Scene) -> None:
        await ask_privately(it, text)
        it.slack.store.channels[it.slack.general].members.remove(it.slack.bot)
        it.slack.trouble.next(method, times=2, **mishap)
        it.worker.free.set()
        said = await it.answer(answer)
        await settled(it)
        assert said.channel == it.slack.store.direct(it.slack.asker).id
        assert len(with_text(it, answer)) == 1
        assert with_text(it, told) == []

    play(redis_url, scene)


@pytest.mark.parametrize("mishap", [*UNSURE, *SURELY_NOT], ids=["lost", "internal error", "500", "429", "503"])
def test_an_edit_of_the_reading_line_may_be_tried_again(redis_url: str, mishap: dict[str, Any]) -> None:
    async def scene(it: Scene) -> None:
        await ask_privately(it, "great", expired=False)
        it.slack.trouble.next("response_url", **{"error": "", **mishap, **({"status": 500} if mishap.get("error") else {})})
        it.worker.free.set()
        await it.answer("positive")
        await settled(it)
        [said] = it.slack.ephemerals
        assert "positive" in shown_text(said)

    play(redis_url, scene)


@pytest.mark.parametrize(("text", "told"), [("great", "the chat refused it"), ("最高", "チャットに受け付けられず")])
@pytest.mark.parametrize("how", ["slash", "mention", "private"])
def test_an_answer_that_slack_refuses_leaves_an_apology_in_its_place(redis_url: str, how: str, text: str, told: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        if how == "mention":
            await it.slack.mention(f"sentiment {text}")
        else:
            await it.slack.slash("/sentiment", text if how == "slash" else f"{text} --private")
        reading = await it.answer("…")
        if how == "private":
            it.slack.trouble.next("response_url", status=404, error="expired_url")
            it.slack.trouble.next("chat.postEphemeral", error="invalid_blocks")
        else:
            it.slack.trouble.next("chat.update", error="msg_too_long")
        it.worker.free.set()
        said = await it.answer(told)
        await settled(it)
        assert said.channel == it.slack.general
        assert [each for each in it.slack.store.said if each.bot_id] == [reading]
        assert said is reading

    play(redis_url, scene)


def test_a_file_that_slack_refuses_is_apologised_for_below_its_answer(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next("files.getUploadURLExternal", times=9, error="file_upload_size_restricted")
        asked = await it.slack.mention("attention great")
        said = await it.answer("the chat refused it")
        await settled(it)
        [answer, apology] = it.slack.messages_in(it.slack.general)
        assert apology is said
        assert (answer.thread_ts, apology.thread_ts) == (asked.ts, asked.ts)
        assert "refused" not in shown_text(answer)

    play(redis_url, scene)


def test_an_apology_comes_once_though_its_response_got_lost(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next("files.getUploadURLExternal", times=9, error="file_upload_size_restricted")
        it.worker.free.clear()
        await it.slack.mention("attention great")
        await it.answer("Reading…")
        it.slack.trouble.next("chat.postMessage", lost=True)
        it.worker.free.set()
        await it.answer("the chat refused it")
        await settled(it)
        assert len(with_text(it, "the chat refused it")) == 1

    play(redis_url, scene)
