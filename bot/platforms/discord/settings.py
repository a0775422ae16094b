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
    `shards` says by how many connections Discord tells all of the bot's processes what happens, 0: as many as Discord recommends; `shard_ids`
    are those that this process holds, none: all. They come in one after another, `identify_every_s` seconds apart, as Discord wants it.
    """

    token: str = field(repr=False)
    message_content: bool = False
    shards: int = 0
    shard_ids: tuple[int, ...] = ()
    identify_every_s: float = 5.0
    api_url: str | None = None
    gateway_url: str | None = None
    cdn_url: str | None = None
