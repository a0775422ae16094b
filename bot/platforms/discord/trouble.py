"""What Discord's errors mean for an answer on its way: try later, never, or the way by the command has closed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import aiohttp
import discord

from bot.platforms.platform import CannotPost, TryLater

# Seconds to wait where Discord does not say how long.
AFTER_SERVER_ERROR_S, AFTER_NETWORK_ERROR_S, AFTER_BAN_S = 2.0, 1.0, 60.0

UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN = 10008, 10015, 10062, 50027
ALREADY_ACKNOWLEDGED = 40060
# Of a thread that has been closed, by time or by somebody. What is sent opens it again unless it is locked; an edit never does.
THREAD_ARCHIVED, THREAD_LOCKED = 50083, 160005


@contextlib.contextmanager
def told_as_the_desk_knows_it() -> Iterator[None]:
    """Turns what a call to Discord raises.

    Raises:
        TryLater: Discord or the network cannot take it now.
        CannotPost: Discord says no. The message holds Discord's numbers only: its sentences may quote the person.
    """
    try:
        yield
    except discord.RateLimited as error:
        raise TryLater(error.retry_after) from error
    except discord.HTTPException as error:
        if error.status == 429:
            raise TryLater(_retry_after_s(error)) from error
        if error.status >= 500:
            raise TryLater(AFTER_SERVER_ERROR_S) from error
        raise CannotPost(f"Discord said {error.status}, code {error.code}") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise TryLater(AFTER_NETWORK_ERROR_S) from error


def is_closed_way(error: discord.HTTPException) -> bool:
    """Whether a command can no longer be answered as one: its 15 minutes are over, it never arrived in time, or its thread was closed."""
    gone = error.code in (UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN) or error.status in (401, 404)
    return gone or is_closed_thread(error)


def is_closed_thread(error: discord.HTTPException) -> bool:
    """Whether it is refused because the thread has been closed."""
    return error.code in (THREAD_ARCHIVED, THREAD_LOCKED)


def is_shut(error: discord.HTTPException) -> bool:
    """Whether the bot may not write or edit there (any more), or there is no such place or message: the person may be reached elsewhere."""
    return error.status in (403, 404) or is_closed_thread(error)


def _retry_after_s(error: discord.HTTPException) -> float:
    """Without the proxy's mark a 429 is a ban of the address, whose length only the header tells."""
    try:
        return float(error.response.headers.get("Retry-After", AFTER_BAN_S))
    except ValueError:
        return AFTER_BAN_S
