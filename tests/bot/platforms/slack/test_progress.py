"""Progress is shown at a bearable pace, and never after or over the answer."""

from __future__ import annotations

import asyncio

from bot.platforms.slack.progress import ProgressLine


def test_progress_is_shown_once_in_a_while() -> None:
    shown: list[str] = []

    async def change() -> None:
        shown.append("change")

    async def run() -> None:
        line = ProgressLine()
        for job in ("a", "a", "b", "a"):
            await line.show(job, change)

    asyncio.run(run())
    assert shown == ["change", "change"]  # one a job


def test_nothing_is_shown_after_the_answer() -> None:
    shown: list[str] = []

    async def change() -> None:
        shown.append("change")

    async def run() -> None:
        line = ProgressLine()
        await line.end("a")
        await line.show("a", change)

    asyncio.run(run())
    assert shown == []


def test_the_answer_waits_for_a_change_that_is_on_its_way() -> None:
    order: list[str] = []

    async def run() -> None:
        line, go_on = ProgressLine(), asyncio.Event()

        async def change() -> None:
            await go_on.wait()
            order.append("progress")
            raise ConnectionError

        async def answer() -> None:
            await line.end("a")
            order.append("answer")

        showing = asyncio.create_task(line.show("a", change))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answering = asyncio.create_task(answer())
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(showing, answering, return_exceptions=True)

    asyncio.run(run())
    assert order == ["progress", "answer"]
