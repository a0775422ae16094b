"""A redis-server with the options that a test names, on a socket of its own, and what one has written to its folder."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tests.support.working import until
from workers.queue.server import find_server


@contextmanager
def redis_with(folder: Path, *options: str, port: int | None = None) -> Iterator[str]:
    """Start it, and give the path of its socket; with `port` it also listens there, on every address of this machine."""
    path = folder / "redis.sock"
    where = ["--port", str(port or 0), "--bind", "0.0.0.0", "--protected-mode", "no"]
    words = [find_server(), *where, "--unixsocket", str(path), "--dir", str(folder), "--save", "", *options]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers(f"unix://{path}"), what="Redis")
        yield str(path)
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    """Whether a Redis is there and has read its file."""
    with Redis.from_url(url, retry=None) as connection:
        try:
            return bool(connection.ping())
        except AuthenticationError:
            return True
        except RedisError:
            return False


def on_disk(folder: Path) -> bytes:
    """All that the files of a server hold; one that it renames or drops just now is left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            found.append(path.read_bytes() if path.is_file() else b"")
    return b"".join(found)
