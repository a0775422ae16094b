"""Serves Discord: the one place where client and desk are wired together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.desk import Desk
from bot.errors import PlatformError
from bot.faults import log_fault
from bot.platforms.discord.client import YomiteClient
from bot.platforms.discord.settings import DiscordSettings

log = logging.getLogger("yomite.discord")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
INVALID_SHARD, SHARDING_REQUIRED = 4010, 4011  # with these, Discord closes a connection


async def serve_discord(settings: DiscordSettings, desk: Desk) -> None:
    """Answer on Discord until cancelled.

    Raises:
        PlatformError: Discord refuses the token or what the bot asks for.
    """
    if not settings.token.isascii() or len(settings.token.split()) != 1:
        raise _wrong_token()  # nothing that could be sent
    _use_addresses(settings)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it tells everybody that it cannot speak
    # Below this level discord.py writes down every message that it gets.
    library = logging.getLogger("discord")
    library.setLevel(max(library.getEffectiveLevel(), logging.INFO))
    pause_s = FIRST_PAUSE_S
    while True:
        async with contextlib.AsyncExitStack() as opened:
            try:
                if clients := await _logged_in(settings, desk, opened):
                    return await _connect(clients, settings, desk)
            except discord.LoginFailure as error:
                raise _wrong_token() from error
            except discord.PrivilegedIntentsRequired as error:
                raise _intent_is_off() from error
            except discord.ConnectionClosed as error:
                raise (_wrong_token() if error.code == 4004 else _closed(error.code)) from error
            except PlatformError:
                raise
            except Exception as error:  # noqa: BLE001  # the library stumbles over an event of another form than it knows, and ends
                log_fault(log, "taking what Discord sent; connecting anew", error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _logged_in(settings: DiscordSettings, desk: Desk, opened: contextlib.AsyncExitStack) -> list[YomiteClient]:
    """A client for each shard that this process holds; none where Discord cannot be reached now."""
    first = await opened.enter_async_context(YomiteClient(settings, desk))
    if not await _logs_in(first, settings.token):
        return []
    shards = settings.shards or await _recommended(first)
    if shards <= 1:
        return [first] if shards else []
    clients = [first]
    for number, shard in enumerate(settings.shard_ids or range(shards)):
        if number:
            clients.append(await opened.enter_async_context(YomiteClient(settings, desk, beside=first)))
            if not await _logs_in(clients[-1], settings.token):
                return []
        clients[-1].hold(shard, of=shards)
    return clients


async def _recommended(client: YomiteClient) -> int:
    """By how many shards Discord wants the bot to come; 0 where it cannot be asked now."""
    try:
        shards, _, _ = await client.http.get_bot_gateway()
    except (discord.GatewayNotFound, discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("Discord does not say how many shards it wants (%s); trying again", type(error).__name__)
        return 0
    return max(1, shards)


async def _logs_in(client: YomiteClient, token: str) -> bool:
    """Log in; False where Discord cannot be reached now. A client that failed to is of no more use."""
    try:
        await client.login(token)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        if isinstance(error, discord.HTTPException) and error.status < 500 and error.status != 429:
            raise PlatformError(
                ja=f"Discord へのログインを断られました（{error.status}）。", en=f"Discord refused the login ({error.status})."
            ) from error
        log.warning("Discord cannot be reached (%s); trying again", type(error).__name__)
        return False
    return True


async def _connect(clients: Sequence[YomiteClient], settings: DiscordSettings, desk: Desk) -> None:
    """Take events and post answers until any of it ends."""
    first = clients[0]
    tasks = [asyncio.create_task(_take_events(client, after_s=number * settings.identify_every_s)) for number, client in enumerate(clients)]
    tasks.append(asyncio.create_task(desk.deliver(first.platform, again=first.again)))
    try:
        with desk.connections.served(first.platform.name, lambda: all(map(_stands, clients))):
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _stands(client: YomiteClient) -> bool:
    """Whether its connection to the gateway does, and Discord has said all that it says at its beginning."""
    return client.is_ready() and not client.is_closed() and client.ws.open


async def _take_events(client: YomiteClient, *, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await client.connect()


def _use_addresses(settings: DiscordSettings) -> None:
    """Discord.py keeps its addresses in its classes: they can only be set for the whole process."""
    if settings.api_url:
        Route.BASE = settings.api_url
    if settings.gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.gateway_url)


def _wrong_token() -> PlatformError:
    return PlatformError(
        ja="DISCORD_TOKEN が正しくありません。Discord の開発者ページの Bot → Reset Token で作りなおして設定してください。",
        en="DISCORD_TOKEN is not right. Make a new one on Discord's developer page under Bot → Reset Token, and set it.",
    )


def _intent_is_off() -> PlatformError:
    return PlatformError(
        ja="Discord の開発者ページの Bot で Message Content Intent がオフです。オンにするか、この設定をやめてください。",
        en="Message Content Intent is off on Discord's developer page under Bot. Switch it on, or do not ask for it.",
    )


def _closed(code: int) -> PlatformError:
    if code in (INVALID_SHARD, SHARDING_REQUIRED):
        return PlatformError(
            ja=f"Discord は、このシャードの分け方を受け付けません（{code}）。YOMITE_DISCORD_SHARDS を 0 にするか増やし、どのプロセスでも同じにしてください。",
            en=f"Discord does not take these shards ({code}). Set YOMITE_DISCORD_SHARDS to 0 or to more, and alike in every process.",
        )
    return PlatformError(ja=f"Discord が接続を閉じました（{code}）。", en=f"Discord closed the connection ({code}).")
