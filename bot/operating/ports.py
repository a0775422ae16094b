"""Checks of the ports that Yomite listens on: each is free, or it is Yomite that has it."""

from __future__ import annotations

import errno
import socket

import aiohttp

from bot.errors import PlatformError
from bot.language import both
from bot.operating.finding import Finding, error, ok, skipped
from bot.platforms.web.settings import WebSettings, check
from bot.settings import Settings
from engine.contract import reason_of

ASK_S = 3.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # nothing is bound here for long: where one asks
MOST_BYTES = 65_536


async def check_ports(settings: Settings) -> list[Finding]:
    """Those that these settings would open."""
    found = [_web_token(settings), await check_port("port.web", settings.web_host, settings.web_port, variable="YOMITE_WEB_PORT", path="/")]
    if settings.slack_signing_secret and not settings.slack_app_token:
        host, port = settings.slack_host, settings.slack_port
        found.append(await check_port("port.slack", host, port, variable="YOMITE_SLACK_PORT", path="/slack/events"))
    if settings.monitor_port is not None:
        host, port = settings.monitor_host, settings.monitor_port
        found.append(await check_port("port.monitor", host, port, variable="YOMITE_MONITOR_PORT", path="/metrics"))
    return [finding for finding in found if finding is not None]


async def check_port(name: str, host: str, port: int, *, variable: str, path: str, ask_s: float = ASK_S) -> Finding:
    """Whether it can be opened, or Yomite answers at `path` within `ask_s` seconds."""
    where = f"{host}:{port}"
    if port == 0:
        return skipped(name, "起動したときに空いている番号を選びます。", "A free one is taken at the start.")
    trouble = _trouble_with(host, port)
    if trouble is None:
        return ok(name, f"{where} は空いています。", f"{where} is free.")
    if trouble.errno == errno.EADDRINUSE and await _is_yomite(EVERYWHERE.get(host, host), port, path, ask_s):
        return ok(name, f"{where} は Yomite が使っています。", f"{where} is used by Yomite.")
    if trouble.errno == errno.EADDRINUSE:
        found = both(f"{where} はほかのプログラムが使っています。", f"{where} is taken by another program.")
        return error(name, found, both(f"{variable} で別の番号にしてください。", f"Choose another one with {variable}."))
    why = reason_of(trouble)
    return error(
        name,
        both(f"{where} を開けません（{why.ja}）。", f"{where} cannot be opened ({why.en})."),
        both(f"アドレスと {variable} を確かめてください。", f"Check the address and {variable}."),
    )


def _web_token(settings: Settings) -> Finding | None:
    """A page that others could open needs a token."""
    try:
        check(WebSettings(host=settings.web_host, port=settings.web_port, token=settings.web_token))
    except PlatformError as fault:
        return error("web", fault.message, both("YOMITE_WEB_TOKEN を設定してください。", "Set YOMITE_WEB_TOKEN."))
    return None


def _trouble_with(host: str, port: int) -> OSError | None:
    """The system's error; None where it can be listened there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server would: what has just been closed is free
            free.bind(address)
            free.listen(1)
    except OSError as fault:
        return fault
    return None


async def _is_yomite(host: str, port: int, path: str, ask_s: float) -> bool:
    """Whether what listens there answers as Yomite does: its page, its metrics, or Slack's refusal of an unsigned request."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    timeout = aiohttp.ClientTimeout(total=ask_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request("POST" if "slack" in path else "GET", url) as response,
        ):
            said = (await response.content.read(MOST_BYTES)).decode("utf-8", "replace")
            return _fits(path, response.status, said)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _fits(path: str, status: int, said: str) -> bool:
    if path == "/metrics":
        return "yomite_" in said
    if "slack" in path:
        return status == 401 and "invalid request" in said
    return "Yomite" in said
