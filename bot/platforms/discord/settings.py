"""What the Discord bot must be told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DiscordSettings:
    """The bot's token, and where Discord is.

    The addresses are only given to speak with something else than Discord itself: `api_url` as "https://discord.com/api/v10",
    `gateway_url` as "wss://gateway.discord.gg/", `cdn_url` as "https://cdn.discordapp.com".
    `message_content` asks for the privileged intent of this name, which must be switched on in Discord's developer portal first:
    with it the bot can also read messages that do not mention it when somebody replies to them.
    """

    token: str = field(repr=False)
    message_content: bool = False
    api_url: str | None = None
    gateway_url: str | None = None
    cdn_url: str | None = None
