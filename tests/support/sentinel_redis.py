"""A Redis with two copies and a sentinel, as real processes: a test kills the master, and the sentinel puts a copy in its place."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from workers.queue.server import find_server

SERVICE, PASSWORD, SENTINEL_PASSWORD = "yomite", "hunter2", "hunter3"
COPIES = 2
DEADLINE_S = 90.0
DOWN_AFTER_MS = 500


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The servers by their ports; the first one is the master at the start."""

    servers: dict[int, subprocess.Popen[bytes]]
    sentinel_port: int
    gone_port: int  # of a sentinel that is not there

    @property
    def url(self) -> str:
        """The address for a bot; its first sentinel is gone."""
        hosts = f"127.0.0.1:{self.gone_port},127.0.0.1:{self.sentinel_port}"
        return f"redis+sentinel://:{PASSWORD}@{hosts}/{SERVICE}/1?sentinel_password={SENTINEL_PASSWORD}"

    def master(self) -> int:
        """The port of the master, as the sentinel knows it."""
        with Redis(port=self.sentinel_port, password=SENTINEL_PASSWORD) as sentinel:
            return int(sentinel.sentinel_get_master_addr_by_name(SERVICE)[1])

    def copies(self, port: int) -> int:
        """How many copies of a server are in step with it."""
        with Redis(port=port, password=PASSWORD) as connection:
            return int(connection.info("replication")["connected_slaves"]) if connection.wait(COPIES, 1_000) else 0

    def kill(self, port: int) -> None:
        """End a server without a chance to write anything."""
        self.servers[port].kill()
        self.servers[port].wait()


@contextmanager
def watched_redis(folder: Path) -> Iterator[Watched]:
    """Start all of it, and wait until the copies are in step and the sentinel knows them."""
    master, *copies, sentinel, gone = (_free_port() for _ in range(3 + COPIES))
    servers = {master: _server(folder, master)}
    servers |= {port: _server(folder, port, copy_of=master) for port in copies}
    asking = _sentinel(folder, sentinel, master)
    watched = Watched(servers=servers, sentinel_port=sentinel, gone_port=gone)
    try:
        _until(lambda: watched.copies(master) == COPIES)
        _until(lambda: _known_copies(sentinel) == COPIES)
        yield watched
    finally:
        for process in (asking, *servers.values()):
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _server(folder: Path, port: int, *, copy_of: int | None = None) -> subprocess.Popen[bytes]:
    place = folder / str(port)
    place.mkdir()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": place,
        "save": "",
        "requirepass": PASSWORD,
        "masterauth": PASSWORD,
        "min-replicas-to-write": 1,
        "min-replicas-max-lag": 2,
        "repl-diskless-sync": "yes",
        "repl-diskless-sync-delay": 0,
        "repl-ping-replica-period": 1,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    words += ["--replicaof", "127.0.0.1", str(copy_of)] if copy_of else []
    return subprocess.Popen([find_server(), *words], stdout=subprocess.DEVNULL)


def _sentinel(folder: Path, port: int, master: int) -> subprocess.Popen[bytes]:
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"requirepass {SENTINEL_PASSWORD}",
        f"sentinel monitor {SERVICE} 127.0.0.1 {master} 1",
        f"sentinel auth-pass {SERVICE} {PASSWORD}",
        f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}",
        f"sentinel failover-timeout {SERVICE} 5000",
    ]
    settings = folder / "sentinel.conf"
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return subprocess.Popen([find_server(), str(settings), "--sentinel"], stdout=subprocess.DEVNULL)


def _known_copies(sentinel: int) -> int:
    with Redis(port=sentinel, password=SENTINEL_PASSWORD) as connection:
        return int(connection.sentinel_master(SERVICE)["num-slaves"])


def _until(met: object) -> None:
    end = time.monotonic() + DEADLINE_S
    while True:
        with contextlib.suppress(RedisError):
            if callable(met) and met():
                return
        if time.monotonic() > end:
            raise TimeoutError("the servers did not find one another")
        time.sleep(0.05)
