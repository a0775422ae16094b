"""Workers on several hosts share one Redis: each takes what the others have not, and what a host that dies had taken is found by the others."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from engine.contract import NerRequest, SentimentRequest
from tests.support.hanging import GO_ON, HOLD
from tests.support.working import PLATFORM, answered, failed, until
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "another machine"


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process without a model; it stays at some texts until it is told to go on."""
    with subprocess.Popen([sys.executable, "-m", "tests.support.hanging", url, "60"], cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def takers(redis: Redis) -> dict[str, int]:
    """How many jobs each worker has taken and not finished."""
    found = [member.decode() for member in redis.smembers(names.TAKERS)]  # type: ignore[union-attr]  # not the asynchronous client
    return {name: int(redis.hlen(names.taken(name))) for name in found if redis.hlen(names.taken(name))}  # type: ignore[arg-type]  # as above


def known(redis: Redis, process: subprocess.Popen[bytes]) -> str | None:
    """The name under which a process is known."""
    for key in redis.scan_iter("rq:worker:*"):
        if redis.hget(key, "pid") == str(process.pid).encode():
            return str(key.decode().removeprefix("rq:worker:"))
    return None


def test_a_host_that_dies_leaves_its_jobs_to_the_others_when_it_has_not_been_heard_for_a_while(tmp_path: Path) -> None:
    with (
        EmbeddedRedis(tmp_path, durable=False) as server,
        Redis.from_url(server.url) as redis,
        worker(server.url) as first,
        worker(server.url) as second,
    ):
        queue = JobQueue(redis)
        until(lambda: queue.workers() == 2, what="both workers")
        jobs = [queue.submit(request, platform=PLATFORM) for request in (SentimentRequest(text=HOLD), NerRequest(text=HOLD))]
        until(lambda: sorted(takers(redis).values()) == [1, 1], what="a job for each worker")
        dying = known(redis, first)
        assert dying is not None
        # Its process id says nothing on another machine: only its key tells that it lives, until that ends.
        redis.hset(f"rq:worker:{dying}", "place", ELSEWHERE)
        first.kill()
        first.wait()
        redis.hset(f"rq:worker:{dying}", "place", ELSEWHERE)  # again, where its heart beat in between
        redis.set(GO_ON, 1)
        until(lambda: len(answered(redis)) == 1, what="the other worker's answer")
        jobs.append(queue.submit(SentimentRequest(text="その間に"), platform=PLATFORM))
        until(lambda: len(answered(redis)) == 2, what="an answer meanwhile")
        assert takers(redis) == {dying: 1}
        assert 0 < int(redis.ttl(f"rq:worker:{dying}")) <= 20  # type: ignore[arg-type]  # as above
        redis.delete(f"rq:worker:{dying}")  # that time is over
        until(lambda: len(answered(redis)) == 3, what="the dead worker's job")
        assert Counter(answered(redis)) == Counter(jobs)
        assert failed(redis) == {}
        assert second.poll() is None
