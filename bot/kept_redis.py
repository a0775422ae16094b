"""Opens the Redis in which things are kept, also while nothing of Yomite runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.settings import Settings
from workers.queue.connections import open_blocking
from workers.queue.local import running_server
from workers.queue.server import EmbeddedRedis

if TYPE_CHECKING:
    from redis import Redis


@contextmanager
def kept_redis(settings: Settings) -> Iterator[Redis | None]:
    """The Redis that is named or runs on this machine, else the embedded one, started for this; None where there never was one."""
    url = settings.redis_url or running_server(settings.state_dir)
    if url is not None:
        with open_blocking(url) as connection:
            yield connection
        return
    folder = settings.state_dir / "redis"
    if not folder.is_dir():
        yield None
        return
    with EmbeddedRedis(folder, durable=True) as server, open_blocking(server.url) as connection:
        yield connection
