"""Keeps the typing indicator alive while an answer is on its way."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

EVERY_S = 8.0  # Discord shows it for 10 seconds
AT_MOST_S = 600.0


class TypingIndicators:
    """One indicator for each message that is being answered, by the id of the message. For one event loop."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._shown: dict[int, asyncio.Task[None]] = {}

    def start(self, message_id: int, *, channel_id: int) -> bool:
        """Show it; False where it is shown for this message already."""
        if message_id in self._shown:
            return False
        task = asyncio.create_task(self._keep_up(channel_id))
        self._shown[message_id] = task
        task.add_done_callback(lambda _: self._shown.pop(message_id, None))
        return True

    def stop(self, message_id: int) -> None:
        """No longer show it; nothing where it is not shown."""
        if task := self._shown.pop(message_id, None):
            task.cancel()

    async def close(self) -> None:
        """Stop all of them."""
        tasks = list(self._shown.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_up(self, channel_id: int) -> None:
        channel = self._client.get_partial_messageable(channel_id)
        try:
            async with asyncio.timeout(AT_MOST_S):
                while True:
                    await channel.typing()
                    await asyncio.sleep(EVERY_S)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError):
            return  # an indicator is not worth an error
