"""Socket Mode: the bot's websocket connections, and envelopes that are sent again until they are acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.slack.records import Delivery
from tests.fakes.slack.store import APP

RETRIES = 3  # of events; commands and shortcuts are told once


class Sockets:
    """All connections; what is told goes to them by turns. `ack_s`: after so many seconds an event is told again."""

    def __init__(self, *, ack_s: float) -> None:
        self._ack_s = ack_s
        self._open: list[web.WebSocketResponse] = []  # whoever is next stands first
        self._leaving: list[web.WebSocketResponse] = []  # those that were asked to connect anew
        self.told_on: list[int] = []  # the number of the connection that each envelope went to
        self._numbers: dict[web.WebSocketResponse, int] = {}
        self._ready = asyncio.Condition()
        self._told: dict[str, tuple[Delivery, float]] = {}
        self.connections = 0  # how many there have been

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until either side closes it."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        self._numbers[socket] = self.connections
        info = {"num_connections": len(self._open) + 1, "connection_info": {"app_id": APP}, "debug_info": {"host": "applink-fake"}}
        await socket.send_json({"type": "hello", **info})
        self._open.append(socket)
        async with self._ready:
            self._ready.notify_all()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acknowledge(json.loads(message.data))
        finally:
            self._open.remove(socket)
            if socket in self._leaving:
                self._leaving.remove(socket)
        return socket

    async def connected(self, *, timeout_s: float = 30.0, more_than: int = 0, at_once: int = 1) -> None:
        """Wait for a connection, or for so many `at_once`; with `more_than`, for one after so many."""
        async with asyncio.timeout(timeout_s), self._ready:
            await self._ready.wait_for(lambda: len(self._open) >= at_once and self.connections > more_than)

    def _next(self) -> web.WebSocketResponse:
        """Whose turn it is."""
        socket = next((one for one in self._open if one not in self._leaving), self._open[-1])
        self._open.remove(socket)
        self._open.append(socket)
        self.told_on.append(self._numbers[socket])
        return socket

    async def tell(self, delivery: Delivery) -> None:
        """Send an envelope, again where it is an event that is not acknowledged in time."""
        started = time.monotonic()
        self._told[delivery.envelope_id] = (delivery, started)
        again = RETRIES if delivery.kind == "events_api" else 0
        for attempt in range(again + 1):
            await self.connected()
            delivery.attempts += 1
            with contextlib.suppress(ConnectionError):  # the bot is gone just now: it cannot acknowledge either
                await self._next().send_json(_envelope(delivery, attempt))
            try:
                await asyncio.wait_for(asyncio.shield(delivery.acknowledged_s), self._ack_s)
                return
            except TimeoutError:
                continue

    async def repeat(self, delivery: Delivery) -> None:
        """Send an envelope once more although it was acknowledged, as Slack does when an acknowledgement got lost."""
        await self.connected()
        delivery.attempts += 1
        await self._next().send_json(_envelope(delivery, 1))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the bot to open its newest connection anew: "refresh_requested" or "warning"."""
        socket = max(self._open, key=self._numbers.__getitem__)
        self._leaving.append(socket)
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-fake"}})

    async def say(self, frame: str) -> None:
        """Send a frame as it is, whatever is in it."""
        await self.connected()
        await self._next().send_str(frame)

    async def cut(self, number: int) -> None:
        """Close one connection without a word, by its number; they are counted from 1."""
        await next(socket for socket in self._open if self._numbers[socket] == number).close(code=1001)

    async def drop(self) -> None:
        """Close every connection without a word."""
        for socket in list(self._open):
            await socket.close(code=1001)

    def _acknowledge(self, message: dict[str, Any]) -> None:
        told = self._told.get(message.get("envelope_id", ""))
        if told and not told[0].acknowledged_s.done():
            told[0].answer = message.get("payload") or {}
            told[0].acknowledged_s.set_result(time.monotonic() - told[1])


def _envelope(delivery: Delivery, attempt: int) -> dict[str, Any]:
    envelope = {
        "envelope_id": delivery.envelope_id,
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
    return envelope
