"""What the workers that run hold in memory, for `yomite models list`: nothing waits long for it, and the list needs none of it."""

from __future__ import annotations

from collections import Counter

from bot.settings import Settings
from workers.queue.connections import open_blocking
from workers.queue.local import running_server
from workers.queue.status import read_status

PATIENCE_S = 3.0  # for each answer of Redis


def loaded_arguments(settings: Settings) -> list[str]:
    """How many workers tell what they hold, and how many hold each model, as options of `python -m engine.models list`.

    None where Redis is away or no worker tells.
    """
    # Imported here because only this command needs it.
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    try:
        url = settings.redis_url or running_server(settings.state_dir)
        if url is None:
            return []
        with open_blocking(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0)) as connection:
            told = [row.models for row in read_status(connection).crew if row.models is not None]
    except (RedisError, OSError):
        return []
    counted = Counter(name for models in told for name in set(models))
    return [f"--workers={len(told)}", *(f"--loaded={name}={count}" for name, count in sorted(counted.items()))] if told else []
