"""What is asked for at the same moment is asked for together, and each gets its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from workers.queue.at_once import AtOnce


class Doubling:
    """Doubles numbers and keeps which it was given together; while it is `held` it does not answer."""

    def __init__(self) -> None:
        self.together: list[list[int]] = []
        self.held = asyncio.Event()
        self.held.set()
        self.trouble: Exception | None = None

    async def __call__(self, asked: Sequence[int]) -> list[int]:
        self.together.append(list(asked))
        await self.held.wait()
        if self.trouble is not None:
            raise self.trouble
        return [2 * each for each in asked]


def test_what_comes_at_the_same_moment_goes_together_and_each_gets_its_own() -> None:
    async def run() -> None:
        doubling = Doubling()
        ask = AtOnce(doubling)
        assert await asyncio.gather(*(ask(number) for number in range(5))) == [0, 2, 4, 6, 8]
        assert await ask(7) == 14
        assert doubling.together == [[0, 1, 2, 3, 4], [7]]

    asyncio.run(run())


def test_what_comes_meanwhile_goes_together_when_the_first_is_back() -> None:
    async def run() -> None:
        doubling = Doubling()
        ask = AtOnce(doubling)
        doubling.held.clear()
        first = asyncio.create_task(ask(1))
        while not doubling.together:
            await asyncio.sleep(0)
        others = [asyncio.create_task(ask(number)) for number in (2, 3)]
        await asyncio.sleep(0)
        assert doubling.together == [[1]]
        doubling.held.set()
        assert await asyncio.gather(first, *others) == [2, 4, 6]
        assert doubling.together == [[1], [2, 3]]

    asyncio.run(run())


def test_an_error_is_raised_to_all_who_asked_and_to_nobody_after() -> None:
    async def run() -> None:
        doubling = Doubling()
        ask = AtOnce(doubling)
        doubling.trouble = ConnectionError("away")
        found = await asyncio.gather(ask(1), ask(2), return_exceptions=True)
        assert [type(each) for each in found] == [ConnectionError, ConnectionError]
        doubling.trouble = None
        assert await ask(3) == 6

    asyncio.run(run())


def test_one_who_no_longer_waits_takes_nothing_from_the_others() -> None:
    async def run() -> None:
        doubling = Doubling()
        ask = AtOnce(doubling)
        doubling.held.clear()
        gone, stays = (asyncio.create_task(ask(number)) for number in (1, 2))
        while not doubling.together:
            await asyncio.sleep(0)
        gone.cancel()
        doubling.held.set()
        assert await stays == 4
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(run())


def test_nobody_is_left_waiting_where_the_loop_ends() -> None:
    waiting: list[asyncio.Task[int]] = []

    async def run() -> None:
        doubling = Doubling()
        ask = AtOnce(doubling)
        doubling.held.clear()
        waiting.append(asyncio.create_task(ask(1)))
        while not doubling.together:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert waiting[0].cancelled()
