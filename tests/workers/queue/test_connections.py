"""More people may ask at the same moment than there are connections."""

from __future__ import annotations

import asyncio

from workers.queue.connections import MOST_CONNECTIONS, open_async
from workers.queue.server import EmbeddedRedis


def test_more_commands_at_once_than_connections_are_all_answered(server: EmbeddedRedis) -> None:
    async def ask() -> list[object]:
        async with open_async(server.url) as connection:
            waiting = [connection.blpop(["nothing"], timeout=0.2) for _ in range(2 * MOST_CONNECTIONS)]
            asked = [connection.set(f"key{number}", number) for number in range(4 * MOST_CONNECTIONS)]
            return await asyncio.gather(*waiting, *asked)

    assert asyncio.run(ask()) == [None] * 2 * MOST_CONNECTIONS + [True] * 4 * MOST_CONNECTIONS
