"""Checks of what is in the queue: workers and their versions, how long jobs wait, what failed, and what was not delivered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from redis import Redis

from bot.commands.status import duration
from bot.language import both
from bot.operating.finding import Finding, ok, warning
from workers.queue import QueueStatus, names
from workers.queue.own_version import own_version
from workers.queue.status import read_status

LONG_WAIT_S = 60.0


def check_queue(connection: Redis) -> Iterator[Finding]:
    """All of it.

    Raises:
        redis.exceptions.RedisError: Redis cannot be reached.
    """
    status = read_status(connection)
    yield _workers(status)
    yield _waiting(status)
    if status.failed:
        found = both(f"失敗したジョブが {status.failed} 件あります。", f"{status.failed} job{'' if status.failed == 1 else 's'} failed.")
        yield warning(
            "failed",
            found,
            both("`yomite jobs` で理由を見て、やり直すか削除してください。", "See why with `yomite jobs`, then retry or drop them."),
        )
    else:
        yield ok("failed", "失敗したジョブはありません。", "No job has failed.")
    yield from _undelivered(connection)


def _workers(status: QueueStatus) -> Finding:
    if not status.crew:
        return warning(
            "workers",
            both("ワーカーが動いていません。", "No worker is up."),
            both("`yomite run` か `yomite worker` で起動してください。", "Start one with `yomite run` or `yomite worker`."),
        )
    listed = ", ".join(f"{row.name} {row.version or '?'}" for row in status.crew[:5]) + (" …" if len(status.crew) > 5 else "")
    own = own_version()
    others = sum(row.version != own for row in status.crew)
    said = both(f"{len(status.crew)} 個：{listed}", f"{len(status.crew)}: {listed}")
    if others:
        advice = both(
            f"ここの {own or '?'} と同じ版にそろえてください。違う版のあいだでは、答えられない質問が出ることがあります。",
            f"Bring all to one version (here: {own or '?'}). Between versions some questions may not be answered.",
        )
        return warning("workers", said, advice)
    return ok("workers", said.ja, said.en)


def _waiting(status: QueueStatus) -> Finding:
    said = both(
        f"待ち {status.waiting} 件、いちばん長い待ち {duration(status.oldest_s, 'ja')}、実行中 {status.running} 件",
        f"{status.waiting} waiting, the oldest for {duration(status.oldest_s, 'en')}, {status.running} running",
    )
    if status.oldest_s > LONG_WAIT_S:
        return warning(
            "waiting",
            said,
            both(
                "ワーカーが足りないか、止まっています。`yomite status` を見て、増やしてください。",
                "Workers are too few, or stand still. See `yomite status`, and start more.",
            ),
        )
    return ok("waiting", said.ja, said.en)


def _undelivered(connection: Redis) -> Iterator[Finding]:
    """Answers that wait for their platform: the ids of a stream's entries begin with the time, in milliseconds."""
    with connection.pipeline(transaction=False) as pipe:
        for platform in names.PLATFORMS:
            pipe.xlen(names.replies(platform))
            pipe.xrange(names.replies(platform), count=1)
        found: list[Any] = pipe.execute()
    late = []
    for platform, count, first in zip(names.PLATFORMS, found[::2], found[1::2], strict=True):
        age_s = time.time() - int(first[0][0].split(b"-")[0]) / 1_000 if first else 0.0
        if age_s > LONG_WAIT_S:
            late.append((platform, count, age_s))
    for platform, count, age_s in late:
        said = both(
            f"{platform} への答え {count} 件が届いていません（最も古いもので {duration(age_s, 'ja')}）。",
            f"{count} answer{'' if count == 1 else 's'} for {platform} could not be delivered (the oldest for {duration(age_s, 'en')}).",
        )
        advice = both(
            f"`yomite serve {platform}` が動いているか、そのログとトークンを確かめてください。",
            f"See whether `yomite serve {platform}` runs, and check its log and its token.",
        )
        yield warning(f"undelivered.{platform}", said, advice)
    if not late:
        yield ok("undelivered", "届いていない古い答えはありません。", "No answer has waited long to be delivered.")
