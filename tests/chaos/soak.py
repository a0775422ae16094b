"""A soak run: people ask for long, no harm is done, and what processes hold must stay flat: `python -m tests.chaos.soak --seconds 600`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

import psutil

from engine.engine import Engine
from tests.chaos.engine import tiny_engine
from tests.chaos.judging import Count
from tests.chaos.people import People
from tests.chaos.questions import questions
from tests.chaos.run import Plan, Stage, quiet, ready, staged
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from workers.queue.server import EmbeddedRedis

SAMPLES = 60  # of a run, evenly spread
MOST_GROWTH_MB, MOST_GROWTH_SHARE = 6.0, 0.04  # of memory from the middle third to the last one: allocators breathe
MOST_MORE_FILES = 4


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one process holds at one moment: resident memory in MB, and open files and sockets."""

    memory_mb: float
    files: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a process held on the mean in the middle third of a run and in the last one."""

    memory_mb: tuple[float, float]
    files: tuple[float, float]

    @property
    def is_flat(self) -> bool:
        """Whether it holds no more than allocators and connections come and go."""
        before, after = self.memory_mb
        files_before, files_after = self.files
        return after - before <= MOST_GROWTH_MB + MOST_GROWTH_SHARE * before and files_after - files_before <= MOST_MORE_FILES


def growth_of(samples: Sequence[Sample]) -> Growth:
    """From all samples of a process in their order; the first third, in which caches fill, does not count.

    Raises:
        ValueError: there are fewer than three.
    """
    third = len(samples) // 3
    if not third:
        raise ValueError(f"growth is seen from three samples on, there are {len(samples)}")
    middle, last = samples[third : 2 * third], samples[-third:]
    return Growth(
        memory_mb=(fmean(sample.memory_mb for sample in middle), fmean(sample.memory_mb for sample in last)),
        files=(fmean(sample.files for sample in middle), fmean(sample.files for sample in last)),
    )


async def soak(plan: Plan, engine: Engine) -> tuple[Count, Mapping[str, Growth]]:
    """Ask for so long, and look at each process meanwhile."""
    samples: dict[str, list[Sample]] = {}
    with EmbeddedRedis(plan.folder / "redis", durable=True) as server:
        async with FakeSlack() as slack, FakeDiscord() as discord, staged(plan, server, slack, discord) as stage:
            await ready(stage)
            people, end = People(slack, discord, Random(f"people {plan.seed}")), time.monotonic() + plan.seconds
            looking = asyncio.create_task(_look(stage, samples, every_s=plan.seconds / SAMPLES))
            endless = questions(Random(f"questions {plan.seed}"), engine)
            await people.ask(endless, rate_per_s=plan.rate_per_s, until=lambda: time.monotonic() > end)
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking
            count = await quiet(people)
            await people.close()
    return count, {name: growth_of(found) for name, found in samples.items()}


async def _look(stage: Stage, samples: dict[str, list[Sample]], *, every_s: float) -> None:
    """Sample everything again and again, until cancelled."""
    pids = {f"worker {number}": kept.process.pid for number, kept in enumerate(stage.workers)}
    pids |= {f"{platform} bot": kept.process.pid for platform, kept in stage.bots.items()} | {"redis": stage.server.pid}
    processes = {name: psutil.Process(pid) for name, pid in pids.items()}
    while True:
        for name, process in processes.items():
            with process.oneshot():
                held = Sample(memory_mb=process.memory_info().rss / 2**20, files=process.num_fds())
            samples.setdefault(name, []).append(held)
        await asyncio.sleep(every_s)


def report(count: Count, growths: Mapping[str, Growth]) -> list[str]:
    """A line each; the last one is the count."""
    lines = [
        f"{name}: {growth.memory_mb[0]:.0f} → {growth.memory_mb[1]:.0f} MB, {growth.files[0]:.0f} → {growth.files[1]:.0f} open files"
        + ("" if growth.is_flat else "  GROWS")
        for name, growth in growths.items()
    ]
    return [*lines, *count.details, count.line()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where anything grows, or was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="for how long people ask")
    parser.add_argument("--rate", type=float, default=10.0, help="questions a second, on both platforms together")
    options = parser.parse_args(arguments)
    with tiny_engine() as (models, engine):
        plan = Plan(seconds=options.seconds, seed=1, models=models, folder=models.parent, workers=1, rate_per_s=options.rate)
        count, growths = asyncio.run(soak(plan, engine))
    print("\n".join(report(count, growths)), flush=True)
    return 0 if count.is_clean and all(growth.is_flat for growth in growths.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
