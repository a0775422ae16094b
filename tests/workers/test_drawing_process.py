"""A worker process that ends while it draws: killed, told to stop, or interrupted twice. No picture is lost or posted twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from tests.support.drawing import BEGUN, DRAWN, GO_ON, DrawingEngine, pictured
from tests.support.working import DEADLINE_S, PLATFORM, answered, outcome_of, until, work_off
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.worker import IMPATIENT_S

ROOT = Path(__file__).parents[2]


@contextmanager
def drawing_worker(server: EmbeddedRedis) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that stays at its pictures until the key GO_ON is there."""
    command = [sys.executable, "-m", "tests.support.drawing", server.url]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as worker:
        try:
            yield worker
        finally:
            worker.kill()


@pytest.fixture
def job(redis: Redis, queue: JobQueue) -> str:
    return queue.submit(pictured("京都の地図"), platform=PLATFORM)


def drawn(redis: Redis, *, times: int) -> bool:
    return redis.get(BEGUN) == str(times).encode()


def test_a_killed_workers_picture_is_drawn_by_another_and_posted_once(redis: Redis, server: EmbeddedRedis, job: str) -> None:
    with drawing_worker(server) as first:
        until(lambda: drawn(redis, times=1), what="the drawing")
        with drawing_worker(server) as second:
            first.kill()
            first.wait()
            assert answered(redis) == []
            until(lambda: drawn(redis, times=2), what="the second drawing")
            assert redis.hget(f"rq:job:{job}", "crashes") == b"1"
            redis.set(GO_ON, 1)
            until(lambda: answered(redis) == [job], what="the answer")
            assert outcome_of(redis, job) == DRAWN
            second.terminate()
            assert second.wait(DEADLINE_S) == 0
    assert not redis.exists(f"rq:job:{job}", names.TAKERS)


def test_a_worker_that_is_told_to_stop_finishes_its_picture_first(redis: Redis, server: EmbeddedRedis, job: str) -> None:
    with drawing_worker(server) as worker:
        until(lambda: drawn(redis, times=1), what="the drawing")
        worker.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(2)
        redis.set(GO_ON, 1)
        assert worker.wait(DEADLINE_S) == 0
    assert answered(redis) == [job]
    assert outcome_of(redis, job) == DRAWN


def test_a_worker_that_is_interrupted_twice_gives_its_picture_back(redis: Redis, server: EmbeddedRedis, job: str) -> None:
    with drawing_worker(server) as worker:
        until(lambda: drawn(redis, times=1), what="the drawing")
        os.kill(worker.pid, signal.SIGINT)
        until(lambda: redis.keys(names.leaving("*")), what="the first interrupt to be heard")
        time.sleep(1.5 * IMPATIENT_S)
        os.kill(worker.pid, signal.SIGINT)
        assert worker.wait(DEADLINE_S) == 1
        assert worker.stderr is not None
        said = worker.stderr.read().decode()
    assert "Traceback" not in said
    assert "Fatal" not in said
    assert answered(redis) == []
    assert not redis.hexists(f"rq:job:{job}", "crashes")
    work_off(redis, DrawingEngine())
    assert answered(redis) == [job]
