"""Where something on Discord comes from and by whom, as lists and limits look at it."""

from __future__ import annotations

from typing import Any

import discord


def origin_of(source: discord.Message | discord.Interaction) -> dict[str, Any]:
    """What an Incoming or a Press says of it: `team`, `channel`, `roles` and `direct`. A thread counts as its channel."""
    person = source.author if isinstance(source, discord.Message) else source.user
    # Everybody has the role that is named as the guild itself.
    roles = tuple(str(role.id) for role in person.roles if not role.is_default()) if isinstance(person, discord.Member) else ()
    guild = source.guild.id if source.guild else getattr(source, "guild_id", None)
    return {"team": str(guild or ""), "channel": _channel_of(source), "roles": roles, "direct": guild is None}


def _channel_of(source: discord.Message | discord.Interaction) -> str:
    channel = source.channel
    if isinstance(channel, discord.Thread):
        return str(channel.parent_id)
    number = channel.id if channel is not None else source.channel_id if isinstance(source, discord.Interaction) else 0
    return str(number or "")
