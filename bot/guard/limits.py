"""How often a person, a channel and a team may ask, and what they are told beyond that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import redis.asyncio

from bot.guard.asking import Asking
from bot.guard.buckets import Bucket, Buckets
from bot.guard.errors import TooMany
from bot.language import both
from engine.contract import Message
from workers.queue import names

# A bucket holds so much of what it gets a minute: with 30 a minute, 10 questions at once.
HELD_SHARE = 3
# How often one person is told that they are refused: whoever asks on all the same could else make the bot say so without end.
TOLD_A_MINUTE = TOLD_AT_ONCE = 5


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Questions and presses a minute; 0: no limit. The team of a chat page is the address that it is opened from."""

    person: int = 30
    channel: int = 120
    team: int = 600


class Limiter:
    """Counts in Redis, so that several bots count together. For one event loop."""

    def __init__(self, connection: redis.asyncio.Redis, limits: Limits) -> None:
        self._buckets = Buckets(connection)
        self._limits = limits

    async def take(self, asking: Asking) -> None:
        """Count a question or a press.

        Raises:
            TooMany: it is one too many; nothing is counted, and the message says what the limit is and when there is room again.
            redis.exceptions.RedisError: it cannot be counted.
        """
        limited = self._limited(asking)
        empty = await self._buckets.take(list(limited))
        if empty is not None:
            bucket, wait_s = empty
            kind, whom = limited[bucket]
            raise _too_many(bucket, kind, whom, wait_s)

    async def tells(self, asking: Asking) -> bool:
        """Whether a person is told that they are refused; counts it. The chat page always is: it waits, and nobody else sees it.

        Raises:
            redis.exceptions.RedisError: it cannot be counted.
        """
        if asking.platform == "web":
            return True
        key = names.limit("refusals", asking.platform, asking.person)
        return await self._buckets.take([Bucket(key=key, a_minute=TOLD_A_MINUTE, at_once=TOLD_AT_ONCE)]) is None

    def _limited(self, asking: Asking) -> dict[Bucket, tuple[str, Message]]:
        """The buckets that a question is taken from, with whom each is for: in a word, and as they are told."""
        # A direct conversation has no one else in it: the limit for a person says it all.
        channel = "" if asking.direct else asking.channel
        team = _HERE if asking.platform != "web" else _ADDRESS
        counted = (
            ("person", asking.person, self._limits.person, _YOU),
            ("channel", channel, self._limits.channel, _CHANNEL),
            ("team", asking.team, self._limits.team, team),
        )
        return {
            Bucket(key=names.limit(kind, asking.platform, who), a_minute=a_minute, at_once=max(1, math.ceil(a_minute / HELD_SHARE))): (
                kind,
                whom,
            )
            for kind, who, a_minute, whom in counted
            if who and a_minute
        }


_YOU = both("あなたが送れる", "you can send")
_CHANNEL = both("このチャンネルで受け付けられる", "this channel can send")
_HERE = both("このチームで受け付けられる", "this team can send")
_ADDRESS = both("同じアドレスから受け付けられる", "one address can send")


def _too_many(bucket: Bucket, kind: str, whom: Message, wait_s: float) -> TooMany:
    seconds = max(1, math.ceil(wait_s))
    return TooMany(
        kind=kind,
        ja=f"質問が多すぎるため、これは読みませんでした。{whom.ja}のは 1 分に {bucket.a_minute} 件（続けて {bucket.at_once} 件）までです。"
        f"{seconds} 秒後にもう一度送ってください。",
        en=f"Too many questions, so this one was not read: {whom.en} at most {bucket.a_minute} a minute ({bucket.at_once} at once). "
        f"Send it again in {seconds} second{'' if seconds == 1 else 's'}.",
    )
