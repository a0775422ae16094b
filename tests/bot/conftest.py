"""What the tests of the bot share: a queue with a real worker over the tiny pack, and the environment that names it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from workers.queue import WorkerSettings
from workers.queue.local import LocalQueue
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def queue(tiny_pack: Path) -> Iterator[LocalQueue]:
    with LocalQueue(WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)) as queue:
        yield queue


@pytest.fixture
def environment(tiny_pack: Path, tmp_path: Path) -> dict[str, str]:
    """For a process of its own: the tiny pack, English screens, nothing of the machine's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("YOMITE_", "LC_", "LANG", "NO_COLOR", "SLACK_", "DISCORD_", "REDIS_"))
    }
    return kept | {
        "YOMITE_MODELS_DIR": str(tiny_pack),
        "YOMITE_DEVICE": "cpu",
        "YOMITE_STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": "120",
    }


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """A real Redis, empty."""
    with Redis.from_url(redis_server.url) as connection:
        connection.flushall()
    return redis_server.url
