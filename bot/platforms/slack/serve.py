"""Serves one Slack workspace until cancelled: the one place where client, socket or HTTP server, desk and platform are wired."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.desk import Desk
from bot.errors import PlatformError
from bot.platforms.platform import CannotPost, TryLater
from bot.platforms.slack.by_http import by_http
from bot.platforms.slack.intake import Intake
from bot.platforms.slack.locales import Locales
from bot.platforms.slack.posting import SlackPlatform
from bot.platforms.slack.presses import Presses
from bot.platforms.slack.reading import Reader
from bot.platforms.slack.sending import Sending
from bot.platforms.slack.settings import SLACK_API, SlackSettings
from bot.platforms.slack.thumbs import FORM
from bot.platforms.slack.trouble import WRONG_TOKEN, as_desk_errors, code_of, retry_handlers, wrong_token

log = logging.getLogger("yomite.slack")

CALL_S = 30.0  # for one call to Slack
LONGEST_PAUSE_S = 60.0
PING_S = 10.0
ANY_NAME = re.compile(".*", re.DOTALL)
START = "yomite_start"  # where the library's context of an event keeps what begins to read it

Call = Callable[[], Awaitable[AsyncSlackResponse]]


async def serve_slack(settings: SlackSettings, desk: Desk) -> None:
    """Take questions from Slack and bring the answers, until cancelled. Where Slack cannot be reached yet, waits for it.

    Raises:
        PlatformError: Slack refuses a token, there is none, or it cannot be listened at the port.
    """
    if not settings.app_token and not settings.signing_secret:
        raise PlatformError(
            ja="Slack には SLACK_APP_TOKEN（Socket Mode）か SLACK_SIGNING_SECRET（HTTP）が必要です。",
            en="Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP).",
        )
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S)) as session:
        client = _client(settings, session)
        bot = await _checked(client.auth_test, variable="SLACK_BOT_TOKEN")
        sending = Sending(client, settings, session, _quiet())
        platform = SlackPlatform(sending, desk, bot_name=str(bot["user"]))
        reader = Reader(client, settings, session, user_id=str(bot["user_id"]))
        intake = Intake(desk, sending, platform, reader, Locales(client))
        presses = Presses(desk, sending)
        app = _app(client, settings, intake, presses)
        try:
            async with _by_sockets(app, client, settings) if settings.by_socket else by_http(app, settings) as connected:
                log.info("connected to Slack as %s", bot["user"])
                with desk.connections.served(platform.name, connected):
                    await desk.deliver(platform, again=intake.again)
        finally:
            await intake.close()
            await presses.close()


def _client(settings: SlackSettings, session: aiohttp.ClientSession) -> AsyncWebClient:
    client = AsyncWebClient(
        token=settings.bot_token, base_url=settings.base_url, session=session, logger=_quiet(), retry_handlers=retry_handlers()
    )
    if settings.base_url != SLACK_API:
        client.proxy = None  # what stands in for Slack is near
    return client


def _quiet() -> logging.Logger:
    """What the libraries log; below warnings they would log people's texts."""
    logger = logging.getLogger("yomite.slack.sdk")
    logger.setLevel(logging.WARNING)
    return logger


async def _checked(call: Call, *, variable: str) -> AsyncSlackResponse:
    """What Slack says to a call that proves a token, however long it takes to reach Slack.

    Raises:
        PlatformError: Slack refuses the token.
    """
    pause_s = 1.0
    while True:
        try:
            with as_desk_errors():
                try:
                    return await call()
                except SlackApiError as error:
                    if code_of(error) in WRONG_TOKEN:
                        raise wrong_token(error, variable=variable) from error
                    raise
        except CannotPost as error:
            raise PlatformError(ja=f"Slack につなげません（{error}）。", en=f"Slack cannot be used ({error}).") from error
        except TryLater as later:
            wait_s = max(pause_s, later.after_s)
            log.warning("Slack cannot be reached; trying again in %g s", wait_s)
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _app(client: AsyncWebClient, settings: SlackSettings, intake: Intake, presses: Presses) -> AsyncApp:
    """What Slack sends goes to the intake, or to the presses. Whatever is not known is acknowledged too: the desk says what is wrong.

    A question is written down, acknowledged, and only then read. Events are acknowledged by the library before their listener runs, so that
    a middleware takes them in.
    """
    quiet = _quiet()
    # The library sets the level of the logger that is called as the app is: it must not be one that others log under.
    app = AsyncApp(name=quiet.name, client=client, signing_secret=settings.signing_secret, logger=quiet)

    async def on_command(ack: Any, command: dict[str, Any]) -> None:
        start = await intake.command(command)
        # In the channel Slack then shows what was typed, above the answer.
        await (ack({"response_type": "in_channel"}) if intake.is_for_all(command) else ack())
        start()

    async def on_shortcut(ack: Any, shortcut: dict[str, Any]) -> None:
        start = await intake.shortcut(shortcut) if shortcut.get("type") == "message_action" else None
        await ack()
        if start is not None:
            start()

    async def on_action(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        presses.action(body)

    async def on_form(ack: Any, body: dict[str, Any]) -> None:
        # The acknowledgement tells what is wrong with it.
        await ack(**(await presses.form(body) or {}))

    async def take_in(body: dict[str, Any], context: AsyncBoltContext, next: Callable[[], Awaitable[Any]]) -> None:  # the library's name
        event = body.get("event") if body.get("type") == "event_callback" else None
        kinds = {"app_mention": intake.mention, "message": intake.message}
        if isinstance(event, dict) and (take := kinds.get(str(event.get("type")))) is not None:
            context[START] = await take(event, str(body.get("event_id", "")), team=str(body.get("team_id") or ""))
        await next()

    async def on_event(context: AsyncBoltContext) -> None:
        context[START]()

    app.middleware(take_in)
    app.command(ANY_NAME)(on_command)
    app.shortcut(ANY_NAME)(on_shortcut)
    app.action(ANY_NAME)(on_action)
    app.view(FORM)(on_form)
    app.event("app_mention")(on_event)
    app.event("message")(on_event)
    return app


@contextlib.asynccontextmanager
async def _by_sockets(app: AsyncApp, client: AsyncWebClient, settings: SlackSettings) -> AsyncIterator[Callable[[], bool]]:
    """Socket Mode: the bot connects to Slack, and nothing must reach it from outside. While one connection is renewed, the others go on.

    Gives what says whether any of them stands; so does `by_http`.
    """
    async with contextlib.AsyncExitStack() as opened:
        sockets = [await opened.enter_async_context(_by_socket(app, client, settings)) for _ in range(settings.sockets)]
        yield lambda: any(map(_stands, sockets))


def _stands(socket: SocketModeClient) -> bool:
    session = socket.current_session
    return not socket.closed and not socket.stale and session is not None and not session.closed


@contextlib.asynccontextmanager
async def _by_socket(app: AsyncApp, client: AsyncWebClient, settings: SlackSettings) -> AsyncIterator[SocketModeClient]:
    opened = await _checked(lambda: client.apps_connections_open(app_token=settings.app_token), variable="SLACK_APP_TOKEN")
    handler = AsyncSocketModeHandler(app, settings.app_token, logger=_quiet(), web_client=client, ping_interval=PING_S)
    handler.client.proxy = client.proxy
    handler.client.wss_uri = str(opened["url"])  # the library would go on for ever with a wrong token
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # published without types
        yield handler.client
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
