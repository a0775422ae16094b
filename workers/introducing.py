"""What a worker says of itself to operators, beside what RQ's books say: Yomite's version, its profile, and what it computes on."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis

from workers.queue.own_version import own_version


def introduce(connection: Redis, key: Callable[[], str], *, profile: str, device: str) -> Callable[[], None]:
    """What writes it down, to be called with each heartbeat; `key` gives RQ's hash of the worker, which need not be known yet."""
    said = {"yomite_version": own_version(), "yomite_profile": profile, "yomite_device": device}

    def tell() -> None:
        connection.hset(key(), mapping=said)  # type: ignore[arg-type]  # text is taken, too

    return tell
