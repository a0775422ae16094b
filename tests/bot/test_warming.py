"""Tests of `yomite models warm`: running workers load models, and without one it is left to a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.errors import CommandError, PlatformError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.settings import Settings
from bot.warming import warm_workers
from tests.support.ports import closed_port
from tests.support.working import RecordingEngine, until
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis
from workers.worker import BatchingWorker


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server.url


@pytest.fixture(params=["ja", "en"])
def settings(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(redis_url=redis_url, state_dir=tmp_path, lang=request.param)


def test_workers_load_what_is_named_and_say_what_it_took_end_to_end(
    redis_url: str, tiny_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = WorkerProcess(WorkerSettings(models_dir=tiny_pack, device="cpu"), redis_url=redis_url)
    try:
        with Redis.from_url(redis_url) as connection:
            until(lambda: JobQueue(connection).workers() == 1, what="a worker")
        assert warm_workers(["ner", "explain-attention"], Settings(redis_url=redis_url, state_dir=tmp_path, lang="en")) == OK
    finally:
        worker.stop()
    out = capsys.readouterr().out
    assert "ner " in out
    assert "explain_attention " in out
    assert "MiB" in out


def test_without_a_worker_it_is_left_to_another(settings: Settings) -> None:
    assert warm_workers([], settings) is None


def test_without_a_redis_it_is_left_to_another(tmp_path: Path) -> None:
    assert warm_workers([], Settings(state_dir=tmp_path)) is None


def test_a_worker_that_has_no_time_is_named(settings: Settings, redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Redis.from_url(redis_url) as connection:
        worker = BatchingWorker(connection, RecordingEngine(), batch=1)
        worker.register_birth()
        try:
            assert warm_workers(["ner"], settings, wait_s=0.0) == CANNOT_ANSWER
        finally:
            worker.register_death()  # type: ignore[no-untyped-call]  # rq leaves it untyped
    said = {"ja": "手があいたら読み込みます", "en": "loads them when it is idle"}
    assert said[settings.lang or "en"] in capsys.readouterr().out


def test_a_task_that_there_is_not_is_quoted(settings: Settings) -> None:
    with pytest.raises(CommandError) as caught:
        warm_workers(["感情"], settings)
    for message in (caught.value.message.ja, caught.value.message.en):
        assert "感情" in message
        assert "sentiment" in message


def test_a_redis_that_is_away_is_said_without_its_address(tmp_path: Path) -> None:
    url = f"redis://:secret@127.0.0.1:{closed_port()}"
    with pytest.raises(PlatformError) as caught:
        warm_workers([], Settings(redis_url=url, state_dir=tmp_path))
    for message in (caught.value.message.ja, caught.value.message.en):
        assert "secret" not in message
        assert "REDIS_URL" in message
