"""Tests of what `yomite models list` says of the workers that run: how many of them have each model in memory."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.cli import main
from bot.exit_codes import OK
from bot.loaded import loaded_arguments
from bot.settings import Settings
from engine.contract import Task
from tests.support.ports import closed_port
from tests.support.working import until
from workers.queue import WorkerSettings, names
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

START_S = 180.0


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
        yield server.url


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> Settings:
    return Settings(redis_url=redis_url, state_dir=tmp_path)


def write_worker(redis: Redis, name: str, models: str | None) -> None:
    """A worker that says this of its models."""
    redis.sadd("rq:workers", f"rq:worker:{name}")
    redis.hset(f"rq:worker:{name}", "queues", names.SHORT)
    if models is not None:
        redis.hset(f"rq:worker:{name}", "yomite_models", models)


@pytest.fixture(scope="module")
def with_worker(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis where a worker has loaded what answers sentiment."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server, Redis.from_url(server.url) as redis:
        settings = WorkerSettings(models_dir=tiny_pack, device="cpu")
        worker = WorkerProcess(settings, redis_url=server.url, warm_up_first=(Task.SENTIMENT,))
        try:
            assert worker.wait_until_ready(START_S), worker.last_words()
            until(lambda: [row for row in JobQueue(redis).status().crew if row.models], what="a worker that tells its models")
            yield server.url
        finally:
            worker.stop()


@pytest.fixture
def listed(
    with_worker: str, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What `yomite models list` prints with these options."""
    given = {"REDIS_URL": with_worker, "YOMITE_MODELS_DIR": str(tiny_pack), "YOMITE_STATE_DIR": str(tmp_path)}

    def run(*options: str, lang: str) -> str:
        for name, value in {**given, "YOMITE_LANG": lang}.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        assert main(["models", "list", *options]) == OK
        return capfd.readouterr().out

    return run


@pytest.mark.parametrize(("lang", "said"), [("ja", "、ワーカーに読み込み済み"), ("en", ", loaded by the worker")])
def test_a_model_that_a_worker_has_loaded_is_marked_and_others_are_not_end_to_end(listed: Callable[..., str], lang: str, said: str) -> None:
    marked = [line for line in listed(lang=lang).splitlines() if line.endswith(said)]
    assert [line.startswith("yomite/sentiment") for line in marked] == [True]


def test_programs_are_told_how_many_have_loaded_each_model_end_to_end(listed: Callable[..., str]) -> None:
    rows = json.loads(listed("--json", lang="en"))
    assert {row["name"]: row["loaded"] for row in rows if row["loaded"]} == {"yomite/sentiment": 1}
    assert {row["workers"] for row in rows} == {1}


def test_workers_that_have_it_are_counted_among_those_that_tell(redis_url: str, settings: Settings) -> None:
    with Redis.from_url(redis_url) as redis:
        write_worker(redis, "one", '["yomite/ner", "team=a"]')
        write_worker(redis, "two", '["team=a", "team=a", 7]')
        write_worker(redis, "three", "[]")
        for name, models in (("old", None), ("odd", "{"), ("deep", "[" * 100_000), ("other", '"yomite/ner"')):
            write_worker(redis, name, models)
    assert loaded_arguments(settings) == ["--workers=3", "--loaded=team=a=2", "--loaded=yomite/ner=1"]


def test_where_nobody_tells_nothing_is_said(settings: Settings) -> None:
    assert loaded_arguments(settings) == []


def test_without_a_redis_nothing_is_said(tmp_path: Path) -> None:
    assert loaded_arguments(Settings(state_dir=tmp_path)) == []
    assert loaded_arguments(Settings(state_dir=tmp_path, redis_url=f"redis://127.0.0.1:{closed_port()}")) == []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert loaded_arguments(Settings(state_dir=tmp_path, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}")) == []
