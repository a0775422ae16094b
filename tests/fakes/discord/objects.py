"""The people and places of the fake Discord, as its API writes them."""

from __future__ import annotations

import time
from typing import Any

TOKEN = "a-token-for-the-fake"
BOT_ID, PERSON, OTHER_PERSON = "900000000000000001", "900000000000000002", "900000000000000003"
GUILD, CHANNEL, DM_CHANNEL, BOT_ROLE = "910000000000000001", "920000000000000001", "920000000000000002", "930000000000000001"
OTHER_GUILD, OTHER_CHANNEL = "910000000004194305", "920000000000000005"  # of two shards, this guild is on the second one
THREAD, READERS = "920000000000000003", "930000000000000002"  # a thread of the channel, and the role of PERSON

GUILD_TEXT, DIRECT, PUBLIC_THREAD = 0, 1, 11
EPHEMERAL, LOADING = 1 << 6, 1 << 7
DISCORD_EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Ids that grow with time, as Discord's do."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """A new id."""
        self._last = max(self._last + 1, (int(time.time() * 1_000) - DISCORD_EPOCH_MS) << 22)
        return str(self._last)


def user(user_id: str) -> dict[str, Any]:
    """A user object."""
    names = {BOT_ID: "Yomite", PERSON: "hanako", OTHER_PERSON: "taro"}
    return {
        "id": user_id,
        "username": names.get(user_id, "somebody"),
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": user_id == BOT_ID,
    }


def member(user_id: str, *, with_user: bool = True) -> dict[str, Any]:
    """A member object of the one guild; within messages it comes without its user."""
    roles = {BOT_ID: [BOT_ROLE], PERSON: [READERS]}.get(user_id, [])
    found = {"roles": roles, "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False}
    return found | {"flags": 0, "permissions": "0"} | ({"user": user(user_id)} if with_user else {})


def channel(channel_id: str) -> dict[str, Any]:
    """A channel object: a direct one, a thread, else a text channel of the guild."""
    if channel_id == DM_CHANNEL:
        return {"id": channel_id, "type": DIRECT, "last_message_id": None, "recipients": [user(PERSON)]}
    if channel_id == THREAD:
        archived = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2024-01-01T00:00:00+00:00", "locked": False}
        thread = {"id": THREAD, "type": PUBLIC_THREAD, "guild_id": GUILD, "parent_id": CHANNEL, "name": "a thread", "owner_id": PERSON}
        return thread | {
            "last_message_id": None,
            "message_count": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": archived,
        }
    common = {
        "id": channel_id,
        "type": GUILD_TEXT,
        "guild_id": guild_of(channel_id),
        "name": "general",
        "position": 0,
        "permission_overwrites": [],
    }
    return common | {"topic": None, "nsfw": False, "parent_id": None, "rate_limit_per_user": 0, "last_message_id": None}


def guild_of(channel_id: str) -> str | None:
    """The guild of a channel; None for a direct one."""
    return {DM_CHANNEL: None, OTHER_CHANNEL: OTHER_GUILD}.get(channel_id, GUILD)


def shard_of(guild_id: str | None, *, shards: int) -> int:
    """Which shard is told what happens in a guild; direct messages are told to the first one."""
    return (int(guild_id) >> 22) % shards if guild_id else 0


def guild(locale: str, guild_id: str = GUILD) -> dict[str, Any]:
    """A guild as GUILD_CREATE brings it."""
    everyone = {"id": guild_id, "name": "@everyone", "permissions": "0", "position": 0}
    own = {"id": BOT_ROLE, "name": "Yomite", "permissions": "0", "position": 1, "managed": True, "tags": {"bot_id": BOT_ID}}
    return {
        "id": guild_id,
        "name": "a team",
        "owner_id": PERSON,
        "preferred_locale": locale,
        "roles": [everyone, own, {"id": READERS, "name": "readers", "permissions": "0", "position": 2}],
        "channels": [channel(CHANNEL if guild_id == GUILD else OTHER_CHANNEL)],
        "members": [member(BOT_ID)],
        "member_count": 3,
        "threads": [channel(THREAD)] if guild_id == GUILD else [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "unavailable": False,
    }


def application() -> dict[str, Any]:
    """The bot's application."""
    return {
        "id": BOT_ID,
        "name": "Yomite",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user(PERSON),
    }
