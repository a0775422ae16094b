"""A soak run tells what grows from what is flat, and a short one answers everything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.engine import Engine
from tests.chaos.run import Plan
from tests.chaos.soak import Sample, growth_of, report, soak


def samples(memory_mb: list[float], files: list[int]) -> list[Sample]:
    return [Sample(memory_mb=memory, files=count) for memory, count in zip(memory_mb, files, strict=True)]


def test_what_fills_in_the_first_third_and_stays_is_flat() -> None:
    growth = growth_of(samples([100, 200, 300, 300, 304, 302, 303, 301, 304], [10, 20, 30, 31, 30, 30, 30, 31, 32]))
    assert growth.is_flat
    assert growth.memory_mb == pytest.approx((302, 302.67), abs=0.01)


@pytest.mark.parametrize(
    ("memory_mb", "files"),
    [([300, 300, 300, 310, 320, 330, 340, 350, 360], [10] * 9), ([300] * 9, [10, 12, 14, 16, 18, 20, 22, 24, 26])],
    ids=["memory", "files"],
)
def test_what_goes_on_growing_is_seen(memory_mb: list[float], files: list[int]) -> None:
    assert not growth_of(samples(memory_mb, files)).is_flat


def test_growth_is_not_told_from_two_samples() -> None:
    with pytest.raises(ValueError, match="three samples"):
        growth_of(samples([1, 2], [1, 2]))


def test_a_short_soak_answers_everything_and_looks_at_every_process(tiny_pack: Path, tiny_engine: Engine, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    plan = Plan(seconds=6, seed=1, models=tiny_pack, folder=tmp_path, workers=1, rate_per_s=5)
    count, growths = asyncio.run(soak(plan, tiny_engine))
    assert count.is_clean, count.details
    assert count.answered == count.asked > 10
    assert growths.keys() == {"worker 0", "slack bot", "discord bot", "redis"}
    assert all(growth.memory_mb[1] > 1 and growth.files[1] > 3 for growth in growths.values())
    assert report(count, growths)[-1] == count.line()
