"""What a worker says of itself to operators, beside what RQ's books say: Yomite's version, its profile, what it computes on and holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from redis import Redis

from workers.queue.own_version import own_version


def introduce(
    key: Callable[[], str], *, profile: str, device: Callable[[], str], loaded: Callable[[], Iterable[str]]
) -> Callable[[Redis], None]:
    """What writes it down, to be called with each heartbeat; `key` gives RQ's hash of the worker, which need not be known yet.

    `device` gives what it computes on, `loaded` the names of the models in memory.
    """
    said = {"yomite_version": own_version(), "yomite_profile": profile}

    def tell(connection: Redis) -> None:
        now = {"yomite_device": device(), "yomite_models": json.dumps(sorted(loaded()))}
        connection.hset(key(), mapping=said | now)  # type: ignore[arg-type]  # text is taken, too

    return tell
