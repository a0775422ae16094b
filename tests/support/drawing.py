"""An engine that leaves its pictures to be drawn, and a worker process with it that stays at a picture until it is told to go on."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine.contract import Image, Message, Request, Result, SimilarRequest, SimilarResult
from engine.drawing import Undrawn
from tests.support.working import RecordingEngine
from workers.composition import connect
from workers.computing import OnProgress
from workers.queue.processes import READY_MARK
from workers.worker import BatchingWorker

# Keys of the process below: how often it has begun to draw, and what it waits for.
BEGUN, GO_ON = "test:begun", "test:go-on"
IMAGE = Image(
    name="similarity.png", media_type="image/png", width_px=2, height_px=1, alt=Message(ja="図", en="a picture"), data=b"\x89PNG\x00\xff"
)
UNDRAWN = SimilarResult(language="ja", model="m", matrix=((1.0,),), ranking=(), pooling="mean")
DRAWN = replace(UNDRAWN, images=(IMAGE,))


@dataclass
class DrawingEngine(RecordingEngine):
    """What is similar has a picture: `on_draw` is called with the first text where it is drawn, and may raise or wait."""

    on_draw: Callable[[str], None] = lambda text: None
    drawn: list[str] = field(default_factory=list)

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Result | Undrawn]:  # type: ignore[override]  # no failures
        answers = super().read(requests, on_progress)
        return [
            self._undrawn(request.texts[0]) if isinstance(request, SimilarRequest) else answer
            for request, answer in zip(requests, answers, strict=True)
        ]

    def _undrawn(self, text: str) -> Undrawn:
        def draw() -> Result:
            self.drawn.append(text)
            self.on_draw(text)
            return DRAWN

        return Undrawn(result=UNDRAWN, draw=draw)


def pictured(text: str) -> SimilarRequest:
    """A Request whose answer has a picture."""
    return SimilarRequest(texts=(text, "b", "c"))


def main(redis_url: str) -> None:
    """Be a worker with such an engine."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # As where a shell starts it in the background, and as the real worker's process does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    connection = connect(redis_url)

    def stay(text: str) -> None:
        connection.incr(BEGUN)
        while not connection.exists(GO_ON):
            time.sleep(0.01)

    worker = BatchingWorker(connection, DrawingEngine(on_draw=stay), batch=8)
    print(f"worker {worker.name}{READY_MARK}test", file=sys.stderr, flush=True)
    worker.work()


if __name__ == "__main__":
    main(sys.argv[1])
