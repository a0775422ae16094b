"""Discord: mentions, direct messages, application commands and message menus in; embeds, files and typing out."""

from bot.platforms.discord.serve import serve_discord
from bot.platforms.discord.settings import DiscordSettings

__all__ = ["DiscordSettings", "serve_discord"]
