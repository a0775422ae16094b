"""Gives Discord the Japanese beside the English of every name and description that people choose from."""

from __future__ import annotations

import discord
from discord import app_commands

from engine.contract import Message


class JapaneseTranslator(app_commands.Translator):
    """Knows the texts that `bilingual` made."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The Japanese text for Japanese, none for other languages: they see the English one."""
        text = string.extras.get("ja") if locale is discord.Locale.japanese else None
        return text if isinstance(text, str) else None


def bilingual(message: Message) -> app_commands.locale_str:
    """A text that Discord shows in the language of each person."""
    return app_commands.locale_str(message.en, ja=message.ja)
