"""A question that Slack was told is taken has one answer, also where the bot ends before it has handed it over."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.platforms.slack import intake, serve_slack
from engine.contract import SentimentRequest
from tests.bot.platforms.slack.scene import Scene, ended, open_scene, play, settings_for, workspace
from tests.fakes.slack import FakeSlack, Said, shown_text
from tests.support.slack_bot import kill, slack_bot
from workers.queue import names

TEXT = "とても満足しています。".encode()
QUESTION = SentimentRequest(text=TEXT.decode())


async def answer_in(slack: FakeSlack, text: str) -> Said:
    return await slack.wait_for_message(lambda said: text in shown_text(said), timeout_s=90)


def test_a_question_that_a_killed_bot_was_reading_is_answered_once_by_the_next(redis_url: str) -> None:
    async def run() -> None:
        async with workspace(redis_url) as (slack, worker):
            async with slack_bot(slack, redis_url) as bot:
                slack.trouble.next("download", hang_s=600)
                asked = await slack.mention("sentiment", files={"a.txt": TEXT})
                await asyncio.wait_for(asked.acknowledged_s, 30)
                intake_key = names.intake("slack")
                async with asyncio.timeout(30):
                    while not worker.connection.exists(intake_key):
                        await asyncio.sleep(0.02)
                [kept] = worker.connection.hvals(intake_key)  # type: ignore[misc]  # no coroutine
                kill(bot)
            for token in (slack.bot_token, slack.app_token, "verification"):
                assert token not in kept.decode()
            slack.trouble.end()
            async with slack_bot(slack, redis_url):
                said = await answer_in(slack, "ポジティブ")
                assert said.thread_ts == asked.ts
                await slack.repeat(asked)
                await slack.mention("sentiment つぎ")
                async with asyncio.timeout(30):
                    while len(worker.asked) < 2 or worker.connection.xlen(names.replies("slack")):
                        await asyncio.sleep(0.02)
            assert worker.asked == [QUESTION, SentimentRequest(text="つぎ")]
            assert len(slack.messages_in(slack.general)) == 2
            assert not worker.connection.exists(intake_key)

    asyncio.run(run())


async def never(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


async def ask(it: Scene, how: str) -> None:
    if how == "slash":
        await it.slack.slash("/sentiment", "great")
    elif how == "private":
        await it.slack.slash("/sentiment", "great --private")
    elif how == "mention":
        await it.slack.mention("sentiment great")
    elif how == "direct message":
        await it.slack.direct_message("sentiment great")
    else:
        await it.slack.shortcut("read_sentiment", message=await it.slack.write("great"))


@pytest.mark.parametrize("how", ["slash", "private", "mention", "direct message", "shortcut"])
def test_whatever_was_asked_is_taken_up_and_its_reading_line_becomes_the_answer(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(intake, "CLOSING_S", 0.05)

    async def run() -> None:
        async with open_scene(redis_url) as it:
            with monkeypatch.context() as patch:
                patch.setattr(it.desk, "submit", never)
                await ask(it, how)
                await it.answer("Reading…")
                it.serving.cancel()
                await asyncio.wait([it.serving])
            for key in it.worker.connection.scan_iter(names.seen("slack", "*")):
                it.worker.connection.delete(key)  # the lease ends
            again = asyncio.create_task(serve_slack(settings_for(it.slack), it.desk))
            try:
                said = await it.answer("positive")
                async with asyncio.timeout(30):
                    while it.worker.connection.xlen(names.replies("slack")):
                        await asyncio.sleep(0.02)
                if how != "private":  # what only the asker sees cannot be found again
                    assert [each for each in it.slack.store.said if each.bot_id] == [said]
                assert it.worker.asked == [SentimentRequest(text="great")]
            finally:
                await ended(again)

    asyncio.run(run())


@pytest.mark.parametrize(("line", "shown"), [("sentiment 楽しい", "2 回止まった"), ("sentiment good", "stopped twice")])
def test_a_question_that_ends_every_bot_is_given_up_and_its_person_told(redis_url: str, line: str, shown: str) -> None:
    async def scene(it: Scene) -> None:
        said = await it.slack.write(f"<@{it.slack.bot}> {line}", user=it.slack.asker)
        payload = {"channel": said.channel, "user": said.user, "ts": said.ts, "text": said.text, "type": "app_mention"}
        kept = {"told": {"kind": "mention", "team": "", "payload": payload}, "tried": 2, "at": float(said.ts)}
        it.worker.connection.hset(names.intake("slack"), "E1", json.dumps(kept))
        assert (await it.answer(shown)).thread_ts == said.ts
        assert it.worker.asked == []

    play(redis_url, scene)


def test_help_is_not_shown_again_by_the_next_bot(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        asked = await it.slack.mention("help")
        await it.answer("/sentiment")
        async with asyncio.timeout(30):
            while it.worker.connection.exists(names.intake("slack")):
                await asyncio.sleep(0.02)
        await it.slack.repeat(asked)
        await it.slack.mention("sentiment great")
        await it.answer("positive")
        assert len([said for said in it.slack.messages_in(it.slack.general) if "/sentiment" in shown_text(said)]) == 1

    play(redis_url, scene)
