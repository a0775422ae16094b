"""Checks of Slack: do the tokens work, and may the bot do all that it needs? Asks Slack, and changes nothing there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.language import both
from bot.operating.clock import check_clock, seconds_of_date
from bot.operating.finding import Finding, error, ok, skipped, warning
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.settings import SLACK_API
from bot.platforms.slack.trouble import WRONG_TOKEN, code_of
from bot.settings import Settings
from engine.contract import Message

CALL_S = 8.0
# What stops working without each of the scopes that the manifest asks for.
WITHOUT = {
    "app_mentions:read": both("チャンネルでの @Yomite に答えられません", "mentions in channels are not heard"),
    "channels:history": both(
        "スレッドの文章を読めず、二重投稿を見分けられません", "texts of threads cannot be read, nor doubled posts noticed"
    ),
    "chat:write": both("答えを投稿できません", "no answer can be posted"),
    "commands": both("スラッシュコマンドとショートカットを使えません", "slash commands and shortcuts do not work"),
    "files:read": both("添付ファイルを読めません", "attached files cannot be read"),
    "files:write": both("図を付けられません", "pictures cannot be attached"),
    "groups:history": both("非公開チャンネルのスレッドを読めません", "threads of private channels cannot be read"),
    "im:history": both("ダイレクトメッセージに答えられません", "direct messages are not heard"),
    "im:write": both("入っていないチャンネルの人に届けられません", "people in channels without the bot cannot be reached"),
    "users:read": both("人が選んだ言語がわかりません", "the language that people have chosen is not known"),
}

Call = Callable[[], Awaitable[AsyncSlackResponse]]


async def check_slack(settings: Settings, *, base_url: str = SLACK_API) -> list[Finding]:
    """Tokens, scopes, how events come, and Slack's clock."""
    if not settings.slack_bot_token:
        return [skipped("slack", "SLACK_BOT_TOKEN がないので使いません。", "Not used: SLACK_BOT_TOKEN is not set.")]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S)) as session:
        quiet = logging.getLogger("yomite.slack.doctor")
        quiet.setLevel(logging.CRITICAL)
        client = AsyncWebClient(token=settings.slack_bot_token, base_url=base_url, session=session, logger=quiet, retry_handlers=[])
        if base_url != SLACK_API:
            client.proxy = None  # what stands in for Slack is near
        found = await asyncio.gather(_check_bot(client), _check_events(client, settings))
    return [finding for findings in found for finding in findings]


async def _check_bot(client: AsyncWebClient) -> list[Finding]:
    before_s = time.time()
    try:
        said = await client.auth_test()
    except _TROUBLE as fault:
        return [_refused("slack", fault, variable="SLACK_BOT_TOKEN")]
    after_s = time.time()
    headers = {str(name).lower(): str(value) for name, value in said.headers.items()}
    name, team = str(said.get("user", "?")), str(said.get("team", "?"))
    found = [ok("slack", f"「{team}」に @{name} としてつながります。", f"Connects to {team} as @{name}.")]
    found.append(_scopes(headers))
    theirs_s = seconds_of_date(headers.get("date", ""))
    if theirs_s is not None:
        found.append(check_clock("Slack", theirs_s=theirs_s, before_s=before_s, after_s=after_s))
    return found


def _scopes(headers: Mapping[str, str]) -> Finding:
    if "x-oauth-scopes" not in headers:
        return skipped("slack.scopes", "Slack が権限の一覧を返しませんでした。", "Slack did not say which scopes there are.")
    there = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")}
    missing = [scope for scope in SCOPES if scope not in there]
    if not missing:
        return ok("slack.scopes", f"必要な権限 {len(SCOPES)} 個がそろっています。", f"All {len(SCOPES)} scopes that are needed are there.")
    listed = Message(ja="、".join(_without(missing, "ja")), en=", ".join(_without(missing, "en")))
    return error(
        "slack.scopes",
        both(f"権限が足りません：{listed.ja}", f"Scopes are missing: {listed.en}"),
        both(
            "アプリの設定ページで App Manifest を最新のものに替え、ワークスペースに入れなおしてください（docs/ja/slack.md）。",
            "Replace the App Manifest on the settings page of the app, and install it to the workspace again (docs/en/slack.md).",
        ),
    )


def _without(missing: list[str], speech: str) -> Iterator[str]:
    for scope in missing:
        stops = WITHOUT.get(scope)
        yield scope if stops is None else f"{scope}（{stops.ja}）" if speech == "ja" else f"{scope} ({stops.en})"


async def _check_events(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    """How Slack's events come: Socket Mode, or HTTP."""
    token = settings.slack_app_token
    if token:
        try:
            await client.apps_connections_open(app_token=token)
        except _TROUBLE as fault:
            return [_refused("slack.events", fault, variable="SLACK_APP_TOKEN", needs="connections:write")]
        return [ok("slack.events", "Socket Mode の接続を開けます。", "A Socket Mode connection can be opened.")]
    if settings.slack_signing_secret:
        where = f"{settings.slack_host}:{settings.slack_port}"
        return [
            ok(
                "slack.events",
                f"{where} で HTTP を受け、署名を確かめます。アプリの Request URL は、その前に置く HTTPS のアドレスです。",
                f"HTTP is taken at {where}, and its signature checked. The app's request URL is the HTTPS address in front of that.",
            )
        ]
    found = both("SLACK_APP_TOKEN も SLACK_SIGNING_SECRET もありません。", "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set.")
    return [error("slack.events", found, both("どちらかを設定してください（docs/ja/slack.md）。", "Set one of them (docs/en/slack.md)."))]


_TROUBLE = (SlackApiError, SlackRequestError, aiohttp.ClientError, TimeoutError, OSError)


def _refused(name: str, fault: Exception, *, variable: str, needs: str = "") -> Finding:
    """What went wrong with a call: a token that is refused, or Slack that cannot be asked now."""
    code = code_of(fault) if isinstance(fault, SlackApiError) else type(fault).__name__
    if code in WRONG_TOKEN:
        scope = f"（{needs} の権限付きで）" if needs else ""
        of = f", with the scope {needs}" if needs else ""
        return error(
            name,
            both(f"Slack が {variable} を受け付けません（{code}）。", f"Slack refuses {variable} ({code})."),
            both(
                f"アプリの設定ページで作りなおし{scope}、設定しなおしてください。",
                f"Make a new one on the settings page of the app{of}, and set it.",
            ),
        )
    if code in ("ratelimited", "rate_limited", "http_429"):
        return warning(
            name,
            both("Slack が混んでいて答えません（呼び出しすぎ）。", "Slack has had enough calls for now."),
            both("1 分待ってから、もう一度実行してください。", "Wait a minute and run this again."),
        )
    return error(
        name,
        both(f"Slack に確かめられません（{code}）。", f"Slack cannot be asked ({code})."),
        both(
            "インターネットへの接続とプロキシ（HTTPS_PROXY）を確かめてください。",
            "Check the way to the internet, and the proxy (HTTPS_PROXY).",
        ),
    )
