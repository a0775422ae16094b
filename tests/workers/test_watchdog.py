"""A worker that hangs outside of Python ends, and its jobs are given up as those of one that crashed; one that is told to stop is no crash."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from engine.contract import Failure, SentimentRequest, SentimentResult
from tests.support.hanging import HANG_FREE, HANG_HELD, SLOW
from tests.support.working import DEADLINE_S, PLATFORM, RecordingEngine, answered, outcome_of, until, work_off
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.watchdog import EXIT_CODE, MARGIN_S, Watchdog

ROOT = Path(__file__).parents[2]


@contextmanager
def worker(server: EmbeddedRedis, *, margin_s: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.hanging", server.url, str(margin_s)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def started(redis: Redis, job: str) -> bool:
    return redis.hget(f"rq:job:{job}", "status") == b"started"


def submit(redis: Redis, text: str, *, timeout_s: int) -> str:
    return JobQueue(redis, QueueSettings(timeout_s=timeout_s)).submit(SentimentRequest(text=text), platform=PLATFORM)


@pytest.mark.parametrize("text", [HANG_FREE, HANG_HELD])
def test_a_worker_that_hangs_outside_of_python_ends_and_its_job_is_run_again(redis: Redis, server: EmbeddedRedis, text: str) -> None:
    job = submit(redis, text, timeout_s=1)
    with worker(server, margin_s=1.0) as hung:
        assert hung.wait(DEADLINE_S) == EXIT_CODE
        said = hung.stderr.read() if hung.stderr else ""
    assert "in hang" in said  # where it hung
    assert text not in said
    work_off(redis, RecordingEngine())  # another one, which does not hang
    assert answered(redis) == [job]
    assert isinstance(outcome_of(redis, job), SentimentResult)


def test_a_job_at_which_two_workers_hung_is_set_aside_and_its_person_is_told(redis: Redis, server: EmbeddedRedis) -> None:
    job = submit(redis, HANG_FREE, timeout_s=1)
    for _ in range(2):
        with worker(server, margin_s=0.5) as hung:
            assert hung.wait(DEADLINE_S) == EXIT_CODE
    work_off(redis, RecordingEngine())
    outcome = outcome_of(redis, job)
    assert isinstance(outcome, Failure)
    assert outcome.code == "worker_died"


def test_what_is_slow_in_python_is_stopped_by_its_limit_and_the_worker_lives_on(redis: Redis, server: EmbeddedRedis) -> None:
    late = submit(redis, SLOW, timeout_s=1)
    with worker(server, margin_s=30.0) as process:
        until(lambda: answered(redis) == [late], what="the answer")
        other = submit(redis, "良い", timeout_s=60)
        until(lambda: answered(redis) == [late, other], what="the other answer")
        assert process.poll() is None
    outcome = outcome_of(redis, late)
    assert isinstance(outcome, Failure)
    assert outcome.code == "timeout"


def test_a_worker_that_was_told_to_stop_and_then_killed_is_no_crash_of_its_job(redis: Redis, server: EmbeddedRedis) -> None:
    job = submit(redis, SLOW, timeout_s=600)
    with worker(server, margin_s=MARGIN_S) as process:
        until(lambda: started(redis, job), what="the start of the job")
        process.send_signal(signal.SIGTERM)
        until(lambda: redis.keys(names.leaving("*")), what="the mark that it was told to stop")
        process.kill()
        process.wait()
    work_off(redis, RecordingEngine())
    assert answered(redis) == [job]
    assert isinstance(outcome_of(redis, job), SentimentResult)
    assert not redis.keys(names.leaving("*"))


def test_the_outer_limit_stands_still_while_inner_work_goes_on() -> None:
    watchdog = Watchdog(margin_s=0.0)
    with watchdog.limit(60):
        before = watchdog._end_at
        with watchdog.limit(3_600):
            time.sleep(0.2)
        after = watchdog._end_at
    assert before is not None
    assert after is not None
    assert after >= before + 0.2
    assert watchdog._end_at is None
    watchdog.stop()  # else the timer ends this process a minute later


def test_a_watchdog_that_was_stopped_ends_nothing_though_it_was_never_started() -> None:
    script = (
        "import time\nfrom workers.watchdog import Watchdog\nwatchdog = Watchdog(margin_s=0.0)\n"
        "with watchdog.limit(0.5):\n    pass\nwatchdog.stop()\ntime.sleep(1.5)\nprint('alive')\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "alive\n"), ran.stderr
