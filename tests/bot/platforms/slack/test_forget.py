"""A person is forgotten while the bot runs: they are told that what they asked is cancelled, and nothing of them is left in Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.guard.guard import GuardSettings
from engine.contract import NerRequest, SentimentRequest
from tests.bot.platforms.slack.scene import Scene, play
from tests.fakes.slack import shown_text
from tests.support.contents import everything
from workers.queue.door import JobQueue
from workers.queue.forgetting import Erased, Eraser


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("text", "told"), [("とても内緒の話", "取り消しました"), ("a very secret story", "Cancelled")])
def test_a_person_who_is_forgotten_is_told_and_nothing_of_them_is_left(redis_url: str, tmp_path: Path, text: str, told: str) -> None:
    async def scene(it: Scene) -> None:
        connection = it.worker.connection
        await it.slack.slash("/sentiment", f"{text} 1")
        await it.slack.wait_for_message(lambda said: any(block["type"] == "actions" for block in said.blocks))
        await until(lambda: not it.desk_jobs())
        it.worker.free.clear()
        await it.slack.mention(f"sentiment {text} 2")
        await until(lambda: len(it.desk_jobs()) == 1)
        eraser = Eraser(connection, JobQueue(connection), platform="slack", person=it.slack.asker)
        erased = await asyncio.to_thread(eraser.erase, tell_s=30)
        assert erased == Erased(jobs=erased.jobs, answers=1, intake=0, cached=0)
        await it.answer(told)
        it.worker.free.set()
        await it.slack.mention("ner Tim Cook", user=it.slack.other)
        await it.answer("Tim ")
        left = everything(connection)
        for secret in (text, json.dumps(text)[1:-1]):
            assert secret.encode() not in left
        assert [type(request) for request in it.worker.asked] == [SentimentRequest, NerRequest]  # the second was never computed
        assert not [said for said in it.slack.store.said if "lost inside" in shown_text(said)]

    play(redis_url, scene, store=FeedbackStore(tmp_path / FILE_NAME), guard=GuardSettings())
