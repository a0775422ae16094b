"""Serves chat platforms from one process: the one place where desk, queue and platforms are wired together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import redis.asyncio

from bot.desk import Desk, DeskSettings
from bot.errors import BotError, SettingsError
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import Feedback
from bot.guard.access import AllowList
from bot.guard.guard import Guard, GuardSettings
from bot.guard.limits import Limits
from bot.language import both
from bot.observing.observed import Observed
from bot.settings import Settings
from engine.contract import Message
from workers.queue.answered import AnsweredJobs
from workers.queue.connections import open_async, open_blocking
from workers.queue.door import JobQueue

PLATFORMS = ("web", "slack", "discord")
DAY_S = 86_400
WEB_KEY_NAME = "web.key"  # in the state folder

Say = Callable[[Message], None]


@dataclass(frozen=True, kw_only=True)
class Service:
    """A platform that can be served: `serve` runs until cancelled."""

    name: str
    serve: Callable[[Desk], Awaitable[None]]


@contextlib.asynccontextmanager
async def open_desk(settings: Settings, redis_url: str, observed: Observed | None = None) -> AsyncIterator[Desk]:
    """A desk with its connections to Redis, which are closed at the end. What is `observed` hears of what happens there."""
    blocking = open_blocking(redis_url)
    connection = open_async(redis_url)
    try:
        queue = JobQueue(blocking, settings.queue())
        desk_settings = DeskSettings(lang=settings.lang, max_characters=settings.max_characters)
        guard = Guard(connection, guard_settings(settings))
        yield Desk(queue, connection, desk_settings, feedback=_feedback(settings, connection), guard=guard, observed=observed)
    finally:
        await connection.aclose()
        blocking.close()


def guard_settings(settings: Settings) -> GuardSettings:
    """The part that says who may ask, and how much. The chat page has no lists: whoever opens it has its token."""
    slack = AllowList(
        teams=settings.slack_teams, channels=settings.slack_channels, users=settings.slack_users, admins=settings.slack_admins
    )
    discord = AllowList(
        teams=settings.discord_guilds,
        channels=settings.discord_channels,
        users=settings.discord_users,
        roles=settings.discord_roles,
        admins=settings.discord_admins,
    )
    return GuardSettings(
        lists={"slack": slack, "discord": discord},
        limits=Limits(person=settings.limit_person, channel=settings.limit_channel, team=settings.limit_team),
        most_waiting=settings.most_waiting,
    )


def _feedback(settings: Settings, connection: redis.asyncio.Redis) -> Feedback | None:
    """Where people's opinions go; None where nobody has asked for them."""
    if not settings.feedback:
        return None
    answers = AnsweredJobs(connection, keep_s=settings.feedback_days * DAY_S)
    return Feedback(FeedbackStore(settings.state_dir / FILE_NAME), answers)


async def serve(services: Sequence[Service], desk: Desk, say: Say) -> bool:
    """Serve all platforms until cancelled. One that cannot be used is told of in a line, and the others go on.

    Returns False where none is left.
    """

    async def served(service: Service) -> None:
        try:
            await service.serve(desk)
        except BotError as error:
            say(Message(ja=f"{service.name}: {error.message.ja}", en=f"{service.name}: {error.message.en}"))

    await asyncio.gather(*(served(service) for service in services))
    return False


def chosen_services(settings: Settings, names: Sequence[str], say: Say) -> list[Service]:
    """The services of these names; without any, the web page and every platform whose tokens are set.

    Raises:
        SettingsError: a platform was named that does not exist, or whose tokens are missing.
    """
    if unknown := [name for name in names if name not in PLATFORMS]:
        listed = ", ".join(PLATFORMS)
        raise SettingsError(
            ja=f"「{unknown[0]}」というチャットはありません。使えるもの：{listed}",
            en=f"There is no chat platform {unknown[0]!r}. There are: {listed}",
        )
    makers = {"web": web_service, "slack": slack_service, "discord": discord_service}
    found = []
    for name in names or PLATFORMS:
        try:
            found.append(makers[name](settings, say))
        except SettingsError as error:
            if names:
                raise
            say(error.message)
    return found


