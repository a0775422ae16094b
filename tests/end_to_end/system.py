"""What the end-to-end tests do on every platform: the commands of the mission in both languages, and the desk to do them at."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import redis.asyncio
from redis import Redis

from bot.desk import Desk
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess

PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class System:
    """A running Redis, and a worker where there is one."""

    redis_url: str
    worker: WorkerProcess | None

    @asynccontextmanager
    async def serving(self, serve: Callable[[Desk], Awaitable[None]], *, drain: bool = True) -> AsyncIterator[Desk]:
        """A desk, and a platform served at it; at the end, with `drain`, all answers are waited for."""
        blocking, connection = Redis.from_url(self.redis_url), redis.asyncio.Redis.from_url(self.redis_url)
        desk = Desk(JobQueue(blocking), connection)
        task = asyncio.ensure_future(serve(desk))
        try:
            yield desk
            if task.done():
                task.result()
            # What is posted must also be forgotten before the bot goes, or the next one would look at it again.
            async with asyncio.timeout(PATIENCE_S):
                while drain and await connection.keys("yomite:outcome:*"):
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await connection.aclose()
            blocking.close()

    @contextmanager
    def busy_worker(self) -> Iterator[None]:
        """A worker that does not answer while this lasts."""
        assert self.worker is not None
        os.kill(self.worker.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.worker.pid, signal.SIGCONT)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command as it is typed, what its answer must hold, and whether a picture comes with it."""

    command: str
    text: str
    expected: tuple[str, ...]
    picture: bool = False

    @property
    def name(self) -> str:
        """For the test's report."""
        return f"{self.command}-{'ja' if any(ord(letter) > 0x3000 for letter in self.text) else 'en'}"


CASES = (
    Case(command="sentiment", text="この映画は本当に素晴らしかった！", expected=("ポジティブ",)),
    Case(command="sentiment", text="The service was terrible.", expected=("negative",)),
    Case(
        command="ner",
        text="山田太郎は2019年に京都大学を卒業し、トヨタ自動車に入社した。",
        expected=("山田太郎", "京都大学", "トヨタ自動車"),
    ),
    Case(
        command="ner",
        text="Apple Inc. is looking at buying U.K. startup for $1 billion. Tim Cook is the CEO.",
        expected=("Tim Cook", "Apple"),
    ),
    Case(
        command="ask",
        text="山田太郎はどこに入社した？ | 山田太郎は2019年に大学を卒業し、トヨタ自動車に入社した。",
        expected=("トヨタ自動車",),
    ),
    Case(command="ask", text="Who is the CEO? | Apple is in Cupertino. Tim Cook is the CEO.", expected=("Tim Cook",)),
    Case(
        command="similar",
        text="猫がマットの上に座っている。 | The cat sits on the mat. | 犬が公園で遊ぶ。",
        expected=("1.00", "猫がマット"),
    ),
    Case(command="similar", text="The cat sits on the mat. | A feline rests on a rug.", expected=("1.00", "A feline")),
    Case(command="explain-attention", text="この映画は本当に素晴らしかった！ --layer 5 --head 2", expected=("ポジティブ",), picture=True),
    Case(command="explain-attention", text="The service was terrible. --layer 5 --head 2", expected=("negative",), picture=True),
)
