"""Checks of Discord: does the token work, and is what the bot reads allowed? Asks Discord, and changes nothing there."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from bot.language import both
from bot.operating.clock import check_clock, seconds_of_date
from bot.operating.finding import Finding, error, ok, skipped, warning
from bot.settings import Settings

DISCORD_API = "https://discord.com/api/v10"
CALL_S = 8.0
AGENT = "DiscordBot (yomite, 1)"  # Discord turns away what does not say that it is one
GRANTED, LIMITED = 1 << 18, 1 << 19  # of an application's flags: message content, for large bots and for small ones
FEW_STARTS = 20


class Refused(Exception):
    """Discord said no: its number."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


async def check_discord(settings: Settings, *, base_url: str = DISCORD_API) -> list[Finding]:
    """The token, the intent, servers and shards, and Discord's clock."""
    token = settings.discord_token
    if not token:
        return [skipped("discord", "DISCORD_TOKEN がないので使いません。", "Not used: DISCORD_TOKEN is not set.")]
    if not token.isascii() or len(token.split()) != 1:
        return [_wrong_token()]  # nothing that could be sent
    headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S), headers=headers) as session:
        try:
            before_s = time.time()
            me, date = await _get(session, f"{base_url}/users/@me")
            after_s = time.time()
            (application, _), (gateway, _) = await asyncio.gather(
                _get(session, f"{base_url}/applications/@me"), _get(session, f"{base_url}/gateway/bot")
            )
        except Refused as fault:
            return [_wrong_token() if fault.status == 401 else _cannot_ask(str(fault))]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            return [_cannot_ask(type(fault).__name__)]
    intent = _intent(int(application.get("flags") or 0), wanted=settings.discord_message_content)
    found = [_known(me, application), intent, _gateway(gateway, set_shards=settings.discord_shards)]
    theirs_s = seconds_of_date(date)
    return found if theirs_s is None else [*found, check_clock("Discord", theirs_s=theirs_s, before_s=before_s, after_s=after_s)]


async def _get(session: aiohttp.ClientSession, url: str) -> tuple[dict[str, Any], str]:
    """The JSON object there, and the date that came with it.

    Raises:
        Refused: Discord says no.
        ValueError: it is no JSON object.
    """
    async with session.get(url) as response:
        if response.status != 200:
            raise Refused(response.status)
        found = await response.json(content_type=None)
        if not isinstance(found, dict):
            raise ValueError(type(found).__name__)
        return found, response.headers.get("Date", "")


def _known(me: dict[str, Any], application: dict[str, Any]) -> Finding:
    name, app_id = str(me.get("username", "?")), str(application.get("id", "?"))
    count = application.get("approximate_guild_count")
    servers = (
        both("サーバー数は不明", "on an unknown number of servers")
        if count is None
        else both(f"サーバー {count} 個", f"on {count} server{'' if count == 1 else 's'}")
    )
    if count == 0:
        return warning(
            "discord",
            both(f"@{name}（アプリ {app_id}）はどのサーバーにもいません。", f"@{name} (application {app_id}) is on no server."),
            both("招待してください（docs/ja/discord.md の 2）。", "Invite it (docs/en/discord.md, 2)."),
        )
    return ok(
        "discord",
        f"@{name} としてつながります（アプリ {app_id}、{servers.ja}）。",
        f"Connects as @{name} (application {app_id}, {servers.en}).",
    )


def _intent(flags: int, *, wanted: bool) -> Finding:
    granted = bool(flags & (GRANTED | LIMITED))
    if wanted and not granted:
        return error(
            "discord.intents",
            both(
                "Message Content Intent がオフですが、discord_message_content は yes です。",
                "Message Content Intent is off, but discord_message_content is yes.",
            ),
            both(
                "開発者ページの Bot でオンにするか、YOMITE_DISCORD_MESSAGE_CONTENT を no にしてください。",
                "Switch it on on the developer page under Bot, or set YOMITE_DISCORD_MESSAGE_CONTENT to no.",
            ),
        )
    if wanted:
        return ok("discord.intents", "Message Content Intent は有効です。", "Message Content Intent is on.")
    return ok("discord.intents", "特権インテントは要りません。", "No privileged intent is needed.")


def _gateway(gateway: dict[str, Any], *, set_shards: int) -> Finding:
    """How many shards Discord recommends, and how often the bot may still connect today. `set_shards` 0: as many as are recommended."""
    shards = int(gateway.get("shards") or 1)
    limit = gateway.get("session_start_limit") or {}
    left, total = int(limit.get("remaining", 0)), int(limit.get("total", 0))
    said = both(
        f"推奨シャード数 {shards}、今日あと {left} 回接続できます（{total} 回中）。",
        f"{shards} shard{'' if shards == 1 else 's'} recommended; may connect {left} more times today, of {total}.",
    )
    if left == 0:
        return error("discord.gateway", said, _TOO_OFTEN)
    if left < FEW_STARTS:
        return warning("discord.gateway", said, _TOO_OFTEN)
    if 0 < set_shards < shards:
        advice = both(
            f"YOMITE_DISCORD_SHARDS は {set_shards} です。{shards} 以上にするか、0（おまかせ）にしてください。",
            f"YOMITE_DISCORD_SHARDS is {set_shards}: set it to {shards} or more, or to 0 (as many as Discord recommends).",
        )
        return warning("discord.gateway", said, advice)
    return ok("discord.gateway", said.ja, said.en)


def _wrong_token() -> Finding:
    return error(
        "discord",
        both("Discord が DISCORD_TOKEN を受け付けません。", "Discord refuses DISCORD_TOKEN."),
        both(
            "開発者ページの Bot → Reset Token で作りなおして設定してください。",
            "Make a new one on Discord's developer page under Bot → Reset Token, and set it.",
        ),
    )


def _cannot_ask(why: str) -> Finding:
    return error(
        "discord",
        both(f"Discord に確かめられません（{why}）。", f"Discord cannot be asked ({why})."),
        both(
            "インターネットへの接続を確かめ、しばらくしてからもう一度実行してください。",
            "Check the way to the internet, and run this again in a while.",
        ),
    )


_TOO_OFTEN = both(
    "再起動を繰り返しているボットを止めてください。上限は 24 時間で戻ります。",
    "Stop what restarts again and again; the limit is renewed within 24 hours.",
)
