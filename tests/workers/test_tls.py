"""A Redis with a password behind TLS: bots and workers reach it, and only where its certificate is trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError as NoConnection

from engine.contract import SentimentRequest, SentimentResult
from tests.support.tls_redis import TlsRedis, tls_redis
from tests.support.working import PLATFORM, answered, outcome_of, until
from workers.queue import WorkerSettings
from workers.queue.async_door import AsyncDoor
from workers.queue.connections import open_async
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRedis]:
    with tls_redis(tmp_path_factory.mktemp("tls")) as found:
        yield found


def test_what_a_bot_hands_over_by_tls_is_computed_by_a_worker(shut: TlsRedis, tiny_pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    async def hand_over() -> str:
        async with open_async(shut.url()) as connection:
            return await AsyncDoor(connection).submit(SentimentRequest(text="最高"), platform=PLATFORM)

    worker = WorkerProcess(WorkerSettings(models_dir=tiny_pack, device="cpu"), redis_url=shut.url())
    try:
        job_id = asyncio.run(hand_over())
        with Redis.from_url(shut.url()) as connection:
            until(lambda: answered(connection) == [job_id], what="the answer")
            assert isinstance(outcome_of(connection, job_id), SentimentResult)
    finally:
        worker.stop(30)


def test_a_certificate_that_nobody_vouches_for_is_refused(shut: TlsRedis) -> None:
    with Redis.from_url(shut.url(trusted=False), retry=None) as connection, pytest.raises(NoConnection, match="certificate verify failed"):
        JobQueue(connection).status()


def test_a_wrong_password_is_refused(shut: TlsRedis) -> None:
    with Redis.from_url(shut.url(password="guess"), retry=None) as connection, pytest.raises(AuthenticationError):
        JobQueue(connection).status()
