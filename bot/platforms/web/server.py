"""Serves the chat page: its files, the list of commands, and the socket that it talks through."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.desk import Desk
from bot.errors import PlatformError
from bot.platforms.web import access, protocol
from bot.platforms.web.chat import WebChat
from bot.platforms.web.settings import WebSettings, check
from engine.contract import reason_of

STATIC = Path(__file__).parent / "static"
ROOM = "room.html"
# Said here: what the machine thinks of suffixes is not always right, and a browser runs no module of another type.
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
SHUTDOWN_S = 2.0


async def serve_web(settings: WebSettings, desk: Desk, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve the page until cancelled. `on_ready` is told its address once it can be opened.

    Raises:
        PlatformError: the address is taken or not of this machine, other machines could use the page without a token, or another process
            serves the page already.
    """
    check(settings)
    chat = WebChat(settings, desk)
    runner = web.AppRunner(make_app(settings, chat), access_log=None, shutdown_timeout=SHUTDOWN_S)
    # The sessions of pages are known to one process alone: another one that takes an answer has nobody to give it to.
    async with desk.only_one(chat.name):
        await runner.setup()
        try:
            port = await _listen(runner, settings)
            if on_ready is not None:
                on_ready(address(settings.host, port))
            with desk.connections.served(chat.name):
                await desk.deliver(chat)
        finally:
            await asyncio.shield(_close(chat, runner))


def make_app(settings: WebSettings, chat: WebChat) -> web.Application:
    """The web application around a chat."""
    app = web.Application(middlewares=[access.guard(settings)])
    app.on_response_prepare.append(access.add_headers)
    app.router.add_get("/", _static("index.html"))
    for path in STATIC.iterdir():
        app.router.add_get(f"/static/{path.name}", _static(path.name))
    app.router.add_get("/api/commands", _commands)
    app.router.add_get("/chat", chat.talk)
    return app


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the page."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # only read here
    return f"http://{shown}:{port}/"


async def _listen(runner: web.AppRunner, settings: WebSettings) -> int:
    """Open the port; which one it became.

    Raises:
        PlatformError: it cannot be opened.
    """
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except (OSError, OverflowError) as error:
        raise _cannot_listen(settings, error) from error
    addresses: list[tuple[str, int]] = runner.addresses
    return int(addresses[0][1])


def _cannot_listen(settings: WebSettings, error: OSError | OverflowError) -> PlatformError:
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return PlatformError(
            ja=f"チャットページのポート {where} は使用中です。Yomite がもう動いていないか確かめるか、YOMITE_WEB_PORT で別の番号にしてください"
            "（0 にすると空いている番号を選びます）。",
            en=f"The chat page's port {where} is taken. See whether Yomite is running already, or choose another one with YOMITE_WEB_PORT "
            "(0 takes a free one).",
        )
    why = reason_of(error)
    return PlatformError(
        ja=f"チャットページを {where} で開けません（{why.ja}）。YOMITE_WEB_HOST と YOMITE_WEB_PORT を確かめてください。",
        en=f"The chat page cannot be served at {where} ({why.en}). Check YOMITE_WEB_HOST and YOMITE_WEB_PORT.",
    )


async def _close(chat: WebChat, runner: web.AppRunner) -> None:
    await chat.close()
    await runner.cleanup()


def _static(name: str) -> Handler:
    path = STATIC / name
    headers = {"Content-Type": MEDIA_TYPES[path.suffix], **(access.ROOM_HEADERS if name == ROOM else {})}

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers=headers)

    return handler


async def _commands(request: web.Request) -> web.StreamResponse:
    return web.json_response(protocol.commands_as_json())