def web_service(settings: Settings, say: Say) -> Service:
    """The local chat page."""
    # Each platform's libraries are imported only where it is served.
    from bot.platforms.web import WebSettings, kept_key, serve_web

    def ready(url: str) -> None:
        say(both(f"チャットページ：{url}", f"Chat page: {url}"))
        if settings.open_browser:
            open_where_there_is_a_desktop(url)

    web = WebSettings(host=settings.web_host, port=settings.web_port, token=settings.web_token)

    async def serve(desk: Desk) -> None:
        key = await asyncio.to_thread(kept_key, settings.state_dir / WEB_KEY_NAME) if web.token else web.key
        await serve_web(replace(web, key=key), desk, on_ready=ready)

    return Service(name="web", serve=serve)


def slack_service(settings: Settings, say: Say) -> Service:
    """Slack, by Socket Mode where there is an app token, else by HTTP.

    Raises:
        SettingsError: tokens are missing.
    """
    if not settings.slack_bot_token:
        raise SettingsError(
            ja="Slack：使いません（SLACK_BOT_TOKEN と SLACK_APP_TOKEN を設定すると使えます。docs/ja/slack.md）",
            en="Slack: off (set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to use it; see docs/en/slack.md)",
        )
    if not settings.slack_app_token and not settings.slack_signing_secret:
        raise SettingsError(
            ja="Slack：使いません（SLACK_APP_TOKEN を、HTTP で受けるなら SLACK_SIGNING_SECRET を設定すると使えます。docs/ja/slack.md）",
            en="Slack: off (set SLACK_APP_TOKEN too, or SLACK_SIGNING_SECRET for HTTP; see docs/en/slack.md)",
        )
    from bot.platforms.slack import SlackSettings, serve_slack

    slack = SlackSettings(
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token or "",
        signing_secret=settings.slack_signing_secret or "",
        http_host=settings.slack_host,
        http_port=settings.slack_port,
        sockets=settings.slack_sockets,
    )
    return Service(name="slack", serve=lambda desk: serve_slack(slack, desk))


def discord_service(settings: Settings, say: Say) -> Service:
    """Discord.

    Raises:
        SettingsError: the token is missing, or there are no such shards.
    """
    if not settings.discord_token:
        raise SettingsError(
            ja="Discord：使いません（DISCORD_TOKEN を設定すると使えます。docs/ja/discord.md）",
            en="Discord: off (set DISCORD_TOKEN to use it; see docs/en/discord.md)",
        )
    if settings.discord_shard_ids and settings.discord_shard_ids[-1] >= settings.discord_shards:
        raise _no_such_shard(settings)
    from bot.platforms.discord import DiscordSettings, serve_discord

    discord = DiscordSettings(
        token=settings.discord_token,
        message_content=settings.discord_message_content,
        shards=settings.discord_shards,
        shard_ids=settings.discord_shard_ids,
    )
    return Service(name="discord", serve=lambda desk: serve_discord(discord, desk))


def _no_such_shard(settings: Settings) -> SettingsError:
    last, shards = settings.discord_shard_ids[-1], settings.discord_shards
    return SettingsError(
        ja=f"Discord：YOMITE_DISCORD_SHARD_IDS に {last} がありますが、YOMITE_DISCORD_SHARDS は {shards} です。"
        f"シャードの番号は 0 からなので、YOMITE_DISCORD_SHARDS を {last + 1} 以上にしてください。",
        en=f"Discord: YOMITE_DISCORD_SHARD_IDS names {last}, but YOMITE_DISCORD_SHARDS is {shards}. "
        f"Shards are numbered from 0, so set YOMITE_DISCORD_SHARDS to {last + 1} or more.",
    )


def open_where_there_is_a_desktop(url: str) -> None:
    """Show the page in the person's browser; nothing where there is no screen or no person."""
    import os
    import sys
    import webbrowser

    has_screen = sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if has_screen and sys.stdout.isatty():
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)
