"""How many questions may wait, and what somebody is told for whom there is no room."""

from __future__ import annotations

import redis.asyncio

from bot.commands.status import duration
from bot.guard.errors import QueueFull
from workers.queue.pace import read_pace


class Room:
    """The room in the queue. For one event loop. `most_waiting`: 0 is no limit; the queue itself keeps to it, as a job is handed over."""

    def __init__(self, connection: redis.asyncio.Redis, *, most_waiting: int) -> None:
        self._redis = connection
        self.most_waiting = most_waiting

    async def refusal(self, waiting: int) -> QueueFull:
        """What somebody is told for whom there is no room while so many wait: also how long the wait is.

        Raises:
            redis.exceptions.RedisError: that cannot be looked up.
        """
        return _full(waiting, self.most_waiting, await read_pace(self._redis))


def _full(waiting: int, most: int, a_minute: float) -> QueueFull:
    if a_minute:
        wait_s = waiting / a_minute * 60
        ja, en = (
            f"いまの速さでは、およそ {duration(wait_s, 'ja')}待ちです。",
            f"At the present pace that is a wait of about {duration(wait_s, 'en')}.",
        )
    else:
        ja = "この 1 分間に答えを出したワーカーがないので、待ち時間はわかりません。"
        en = "How long the wait is cannot be told: no worker has answered within the last minute."
    return QueueFull(
        ja=f"混み合っているため、これは受け付けませんでした（{waiting:,} 件が待っていて、上限は {most:,} 件です）。{ja}あとでもう一度送ってください。",
        en=f"Too many questions wait, so this one was not taken ({waiting:,} are waiting, {most:,} is the most). {en} Send it again later.",
    )
