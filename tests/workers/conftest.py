"""What the tests of the workers share: a real redis-server, and settings for a real worker over the tiny pack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


@pytest.fixture
def redis(server: EmbeddedRedis) -> Iterator[Redis]:
    """A connection to an empty Redis."""
    with Redis.from_url(server.url) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def queue(redis: Redis) -> JobQueue:
    return JobQueue(redis)


@pytest.fixture(scope="session")
def settings(tiny_pack: Path) -> WorkerSettings:
    return WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)
