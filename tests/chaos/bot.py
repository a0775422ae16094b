"""`python -m tests.chaos.bot PLATFORM`: the real bot of one platform as a process of its own, pointed at a fake by its environment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

from bot.serving import Service, open_desk, serve
from bot.settings import Settings
from engine.contract import Message
from workers.observing.logs import set_up_logging

ADDRESSES = "YOMITE_CHAOS_ADDRESSES"  # JSON: redis_url, state_dir, and what the platform's own settings are given


def service_of(platform: str, addresses: Mapping[str, Any]) -> Service:
    """The platform, where the fake is. `yomite serve` knows no other addresses than the real ones."""
    if platform == "slack":
        from bot.platforms.slack import SlackSettings, serve_slack

        slack = SlackSettings(**addresses)
        return Service(name=platform, serve=lambda desk: serve_slack(slack, desk))
    from bot.platforms.discord import DiscordSettings, serve_discord

    discord = DiscordSettings(**addresses)
    return Service(name=platform, serve=lambda desk: serve_discord(discord, desk))


async def serve_until_told(platform: str, given: dict[str, Any]) -> None:
    """As `yomite serve`: until SIGTERM, then in good order."""
    redis_url, state_dir = given.pop("redis_url"), Path(given.pop("state_dir"))
    settings = Settings(state_dir=state_dir, limit_person=0, limit_channel=0, limit_team=0)  # few people ask for many here
    async with open_desk(settings, redis_url) as desk:
        served = asyncio.ensure_future(serve([service_of(platform, given)], desk, _say))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, served.cancel)
        await asyncio.gather(served, return_exceptions=True)


def main(arguments: Sequence[str]) -> None:
    """Be the bot of the platform that is named."""
    set_up_logging(level="warning", form="text", process="bot")
    Thread(target=_leave_with_parent, daemon=True).start()
    asyncio.run(serve_until_told(arguments[0], json.loads(os.environ[ADDRESSES])))


def _leave_with_parent() -> None:
    while os.read(0, 4_096):
        pass
    os._exit(1)


def _say(line: Message) -> None:
    print(line.en, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
