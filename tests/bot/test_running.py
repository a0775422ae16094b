"""What `yomite run` keeps up is tried again and again, also where it cannot be started for a while."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from bot import running
from bot.running import Kept
from bot.settings import Settings
from engine.contract import Message, SentimentRequest, SentimentResult
from tests.support.hanging import WAIT
from tests.support.redis_with import answers, on_disk
from tests.support.working import PLATFORM, answered, failed, outcome_of
from workers.queue.door import JobQueue
from workers.queue.errors import ServerError
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).resolve().parents[2]

DEADLINE_S = 180.0  # generous: the machine may be busy


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not met():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("speech", "said"),
    [("ja", "ワーカーを起動できません（ファイルかフォルダがありません）"), ("en", "A worker cannot be started (No such file")],
)
def test_a_worker_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], speech: str, said: str
) -> None:
    worker = Kept(Settings(state_dir=tmp_path), "redis://127.0.0.1:1/0", "ja" if speech == "ja" else "en")

    async def keep() -> None:
        keeping = asyncio.create_task(worker.keep())
        printed = ""

        def told() -> bool:
            nonlocal printed
            printed += capsys.readouterr().out
            return said in printed

        await until(told)
        monkeypatch.undo()
        await until(lambda: worker._process is not None and worker._process.alive)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    try:
        asyncio.run(keep())
    finally:
        worker.ask_to_stop()
        worker.stop()


@dataclass
class FailingServer:
    """A Redis that comes up at the second try."""

    tries: list[str] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return len(self.tries) > 1

    def start(self) -> None:
        self.tries.append("start")
        if len(self.tries) == 1:
            raise ServerError(ja="ポートが使われています。", en="The port is taken.")


def test_a_redis_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOOK_S", 0.01)
    server, said = FailingServer(), list[Message]()

    async def keep() -> None:
        keeping = asyncio.create_task(running._keep_server(server, said.append))
        await until(lambda: server.alive)
        await asyncio.sleep(0.1)
        assert not keeping.done()
        keeping.cancel()

    asyncio.run(keep())
    assert len(server.tries) == 2
    assert any("The port is taken." in message.en and "ポートが使われています。" in message.ja for message in said)


def test_a_redis_that_is_killed_is_started_again_and_what_waited_and_ran_is_answered_once(tmp_path: Path) -> None:
    said: list[Message] = []

    async def live_through_it(server: EmbeddedRedis, redis: Redis) -> None:
        queue = JobQueue(redis)
        jobs = [queue.submit(SentimentRequest(text=text), platform=PLATFORM) for text in (WAIT, "良い", "fine")]
        await until(lambda: redis.hget(f"rq:job:{jobs[0]}", "status") == b"started")
        jobs += [queue.submit(SentimentRequest(text=text), platform=PLATFORM) for text in ("まだ待つ", "still waits")]
        keeping = asyncio.create_task(running._keep_server(server, said.append))
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: server.pid != first and answers(server.url))
        with Redis.from_url(server.url) as again:
            await until(lambda: len(answered(again)) >= len(jobs))
            await asyncio.sleep(1.0)  # for one that comes twice
            assert all(isinstance(outcome_of(again, job), SentimentResult) for job in jobs)
            assert failed(again) == {}
            found = answered(again)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert sorted(found) == sorted(jobs)

    with (
        EmbeddedRedis(tmp_path, durable=True) as server,
        Redis.from_url(server.url) as redis,
        subprocess.Popen([sys.executable, "-m", "tests.support.hanging", server.url, "30"], cwd=ROOT) as worker,
    ):
        try:
            asyncio.run(live_through_it(server, redis))
        finally:
            worker.terminate()
            worker.wait(DEADLINE_S)
    assert any("it is started again" in line.en and "起動しなおします" in line.ja for line in said)


def test_what_was_deleted_does_not_stay_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(running, "REWRITE_EVERY_S", 0.05)

    async def keep() -> None:
        with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
            for text in (b"a very secret story", b"another secret story"):
                connection.set("a key", text)
                connection.delete("a key")
            keeping = asyncio.create_task(running._keep_disk_clean(server))
            await until(lambda: b"secret story" not in on_disk(tmp_path))
            connection.set("a key", b"a third secret story")
            await until(lambda: b"secret story" in on_disk(tmp_path))
            connection.delete("a key")
            await until(lambda: b"secret story" not in on_disk(tmp_path))
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(keep())


def test_what_was_deleted_is_not_on_the_disk_when_yomite_has_stopped(tmp_path: Path) -> None:
    with running._redis(Settings(state_dir=tmp_path)) as (url, _), Redis.from_url(url) as connection:
        connection.set("a key", b"a very secret story")
        connection.delete("a key")
    left = [path for path in tmp_path.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]
    assert left == []
