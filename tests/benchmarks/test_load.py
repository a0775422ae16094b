"""A load asks everything once, as many at a time as was said, and keeps the answers in their order."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.load import load, percentile


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_as_many_ask_at_once_as_was_said(concurrency: int) -> None:
    at_once: list[int] = []
    running = 0

    async def ask(number: int) -> int:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0.001 * (number % 3))
        running -= 1
        return 2 * number

    found = asyncio.run(load(ask, range(20), concurrency=concurrency))
    assert found.answers == tuple(2 * number for number in range(20))
    assert max(at_once) == concurrency
    assert found.per_s > 0
    assert 0 < found.p50_ms <= found.p95_ms


def test_a_request_that_fails_ends_the_load() -> None:
    async def ask(number: int) -> int:
        if number == 3:
            raise ValueError("not answered")
        return number

    with pytest.raises(ValueError, match="not answered"):
        asyncio.run(load(ask, range(8), concurrency=2))


def test_percentiles_are_those_of_all_values() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0, 100.0], 50) == 3.0
    assert percentile([5.0], 95) == 5.0
