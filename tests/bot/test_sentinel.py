"""A bot and a worker whose Redis is found by sentinels go on after the master has died, and what was acknowledged is answered once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.desk import Desk, Incoming, Reading
from bot.errors import PlatformError
from bot.serving import open_desk
from bot.settings import Settings
from tests.bot.recording import Recorder
from tests.support.hanging import WAIT
from tests.support.sentinel_redis import COPIES, Watched, watched_redis

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 90.0


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process without a model."""
    with subprocess.Popen([sys.executable, "-m", "tests.support.hanging", url, "30"], cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not met():
            await asyncio.sleep(0.05)


async def ask(desk: Desk, number: int, text: str) -> str:
    """The job of a question; whoever is told that it cannot be taken now asks again."""
    for attempt in itertools.count():
        said = Incoming(platform="chat", event_id=f"e{number}-{attempt}", person=f"p{number}", line=f"/sentiment {text}")
        reading = await desk.read(said)
        if isinstance(reading, Reading):
            with contextlib.suppress(PlatformError):
                return await desk.submit(reading, {"channel": "C1"})
        await asyncio.sleep(0.5)
    raise AssertionError("it was asked for ever")


def test_after_a_failover_the_same_bot_and_worker_answer_all_that_was_acknowledged_once(tmp_path: Path) -> None:
    platform = Recorder()

    def answered() -> Counter[str]:
        return Counter(answer.job_id for answer in platform.posted)

    async def live_through_it(redis: Watched, process: subprocess.Popen[bytes]) -> None:
        async with open_desk(Settings(state_dir=tmp_path), redis.url) as desk:
            delivering = asyncio.create_task(desk.deliver(platform))
            try:
                jobs = [await ask(desk, 0, "前の質問")]
                await until(lambda: answered().total() == 1)
                jobs += [await ask(desk, 1, WAIT), *[await ask(desk, number, f"待つ {number}") for number in range(2, 10)]]
                first = redis.master()
                assert await asyncio.to_thread(redis.copies, first) == COPIES
                redis.kill(first)
                # While there is no master: the bot holds on.
                jobs += await asyncio.gather(*(ask(desk, number, f"meanwhile {number}") for number in range(10, 14)))
                assert redis.master() != first
                jobs.append(await ask(desk, 14, "after it"))
                await until(lambda: answered().keys() >= set(jobs))
                assert answered() == Counter(jobs)
                assert platform.apologies == []
                assert process.poll() is None
            finally:
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)

    with watched_redis(tmp_path) as redis, worker(redis.url) as process:
        asyncio.run(live_through_it(redis, process))
