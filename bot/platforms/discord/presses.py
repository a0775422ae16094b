"""Takes the presses of thumbs on Discord, acknowledges each at once, and tells the person, and nobody else, what became of it."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord

from bot.desk import Desk
from bot.errors import BotError
from bot.feedback.press import Press
from bot.language import Speech, both
from bot.platforms.discord.escape import escaped
from bot.platforms.discord.origin import origin_of
from bot.platforms.discord.platform import NAME
from bot.platforms.discord.thumbs import Pressed, choices, form, pressed_from_id, told, typed_in

log = logging.getLogger("yomite.discord")

_TROUBLE = (discord.HTTPException, aiohttp.ClientError, OSError)
_FAULT = both("うまくいきませんでした（Yomite 側の問題です）。", "That went wrong (it is a fault of Yomite's).")


class Presses:
    """One bot's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def take(self, interaction: discord.Interaction) -> None:
        """A button was pressed or a form was sent; those that are not ours, and commands, are passed over."""
        data: dict[str, Any] = {**(interaction.data or {})}
        pressed = pressed_from_id(str(data.get("custom_id", "")))
        if pressed is None or interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        speech = self._desk.speech_of_person(str(interaction.locale))
        try:
            if pressed.what == "write":
                await self._open_form(interaction, pressed, speech)
                return
            await _acknowledge(interaction, pressed)
            await self._press(interaction, pressed, speech)
        except _TROUBLE as error:
            log.warning("a thumb could not be answered: %s", type(error).__name__)

    async def _open_form(self, interaction: discord.Interaction, pressed: Pressed, speech: Speech) -> None:
        try:
            self._desk.check_access(_press_of(interaction, pressed))
        except BotError as error:
            await interaction.response.send_message(f"⚠️ {escaped(error.message.in_language(speech))}", ephemeral=True)
        else:
            await interaction.response.send_modal(form(pressed.answer, speech))

    async def _press(self, interaction: discord.Interaction, pressed: Pressed, speech: Speech) -> None:
        try:
            opinion = await self._desk.press(_press_of(interaction, pressed))
        except BotError as error:
            await _tell_trouble(interaction, pressed, error.message.in_language(speech))
        except Exception as error:  # noqa: BLE001  # the person must hear of a fault of ours
            log.error("a thumb could not be taken: %s", type(error).__name__)
            await _tell_trouble(interaction, pressed, _FAULT.in_language(speech))
        else:
            await interaction.edit_original_response(content=told(opinion, speech), view=choices(opinion, pressed.answer, speech))


def _press_of(interaction: discord.Interaction, pressed: Pressed) -> Press:
    return Press(
        platform=NAME,
        event_id=str(interaction.id),
        answer=pressed.answer,
        person=str(interaction.user.id),
        pressed_at=interaction.created_at.timestamp(),
        choice=pressed.choice,
        correction=typed_in(interaction.data) if pressed.what == "form" else pressed.value,
        **origin_of(interaction),
    )


async def _acknowledge(interaction: discord.Interaction, pressed: Pressed) -> None:
    """Within Discord's 3 seconds: under the answer by a word of its own, else by changing that word."""
    if pressed.what in ("good", "bad"):
        await interaction.response.defer(ephemeral=True, thinking=True)
    else:
        await interaction.response.defer()


async def _tell_trouble(interaction: discord.Interaction, pressed: Pressed, text: str) -> None:
    """In a place where the buttons stay: a correction may be tried again."""
    if pressed.what in ("good", "bad"):
        await interaction.edit_original_response(content=f"⚠️ {escaped(text)}")
    else:
        await interaction.followup.send(f"⚠️ {escaped(text)}", ephemeral=True)
