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
    """A command as it is typed, what its answer must hold, and whether a picture and a page come with it."""

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
    Case(
        command="explain-attention",
        text="この映画は本当に素晴らしかった！ --layer 5 --head 2",
        expected=("ポジティブ", "層 5（0〜11）、ヘッド 2", "晴", "無作為", "説明できません"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="The service was terrible. --layer 5 --head 2",
        expected=("negative", "layer 5 (0–11), head 2", "terrible", "random", "not an explanation"),
        picture=True,
    ),
)
# Attention in every view, for every task, of pairs and of two models.
EXPLAINED = (
    Case(
        command="explain-attention",
        text="京都で食べた抹茶がおいしかった。 --view heads --layer 2",
        expected=("層の全ヘッド", "特徴のあるヘッド"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="The tea in Kyoto was good. --view layers",
        expected=("12 layers × 12 heads", "stand out"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="山田太郎は京都大学を卒業した。 --task ner --view rollout",
        expected=("人名", "ロールアウト"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="Tim Cook is the CEO. --task ner --view tokens --joined --folded",
        expected=("PER", "shaded"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="山田太郎はどこに入社した？ | 山田太郎はトヨタ自動車に入社した。 --task ask",
        expected=("トヨタ自動車", "質問と文脈の組"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="The service was terrible. | The food was great. --view compare",
        expected=("negative", "two texts side by side"),
        picture=True,
    ),
    Case(
        command="explain-attention",
        text="この店は最高です。 --with yomite/encoder",
        expected=("yomite/encoder の注意の比較",),
        picture=True,
    ),
    Case(
        command="explain-attention", text="The cat sat on the mat. --view positions", expected=("how positions are encoded",), picture=True
    ),
    Case(command="explain-attention", text="京都で抹茶を飲んだ。 --word 京都", expected=("「京都」が見る先", "見てくる元"), picture=True),
)
