"""What a bot that stops does with what it has begun: it may come to its end, for a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

CLOSING_S = 5.0


async def let_end(tasks: Collection[asyncio.Task[Any]], *, within_s: float) -> None:
    """Wait until all have ended; what has not after `within_s` seconds is cancelled. Raises nothing of theirs."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
