"""One chaos run: starts everything, lets people ask while the villain does harm, waits until all is quiet, and counts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from engine.engine import Engine
from tests.chaos.judging import Count, judge
from tests.chaos.kept import Bot, Kept, new_worker
from tests.chaos.people import People
from tests.chaos.questions import Question, questions
from tests.chaos.villain import Villain
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from workers.queue import WorkerSettings, names
from workers.queue.server import EmbeddedRedis

READY_S = 120.0
QUIET_S = 3.0  # for so long nothing may change before it is counted
PATIENCE_S = 150.0  # for all answers, when nobody does harm any more: a bot that was refused often waits up to a minute
LOOK_S = 0.25
NEAR_S = 6.0  # what is told of a question that came to no good end
AHEAD = 3  # times as many questions are thought out as will probably be asked


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is given. It goes on until each kind of harm was done once, also where `seconds` are over before.

    `models`: a folder as models/, which the engine must have been opened on.
    """

    seconds: float
    seed: int
    models: Path
    folder: Path  # for Redis and for what the processes say
    workers: int = 2
    rate_per_s: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a run. `harm`: how often each kind was done; `left`: what still lies in Redis though all is answered.

    `around`: what happened about the time of each question that came to no good end, a line each.
    """

    count: Count
    harm: Mapping[str, int]
    left: tuple[str, ...]
    quiet_after_s: float
    around: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs."""

    server: EmbeddedRedis
    slack: FakeSlack
    discord: FakeDiscord
    workers: list[Kept]
    bots: dict[str, Kept]


async def run(plan: Plan, engine: Engine) -> Outcome:
    """Do all of it."""
    thought_out = iter(_think_out(plan, engine))  # now: nothing may hold up the fakes later
    with EmbeddedRedis(plan.folder / "redis", durable=True) as server:
        async with FakeSlack() as slack, FakeDiscord() as discord, staged(plan, server, slack, discord) as stage:
            await ready(stage)
            people = People(slack, discord, Random(f"people {plan.seed}"))
            stage.bots["discord"].on_end = people.discord_bot_ends
            villain = Villain(people=people, server=server, workers=stage.workers, bots=stage.bots, random=Random(f"villain {plan.seed}"))
            end = time.monotonic() + plan.seconds

            def is_over() -> bool:
                return time.monotonic() > end and villain.has_done_all

            await asyncio.gather(people.ask(thought_out, rate_per_s=plan.rate_per_s, until=is_over), villain.rage(until=is_over))
            await villain.relent()
            started = time.monotonic()
            count = await quiet(people)
            quiet_after_s = time.monotonic() - started
            left = await _left(server.url)
            await people.close()
    return Outcome(
        count=count,
        harm={kind: villain.done[kind] for kind in villain.kinds} | {"slack: told out of order": people.held},
        left=left,
        quiet_after_s=quiet_after_s,
        around=tuple(_around(number, people, villain) for number in count.troubled),
    )


def _around(number: int, people: People, villain: Villain) -> str:
    asked_at, delivery = people.asked_at[number], people.deliveries.get(number)
    known = delivery is not None and delivery.acknowledged_s.done()
    acknowledged = f", acknowledged {delivery.acknowledged_s.result():.3f} s after it was told" if delivery and known else ""
    harms = [f"{at - asked_at:+.2f} s {kind}" for at, kind in villain.moments if -NEAR_S < at - asked_at < NEAR_S]
    return f"about question {number}{acknowledged}: {'; '.join(harms) or 'no harm'}"


def _think_out(plan: Plan, engine: Engine) -> Iterator[Question]:
    endless = questions(Random(f"questions {plan.seed}"), engine)
    ahead = [next(endless) for _ in range(round(AHEAD * plan.rate_per_s * plan.seconds) + 10)]
    yield from ahead
    yield from endless


@contextlib.asynccontextmanager
async def staged(plan: Plan, server: EmbeddedRedis, slack: FakeSlack, discord: FakeDiscord) -> AsyncIterator[Stage]:
    """Workers and bots that are kept up; at the end they are stopped in good order."""
    random = Random(f"kept {plan.seed}")
    settings = WorkerSettings(models_dir=plan.models, device="cpu", precision="fp32", batch=8)
    common = {"redis_url": server.url, "state_dir": str(plan.folder)}
    addresses: dict[str, dict[str, Any]] = {
        "slack": common | {"bot_token": slack.bot_token, "app_token": slack.app_token, "base_url": slack.base_url},
        "discord": common
        | {"token": discord.token, "api_url": discord.api_url, "gateway_url": discord.gateway_url, "cdn_url": discord.cdn_url},
    }

    def worker(number: int) -> Kept:
        log = plan.folder / f"worker-{number}.log"
        return Kept(lambda: new_worker(settings, server.url, log), random)

    def bot(platform: str) -> Kept:
        return Kept(lambda: Bot(platform, addresses[platform], plan.folder / f"{platform}.log"), random)

    workers, bots = [worker(number) for number in range(plan.workers)], {platform: bot(platform) for platform in addresses}
    keepers = [asyncio.create_task(each.keep()) for each in (*workers, *bots.values())]
    try:
        yield Stage(server=server, slack=slack, discord=discord, workers=workers, bots=bots)
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in (*workers, *bots.values())))


async def ready(stage: Stage) -> None:
    """Until everything is there."""
    await stage.slack.connected(timeout_s=READY_S)
    await stage.discord.wait_until_ready(timeout_s=READY_S)
    async with asyncio.timeout(READY_S):
        while not all(worker.process.ready for worker in stage.workers if not isinstance(worker.process, Bot)):
            await asyncio.sleep(LOOK_S)


async def quiet(people: People) -> Count:
    """What became of the questions when nothing has changed for a while, or patience is at its end."""
    end = time.monotonic() + PATIENCE_S
    count, since = judge(people.asked, people.acknowledged(), people.shown()), time.monotonic()
    while time.monotonic() < end:
        await asyncio.sleep(LOOK_S)
        found = judge(people.asked, people.acknowledged(), people.shown())
        if found != count:
            count, since = found, time.monotonic()
        elif not count.lost and time.monotonic() - since > QUIET_S:
            break
    return count


async def _left(url: str) -> tuple[str, ...]:
    """What lies in Redis of jobs that are not finished."""
    async with redis.asyncio.Redis.from_url(url) as connection:
        patterns = ("rq:queue:*", "rq:job:*", "yomite:taken:*", "yomite:outcome:*", "yomite:blob:*")
        with contextlib.suppress(RedisError):
            keys: list[bytes] = [key for pattern in patterns for key in await connection.keys(pattern)]  # type: ignore[misc]  # bytes here
            streams = [(names.replies(platform), await connection.xlen(names.replies(platform))) for platform in ("slack", "discord")]
            return (*sorted(key.decode() for key in keys), *(f"{stream} ({entries})" for stream, entries in streams if entries))
    return ("Redis is not there",)
