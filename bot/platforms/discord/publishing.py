"""Tells Discord which commands there are, and only where that differs from what it knows."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.http import Route

OUTDATED = ("dm_permission",)  # discord.py still says it; Discord need not answer with it

log = logging.getLogger("yomite.discord")


async def publish(tree: app_commands.CommandTree, application_id: int) -> bool:
    """Make the commands of `tree` those that Discord offers everywhere; False where it offered them already or could not be told."""
    try:
        wanted = await payload_of(tree)
        # Translations are only given on request.
        route = Route("GET", "/applications/{application_id}/commands", application_id=application_id)
        known = await tree.client.http.request(route, params={"with_localizations": "true"})
        if is_same(wanted, known):
            return False
        await tree.sync()
    except (discord.HTTPException, app_commands.CommandSyncFailure, aiohttp.ClientError, OSError) as error:
        log.warning("Discord's list of commands was not renewed: %s", type(error).__name__)
        return False
    return True


async def payload_of(tree: app_commands.CommandTree) -> list[dict[str, Any]]:
    """The commands as Discord takes them, translations included."""
    translator = tree.translator
    commands = tree.get_commands()
    if translator is None:
        return [command.to_dict(tree) for command in commands]
    return [await command.get_translated_payload(tree, translator) for command in commands]


def is_same(wanted: list[dict[str, Any]], known: list[dict[str, Any]]) -> bool:
    """Whether Discord's commands say all that ours say, and there are no others."""
    ours = {(command["type"], command["name"]): command for command in wanted}
    theirs = {(command.get("type", 1), command["name"]): command for command in known}
    return ours.keys() == theirs.keys() and all(_says(theirs[key], ours[key]) for key in ours)


def _says(theirs: Any, ours: Any) -> bool:
    """Discord adds keys of its own and leaves out what is empty."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(_says(theirs.get(key), value) for key, value in ours.items() if key not in OUTDATED)
    if isinstance(ours, list) and ours:
        return isinstance(theirs, list) and len(theirs) == len(ours) and all(map(_says, theirs, ours))
    return not theirs and not ours if not ours else bool(theirs == ours)
