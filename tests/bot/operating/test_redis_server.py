"""Redis: what would lose questions, or let others read them, is said before it does."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.operating.finding import Finding
from bot.operating.queue_state import check_queue
from bot.operating.redis_server import check_redis
from bot.settings import Settings
from engine.contract import SentimentRequest
from tests.bot.operating.findings import assert_bilingual, by_name
from tests.support.redis_with import redis_with
from tests.support.tls_redis import tls_redis
from tests.support.working import RecordingEngine, work_off
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

DURABLE = ("--appendonly", "yes")


def looked_at(settings: Settings, path: str, *, password: str = "") -> dict[str, Finding]:
    found = check_redis(replace(settings, redis_url=f"unix://{f':{password}@' if password else ''}{path}"))
    assert_bilingual(found)
    return by_name(found)


def test_a_redis_that_keeps_what_it_is_given_is_well(settings: Settings, tmp_path: Path) -> None:
    with redis_with(tmp_path, *DURABLE) as path:
        found = looked_at(settings, path)
    states = {name: finding.state for name, finding in found.items()}
    assert states == {
        "redis": "ok",
        "redis.persistence": "ok",
        "redis.memory": "ok",
        "clock.redis": "ok",
        "workers": "warning",  # there is none
        "waiting": "ok",
        "failed": "ok",
        "undelivered": "ok",
    }


def test_without_an_append_only_file_questions_would_be_lost(settings: Settings, tmp_path: Path) -> None:
    with redis_with(tmp_path) as path:
        found = looked_at(settings, path)["redis.persistence"]
    assert found.state == "error"
    assert "なくなります" in found.found.ja
    assert "are lost" in found.found.en
    assert "appendonly yes" in (found.advice.en if found.advice else "")


def test_a_redis_that_deletes_by_itself_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with redis_with(tmp_path, *DURABLE, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as path:
        found = looked_at(settings, path)["redis.memory"]
    assert (found.state, "allkeys-lru" in found.found.ja) == ("error", True)
    assert "noeviction" in (found.advice.ja if found.advice else "")


@pytest.mark.parametrize(("kib", "state"), [(1, "error"), (1_000_000, "ok")])
def test_a_redis_that_is_nearly_full_is_said(settings: Settings, tmp_path: Path, kib: int, state: str) -> None:
    with redis_with(tmp_path, *DURABLE, "--maxmemory-policy", "noeviction") as path:
        with Redis(unix_socket_path=path) as connection:
            connection.config_set("maxmemory", f"{int(connection.info('memory')['used_memory']) // 1024 + kib}kb")
        assert looked_at(settings, path)["redis.memory"].state == state


@pytest.mark.parametrize("password", ["", "a-wrong-one"])
def test_a_wrong_password_is_said_and_not_shown(settings: Settings, tmp_path: Path, password: str) -> None:
    with redis_with(tmp_path, "--requirepass", "the-right-one") as path:
        [found] = looked_at(settings, path, password=password).values()
    assert (found.name, found.state) == ("redis", "error")
    assert "パスワード" in found.found.ja
    assert not password or password not in repr(found)


def test_a_redis_that_is_not_there_is_an_error(settings: Settings, tmp_path: Path) -> None:
    [found] = looked_at(settings, f"{tmp_path}/none.sock").values()
    assert (found.name, found.state) == ("redis", "error")
    assert "つながりません" in found.found.ja
    assert "cannot be reached" in found.found.en


def test_a_user_without_scripts_is_said(settings: Settings, tmp_path: Path) -> None:
    with redis_with(tmp_path, *DURABLE) as path:
        with Redis(unix_socket_path=path) as connection:
            connection.acl_setuser("bot", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all", "-eval"])
        found = by_name(check_redis(replace(settings, redis_url=f"unix://bot:secret@{path}")))
    assert found["redis.rights"].state == "error"
    assert_bilingual(list(found.values()))


def test_the_way_to_another_machine_should_be_encrypted_and_ask_for_a_password(settings: Settings, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with redis_with(tmp_path, *DURABLE, port=port):
        found = by_name(check_redis(replace(settings, redis_url=f"redis://0.0.0.0:{port}/0")))  # not the loopback, and reaches it
        near = by_name(check_redis(replace(settings, redis_url=f"redis://127.0.0.1:{port}/0")))
    assert (found["redis.way"].state, found["redis.password"].state) == ("warning", "warning")
    assert "rediss://" in (found["redis.way"].advice.en if found["redis.way"].advice else "")
    assert not {"redis.way", "redis.password"} & set(near)
    assert_bilingual(list(found.values()))


def test_a_redis_behind_tls_is_reached(settings: Settings, tmp_path: Path) -> None:
    with tls_redis(tmp_path) as shut:
        assert by_name(check_redis(replace(settings, redis_url=shut.url())))["redis"].state == "ok"
        [found] = check_redis(replace(settings, redis_url=shut.url(trusted=False)))
    assert found.state == "error"


def test_without_an_address_the_embedded_one_is_tried(settings: Settings) -> None:
    [found] = check_redis(settings)
    assert found.state == "ok"
    assert "起動できます" in found.found.ja
    assert "can be started" in found.found.en
    assert not settings.state_dir.exists()


def test_an_embedded_one_that_runs_is_looked_at(settings: Settings) -> None:
    with EmbeddedRedis(settings.state_dir / "redis", durable=True) as server:
        (settings.state_dir / "redis" / "url").write_text(server.url)
        found = by_name(check_redis(settings))
    assert "embedded" in found["redis"].found.en
    assert found["redis.persistence"].state == "ok"


# --- What is in the queue ------------------------------------------------------------------------------------------


def fail(text: str) -> None:
    raise ZeroDivisionError(text)


def queue_of(redis_url: str) -> tuple[dict[str, Finding], Sequence[Finding]]:
    with Redis.from_url(redis_url) as connection:
        found = list(check_queue(connection))
    assert_bilingual(found)
    return by_name(found), found


def test_failed_jobs_are_counted(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        JobQueue(connection).submit(SentimentRequest(text="内緒の話"), platform="slack", person="U1")
        work_off(connection, RecordingEngine(fail))
    found, everything = queue_of(redis_url)
    assert (found["failed"].state, found["failed"].found.en) == ("warning", "1 job failed.")
    assert "内緒の話" not in repr(everything)


def test_jobs_that_wait_long_and_answers_that_nobody_fetches_are_said(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        job_id = JobQueue(connection).submit(SentimentRequest(text="x"), platform="slack", person="U1")
        connection.hset(f"rq:job:{job_id}", "enqueued_at", "2024-01-01T00:00:00.000000Z")
        connection.xadd(names.replies("slack"), {"job": "an-old-one"}, id="1700000000000-0")
        connection.xadd(names.replies("web"), {"job": "a-new-one"})
    found, _ = queue_of(redis_url)
    assert found["waiting"].state == "warning"
    assert found["undelivered.slack"].state == "warning"
    assert "yomite serve slack" in (found["undelivered.slack"].advice.ja if found["undelivered.slack"].advice else "")
    assert not {"undelivered.web", "undelivered"} & set(found)


@pytest.mark.parametrize(("version", "state"), [("9.9", "warning"), ("", "warning"), (None, "ok")])
def test_workers_of_other_versions_are_said(redis_url: str, version: str | None, state: str) -> None:
    from importlib.metadata import version as version_of

    said: dict[Any, Any] = {"queues": names.SHORT, "yomite_version": version_of("yomite") if version is None else version}
    with Redis.from_url(redis_url) as connection:
        connection.sadd("rq:workers", "rq:worker:one")
        connection.hset("rq:worker:one", mapping=said)
    found, _ = queue_of(redis_url)
    assert found["workers"].state == state
    assert "one" in found["workers"].found.ja
