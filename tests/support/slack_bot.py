"""A real process that serves a Slack workspace, for tests that kill it: `python -m tests.support.slack_bot`, settings on its input."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.platforms.slack import SlackSettings, serve_slack
from tests.fakes.slack import FakeSlack
from workers.queue.door import JobQueue

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30.0


@asynccontextmanager
async def slack_bot(slack: FakeSlack, redis_url: str) -> AsyncIterator[subprocess.Popen[str]]:
    """A bot that is connected; killed at the end where it still runs."""
    tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token, "base_url": slack.base_url}
    process = subprocess.Popen([sys.executable, "-m", "tests.support.slack_bot"], cwd=ROOT, stdin=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"redis_url": redis_url, "tokens": tokens}))
        process.stdin.close()
        await slack.connected(timeout_s=TIMEOUT_S)
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """End it without a chance to put anything away."""
    process.send_signal(signal.SIGKILL)
    process.wait(TIMEOUT_S)


async def _serve(redis_url: str, settings: SlackSettings) -> None:
    with Redis.from_url(redis_url) as blocking:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            await serve_slack(settings, Desk(JobQueue(blocking), connection))


def main() -> None:
    """Serve until killed."""
    given = json.load(sys.stdin)
    asyncio.run(_serve(given["redis_url"], SlackSettings(**given["tokens"])))


if __name__ == "__main__":
    main()
