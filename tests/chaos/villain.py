"""The villain of a chaos run: does one kind of harm after the other, in an order that its seed gives; each kind once a round."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from tests.chaos.kept import Kept
from tests.chaos.people import People
from workers.queue import names
from workers.queue.server import EmbeddedRedis

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.3, 1.3  # between two harms
LONGEST_FREEZE_S = 2.0  # of a bot; a worker stands still up to twice as long
CONNECT_S = 3.0  # to wait for a bot whose line is to be harmed
LOOK_S, PATIENCE_S = 0.002, 1.5  # for the moment in which a process has something in hand
SLACK_CALLS = ("chat.postMessage", "chat.update")
DISCORD_CALLS = (("POST", "*/messages"), ("PATCH", "*/messages/@original"), ("POST", "*/callback"))

Harm = Callable[[], Awaitable[None]]


class NotNow(Exception):
    """There is nothing that could be harmed like this just now."""


class Villain:
    """Harms what runs. `done` counts what was done, by kind."""

    def __init__(self, *, people: People, server: EmbeddedRedis, workers: list[Kept], bots: dict[str, Kept], random: Random) -> None:
        self._people = people
        self._slack, self._discord = people.slack, people.discord
        self._server = server
        self._workers = workers
        self._bots = bots
        self._random = random
        self._redis = redis.asyncio.Redis.from_url(server.url)
        self.done = Counter[str]()
        self.moments: list[tuple[float, str]] = []  # when each harm was done, by `time.monotonic`
        self._freezing: set[asyncio.Task[None]] = set()
        self.kinds: dict[str, Harm] = {
            "worker: killed": self._kill_worker,
            "worker: told to stop": self._stop_worker,
            "worker: stands still": self._freeze_worker,
            "bot: killed (slack)": lambda: self._kill_bot("slack"),
            "bot: killed (discord)": lambda: self._kill_bot("discord"),
            "bot: told to stop": self._stop_bot,
            "bot: stands still": self._freeze_bot,
            "redis: killed": self._kill_redis,
            "slack: too many requests": self._limit_slack,
            "slack: error": self._fail_slack,
            "slack: slow": lambda: self._harm_slack(hang_s=self._seconds(0.5, 2.0)),
            "slack: response lost": lambda: self._harm_slack(lost=True),
            "slack: asks to connect anew": self._slack_disconnects,
            "slack: line cut": self._slack_drops,
            "slack: event told twice": self._slack_repeats,
            "discord: too many requests": self._limit_discord,
            "discord: error": self._fail_discord,
            "discord: slow": self._delay_discord,
            "discord: response lost": self._lose_discord,
            "discord: asks to connect anew": lambda: self._drop_discord(abruptly=False),
            "discord: line cut, events told twice": lambda: self._drop_discord(abruptly=True),
        }

    @property
    def has_done_all(self) -> bool:
        """Whether each kind of harm was done."""
        return all(self.done[kind] for kind in self.kinds)

    async def rage(self, *, until: Callable[[], bool]) -> None:
        """Do harm until told otherwise."""
        while True:
            kinds = list(self.kinds)
            self._random.shuffle(kinds)
            for kind in kinds:
                await asyncio.sleep(self._seconds(SHORTEST_PAUSE_S, LONGEST_PAUSE_S))
                if until():
                    return
                with contextlib.suppress(NotNow):
                    await self.kinds[kind]()
                    self.done[kind] += 1
                    self.moments.append((time.monotonic(), kind))

    async def relent(self) -> None:
        """No more harm, and what was done is over."""
        self._slack.trouble.end()
        self._discord.end_trouble()
        for task in self._freezing:
            task.cancel()
        await asyncio.gather(*self._freezing, return_exceptions=True)
        await self._redis.aclose()

    # --- processes ---------------------------------------------------------------------------------------------------

    async def _kill_worker(self) -> None:
        worker = await self._one_of(self._workers)
        if self._random.random() < 0.7:
            await self._wait_for(lambda: self._has_taken(worker))
        worker.signal(signal.SIGKILL)

    async def _stop_worker(self) -> None:
        (await self._one_of(self._workers)).signal(signal.SIGTERM)

    async def _freeze_worker(self) -> None:
        worker = await self._one_of(self._workers)
        if self._random.random() < 0.7:
            await self._wait_for(lambda: self._has_taken(worker))
        self._freeze(worker, self._seconds(0.5, 2 * LONGEST_FREEZE_S))

    async def _kill_bot(self, platform: str) -> None:
        bot = await self._one_of([self._bots[platform]])
        if self._random.random() < 0.7:
            await self._wait_for(lambda: self._has_answers_in_hand(platform))
        self._end_bot(bot, signal.SIGKILL)

    async def _stop_bot(self) -> None:
        self._end_bot(await self._one_of(list(self._bots.values())), signal.SIGTERM)

    async def _freeze_bot(self) -> None:
        self._freeze(await self._one_of(list(self._bots.values())), self._seconds(0.3, LONGEST_FREEZE_S))

    async def _kill_redis(self) -> None:
        if self._server.pid is not None:
            os.kill(self._server.pid, signal.SIGKILL)
        await asyncio.sleep(self._seconds(0.0, 1.0))
        await asyncio.to_thread(self._server.start)

    def _end_bot(self, bot: Kept, how: signal.Signals) -> None:
        if bot is self._bots["discord"]:
            self._people.discord_bot_ends()
        bot.signal(how)

    def _freeze(self, kept: Kept, seconds: float) -> None:
        task = asyncio.create_task(kept.freeze(seconds))
        self._freezing.add(task)
        task.add_done_callback(self._freezing.discard)

    async def _one_of(self, some: list[Kept]) -> Kept:
        """One that runs, as soon as there is one."""
        while not (running := [each for each in some if each.can_be_hit]):
            await asyncio.sleep(0.05)
        return self._random.choice(running)

    async def _wait_for(self, met: Callable[[], Awaitable[bool]]) -> None:
        """The moment in which something is so, for a while."""
        end = time.monotonic() + PATIENCE_S  # no asyncio.timeout: before Python 3.12 Redis' client can swallow what that cancels with
        with contextlib.suppress(RedisError):
            while not await met() and time.monotonic() < end:
                await asyncio.sleep(LOOK_S)

    async def _has_taken(self, worker: Kept) -> bool:
        """Whether a worker has jobs in hand."""
        found: Any = await self._redis.smembers(names.TAKERS)
        for taker in found:
            taken, pid = await self._redis.hlen(names.taken(taker.decode())), await self._redis.hget(f"rq:worker:{taker.decode()}", "pid")
            if taken and pid == str(worker.process.pid).encode():
                return True
        return False

    async def _has_answers_in_hand(self, platform: str) -> bool:
        """Whether a bot has taken answers that it has not finished."""
        groups: Any = await self._redis.xinfo_groups(names.replies(platform))
        return any(group["pending"] for group in groups)

    # --- Slack -------------------------------------------------------------------------------------------------------

    async def _harm_slack(self, **mishap: Any) -> None:
        self._slack.trouble.next(self._random.choice(SLACK_CALLS), times=self._random.randint(1, 3), **mishap)

    async def _limit_slack(self) -> None:
        self._slack.trouble.rate_limited(self._random.choice(SLACK_CALLS), times=self._random.randint(1, 2))

    async def _fail_slack(self) -> None:
        status = self._random.choice((200, 500, 503))
        await self._harm_slack(status=status, error="internal_error" if status == 200 else "")

    async def _slack_disconnects(self) -> None:
        with _a_bot_is_there():
            await self._slack.connected(timeout_s=CONNECT_S)
            await self._slack.sockets.disconnect()

    async def _slack_drops(self) -> None:
        with _a_bot_is_there():
            await self._slack.connected(timeout_s=CONNECT_S)
            await self._slack.sockets.drop()

    async def _slack_repeats(self) -> None:
        """Of the latest events."""
        latest = self._people.events()[-5:]
        if not latest:
            raise NotNow
        with _a_bot_is_there():
            await self._slack.connected(timeout_s=CONNECT_S)
            for delivery in self._random.sample(latest, min(2, len(latest))):
                await self._slack.repeat(delivery)

    # --- Discord -----------------------------------------------------------------------------------------------------

    async def _limit_discord(self) -> None:
        self._discord.rate_limit(
            *self._random.choice(DISCORD_CALLS), retry_after_s=self._seconds(0.2, 1.0), times=self._random.randint(1, 2)
        )

    async def _fail_discord(self) -> None:
        self._discord.fail(
            *self._random.choice(DISCORD_CALLS), status=self._random.choice((500, 502, 503)), times=self._random.randint(1, 3)
        )

    async def _delay_discord(self) -> None:
        self._discord.delay(*self._random.choice(DISCORD_CALLS), seconds=self._seconds(0.5, 2.0), times=self._random.randint(1, 2))

    async def _lose_discord(self) -> None:
        self._discord.lose_response(*self._random.choice(DISCORD_CALLS), times=self._random.randint(1, 3))

    async def _drop_discord(self, *, abruptly: bool) -> None:
        """The bot resumes; after a line that was cut, the last things that people did come once more."""
        if self._discord.gateway.connection is None:
            raise NotNow
        self._people.line_is_cut()
        await self._discord.drop_connection(resume=True, again=3 if abruptly else 0, abruptly=abruptly)

    def _seconds(self, least: float, most: float) -> float:
        return self._random.uniform(least, most)


@contextlib.contextmanager
def _a_bot_is_there() -> Iterator[None]:
    """Raises NotNow where it turns out that none is."""
    try:
        yield
    except (ConnectionError, TimeoutError, IndexError) as error:
        raise NotNow from error
