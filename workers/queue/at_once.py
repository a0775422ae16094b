"""What is asked for at the same moment is asked for together: one round trip for many, with no waiting for more to come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class AtOnce(Generic[Asked, Found]):
    """Calls `do` with all that was asked for since it was called last. For one event loop.

    What is asked for while nothing is under way goes at once; what comes meanwhile goes together, when that is back.
    """

    def __init__(self, do: Callable[[Sequence[Asked]], Awaitable[Sequence[Found]]]) -> None:
        """`do` gives what was found for each, in their order."""
        self._do = do
        self._waiting: list[tuple[Asked, asyncio.Future[Found]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Found:
        """What was found; raises what `do` raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Found] = loop.create_future()
        self._waiting.append((asked, future))
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
        return await future

    async def _run(self) -> None:
        some: list[tuple[Asked, asyncio.Future[Found]]] = []
        try:
            while self._waiting:
                some, self._waiting = self._waiting, []
                await self._together(some)
        finally:  # also where the loop ends: nobody is left waiting
            for _, future in some + self._waiting:
                future.cancel()
            self._waiting = []

    async def _together(self, some: Sequence[tuple[Asked, asyncio.Future[Found]]]) -> None:
        waiting = [future for _, future in some]
        try:
            found = list(zip(waiting, await self._do([asked for asked, _ in some]), strict=True))
        except Exception as error:  # noqa: BLE001  # whatever it is, it belongs to those who asked
            for future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for future, each in found:
            if not future.done():  # else its caller was cancelled
                future.set_result(each)
