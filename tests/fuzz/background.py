"""An event loop in a thread of its own, where what is fuzzed stays open from the first input to the last."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

from engine.contract import Failure, Message, Request, Result

Outcome = Result | Failure
Kind = TypeVar("Kind")
TIMEOUT_S = 60.0


class Background:
    """The loop. `run` waits for what it runs there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Kind]) -> Kind:
        """The outcome of `work`.

        Raises:
            TimeoutError: there is none within a minute.
        """
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, TIMEOUT_S), self._loop).result(TIMEOUT_S + 5)

    def close(self) -> None:
        """End the loop and its thread."""
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_S)
        self._loop.close()


async def _cancel_all() -> None:
    """What still runs beside, so that nothing is left in the middle of it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def held(opened: AbstractAsyncContextManager[Kind]) -> Iterator[tuple[Background, Kind]]:
    """The loop, and what was opened in it, until the end of the `with`."""
    background = Background()

    async def enter() -> Kind:
        return await opened.__aenter__()

    async def leave() -> None:
        await opened.__aexit__(None, None, None)

    try:
        yield background, background.run(enter())
        background.run(leave())
    finally:
        background.close()


def whatever(outcome_of: Callable[[Request], Outcome]) -> Callable[[Request], Outcome]:
    """The same played worker, who also says something to what it knows no answer to: people ask for that too."""

    def outcome(request: Request) -> Outcome:
        try:
            return outcome_of(request)
        except (TypeError, ValueError, LookupError):
            return Failure(code="unknown", message=Message(ja="わかりません。", en="Not known."))

    return outcome


class Logged(logging.Handler):
    """Collects what is logged, with its tracebacks."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged() -> Iterator[Logged]:
    """All that is logged meanwhile."""
    handler, root = Logged(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
