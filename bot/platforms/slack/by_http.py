"""Slack by HTTP: Slack calls the bot. What it has not signed a moment ago is refused before any of it is read."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.errors import PlatformError
from bot.platforms.slack.settings import SlackSettings
from engine.contract import reason_of

log = logging.getLogger("yomite.slack")

PATH = "/slack/events"
MOST_BYTES = 1024**2  # of a request; Slack's are far smaller
SSL_CHECK = b"ssl_check=1"  # a field that stands alone where Slack only tries the certificate


@contextlib.asynccontextmanager
async def by_http(app: AsyncApp, settings: SlackSettings) -> AsyncIterator[Callable[[], bool]]:
    """Listen until left.

    Raises:
        PlatformError: it cannot be listened there.
    """
    verifier = SignatureVerifier(settings.signing_secret)

    async def on_request(request: web.Request) -> web.Response:
        body = await request.read()
        if _is_signed(verifier, request, body):
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        if SSL_CHECK in body.split(b"&"):
            return web.Response()
        return web.json_response({"error": "invalid request"}, status=401)

    server = web.Application(client_max_size=MOST_BYTES)
    server.router.add_post(PATH, on_request)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        port = await _listen(runner, settings)
        log.info("waiting for Slack at %s:%d%s", settings.http_host, port, PATH)
        yield lambda: True
    finally:
        await runner.cleanup()


def _is_signed(verifier: SignatureVerifier, request: web.Request, body: bytes) -> bool:
    """Whether Slack has signed it within the last five minutes. Whatever has no shape has no signature either."""
    try:
        return verifier.is_valid_request(body, dict(request.headers))
    except (ValueError, TypeError):  # a time that is no number, a body that is no text, a signature of other letters
        return False


async def _listen(runner: web.AppRunner, settings: SlackSettings) -> int:
    """Open the port; which one it became.

    Raises:
        PlatformError: it cannot be opened.
    """
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
    except (OSError, UnicodeError) as error:  # the second where the host is no name at all
        raise _cannot_listen(settings, error) from error
    addresses: list[tuple[str, int]] = runner.addresses
    return int(addresses[0][1])


def _cannot_listen(settings: SlackSettings, error: OSError | UnicodeError) -> PlatformError:
    where = f"{settings.http_host}:{settings.http_port}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return PlatformError(
            ja=f"Slack を HTTP で受けるポート {where} は使用中です。Yomite がもう動いていないか確かめるか、"
            "YOMITE_SLACK_PORT で別の番号にしてください。",
            en=f"The port for Slack by HTTP, {where}, is taken. See whether Yomite is running already, "
            "or choose another one with YOMITE_SLACK_PORT.",
        )
    why = reason_of(error)
    return PlatformError(
        ja=f"Slack を HTTP で受けるアドレス {where} を開けません（{why.ja}）。YOMITE_SLACK_HOST と YOMITE_SLACK_PORT を確かめてください。",
        en=f"Slack cannot be waited for at {where} ({why.en}). Check YOMITE_SLACK_HOST and YOMITE_SLACK_PORT.",
    )
