"""Trouble on order: what the fake Discord answers instead of doing what it is asked, or after doing it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

from tests.fakes.discord.answers import answered

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Trouble:
    """For `times` requests of a method to a path, written as `*/messages`.

    `lose`: do it, and cut the line before the answer. `hang_s`: seconds before it is answered; with a status of 200 it is then done.
    """

    method: str
    path: str
    times: int
    status: int = 500
    code: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    lose: bool = False
    hang_s: float = 0.0
    met: int = 0


class Troubles:
    """A middleware that brings them."""

    def __init__(self) -> None:
        self.waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> Trouble:
        """From now on."""
        self.waiting.append(trouble)
        return trouble

    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets a request through unless there is trouble for it."""
        trouble = self._for(request)
        if trouble is None:
            return await handler(request)
        trouble.met += 1
        await asyncio.sleep(trouble.hang_s)
        if trouble.status == 200:
            return await handler(request)
        if trouble.lose:
            response = await handler(request)
            if request.transport is not None:
                request.transport.abort()
            return response
        await request.read()
        return answered({"message": trouble.message, "code": trouble.code} | trouble.body, status=trouble.status, headers=trouble.headers)

    def _for(self, request: web.Request) -> Trouble | None:
        for trouble in self.waiting:
            if trouble.met < trouble.times and trouble.method == request.method and fnmatchcase(request.path, trouble.path):
                return trouble
        return None
