"""What `yomite run` keeps up is tried again and again, also where it cannot be started for a while."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import running
from bot.running import Kept
from bot.settings import Settings
from engine.contract import Message
from workers.queue.errors import ServerError

DEADLINE_S = 30.0


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not met():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("speech", "said"), [("ja", "ワーカーを起動できません"), ("en", "A worker cannot be started")])
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
