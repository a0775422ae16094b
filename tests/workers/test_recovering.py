"""Jobs of dead workers are looked for at all times, also by a worker that computes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError

from engine.contract import SentimentRequest
from tests.support.hanging import SLOW
from tests.support.working import PLATFORM, RecordingEngine, answered, until, work_off
from workers.liveness import Heart
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).parents[2]


def test_a_killed_workers_job_is_put_back_while_the_other_worker_still_computes(
    redis: Redis, server: EmbeddedRedis, queue: JobQueue
) -> None:
    lost: list[str] = []
    put_back: list[bytes | None] = []

    def while_it_computes(text: str) -> None:
        if text != "長い仕事":
            return
        lost.append(queue.submit(SentimentRequest(text=SLOW), platform=PLATFORM))
        with subprocess.Popen([sys.executable, "-m", "tests.support.hanging", server.url, "30"], cwd=ROOT) as other:
            until(lambda: redis.hget(f"rq:job:{lost[0]}", "status") == b"started", what="the start of the job")
            other.kill()
        until(lambda: redis.llen(f"rq:queue:{names.SHORT}") == 1, what="the job to be put back")
        put_back.append(redis.hget(f"rq:job:{lost[0]}", "crashes"))

    job = queue.submit(SentimentRequest(text="長い仕事"), platform=PLATFORM)
    work_off(redis, RecordingEngine(while_it_computes))
    assert put_back == [b"1"]
    assert answered(redis) == [job, *lost]


def test_what_fails_in_a_heartbeat_stops_neither_the_rest_of_it_nor_the_next_one() -> None:
    beats: list[str] = []
    enough = threading.Event()

    def away() -> None:
        beats.append("away")
        raise ConnectionError

    def broken() -> None:
        beats.append("broken")
        raise ZeroDivisionError

    def well() -> None:
        beats.append("well")
        if beats.count("well") == 2:
            enough.set()

    heart = Heart(away, broken, well, every_s=0.01)
    heart.start()
    assert enough.wait(60)
    heart.stop()
    assert beats[:6] == ["away", "broken", "well"] * 2


def test_a_heart_can_be_asked_to_beat_at_once() -> None:
    beaten = threading.Event()
    heart = Heart(beaten.set, every_s=3_600)
    heart.start()
    heart.soon()
    assert beaten.wait(60)
    heart.stop()
