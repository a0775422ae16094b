"""A real bot that can be looked at, as a process of its own: `python -m tests.support.observed_bot`, settings on its input.

It serves a fake Slack and the chat page, and logs all that it would log, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from bot.observing.observed import observed
from bot.platforms.slack import SlackSettings, serve_slack
from bot.serving import Service, open_desk, serve, web_service
from bot.settings import Settings
from engine.contract import Message
from workers.observing.logs import set_up_logging


async def _serve(given: dict[str, Any]) -> None:
    settings = Settings(
        state_dir=Path(given["state_dir"]), web_port=0, open_browser=False, log_level="debug", log_format="json", monitor_port=0
    )
    slack = SlackSettings(**given["slack"])
    services = [Service(name="slack", serve=lambda desk: serve_slack(slack, desk)), web_service(settings, _say)]
    async with (
        observed(settings.observing(), given["redis_url"], platforms=("slack", "web"), say=_say) as seen,
        open_desk(settings, given["redis_url"], seen) as desk,
    ):
        served = asyncio.ensure_future(serve(services, desk, _say))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, served.cancel)
        await asyncio.gather(served, return_exceptions=True)


def _say(line: Message) -> None:
    print(line.en, flush=True)


def main() -> None:
    """Serve until SIGTERM."""
    given = json.load(sys.stdin)
    set_up_logging(level="debug", form="json", process="bot")
    asyncio.run(_serve(given))


if __name__ == "__main__":
    main()
