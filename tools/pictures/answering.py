"""Gets real answers: a Redis, a worker with the bundled models, and the desk that all chat platforms use."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bot.desk import Answer, Desk, Incoming, IncomingFile, Reading
from bot.language import Speech
from bot.platforms.platform import Apology
from bot.reply import Reply
from bot.serving import open_desk
from bot.settings import Settings
from engine.contract import Task
from tools.pictures.scene import Scene, TextFile
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

READY_S, ANSWER_S = 300.0, 120.0
TASKS = (Task.SENTIMENT, Task.NER, Task.ASK, Task.SIMILAR, Task.EXPLAIN_ATTENTION)


@contextmanager
def running_system() -> Iterator[str]:
    """The URL of a Redis on which a worker with the bundled models answers, all of them loaded.

    Raises:
        RuntimeError: the worker does not start.
    """
    with tempfile.TemporaryDirectory(prefix="yomite-pictures-") as folder, EmbeddedRedis(Path(folder), durable=False) as server:
        worker = WorkerProcess(WorkerSettings(device="cpu"), redis_url=server.url, warm_up_first=TASKS)
        try:
            if not worker.wait_until_ready(READY_S):
                raise RuntimeError(f"the worker does not start:\n{worker.last_words()}")
            yield server.url
        finally:
            worker.stop()


@contextmanager
def idle_system() -> Iterator[str]:
    """The URL of a Redis for which nobody computes."""
    with tempfile.TemporaryDirectory(prefix="yomite-pictures-") as folder, EmbeddedRedis(Path(folder), durable=False) as server:
        yield server.url


class Asker:
    """A chat platform that keeps its answers in memory. For one event loop."""

    name = "pictures"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[str, asyncio.Future[Reply]] = {}

    async def ask(self, scene: Scene) -> tuple[Reply, Speech]:
        """The answer to a scene's question, and the language that the desk answers in.

        Raises:
            TimeoutError: the worker does not answer.
        """
        incoming = Incoming(
            platform=self.name,
            event_id=uuid.uuid4().hex,
            person="person",
            line=scene.asked.text,
            locale=scene.speech,
            files=(_incoming_file(scene.file),) if scene.file else (),
            nearby=lambda: _ready(scene.thread_text),
        )
        speech = self._desk.speech_for(incoming)
        found = await self._desk.read(incoming)
        if isinstance(found, Reply):
            return found, speech
        if not isinstance(found, Reading):
            raise RuntimeError("the desk takes this question for one that it has had")
        answered = asyncio.get_running_loop().create_future()
        token = uuid.uuid4().hex
        self._waiting[token] = answered
        await self._desk.submit(found, {"token": token})
        return await asyncio.wait_for(answered, ANSWER_S), speech

    async def post(self, answer: Answer) -> None:
        """Give an answer to whoever waits for it."""
        self._waiting.pop(answer.delivery["token"]).set_result(answer.reply)

    async def apologise(self, apology: Apology) -> None:
        """A picture shows what there is; whoever waits is given the apology."""
        self._waiting.pop(apology.delivery["token"]).set_result(apology.reply)

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        """A picture shows only the end."""


@asynccontextmanager
async def open_asker(redis_url: str) -> AsyncIterator[tuple[Desk, Asker]]:
    """A desk, and an Asker that it delivers to."""
    async with open_desk(Settings(), redis_url) as desk:
        asker = Asker(desk)
        delivering = asyncio.create_task(desk.deliver(asker))
        try:
            yield desk, asker
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)


def _incoming_file(file: TextFile) -> IncomingFile:
    data = file.text.encode()

    async def read() -> bytes:
        return data

    return IncomingFile(name=file.name, size=len(data), read=read)


async def _ready(text: str | None) -> str | None:
    return text
