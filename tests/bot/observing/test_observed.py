"""A bot is looked at from outside: a Redis or a chat that is away makes it not ready, a loop that hangs unhealthy."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.observing.observed import Observed, check_ports, observed
from bot.serving import open_desk
from bot.settings import Settings
from engine.contract import Message
from tests.bot.platforms.discord.stage import Stage, play
from tests.bot.platforms.slack.scene import open_scene
from tests.support.looking import checks, get, samples
from workers.observing.settings import ObservingSettings
from workers.queue.server import EmbeddedRedis

DEADLINE_S = 30.0


def look(redis_url: str, work: Callable[[Observed, str], Awaitable[None]], *platforms: str, **more: Any) -> None:
    """Do `work` in a bot that can be looked at; it is given what the bot's parts are, and the address."""
    said: list[Message] = []

    async def run() -> None:
        async with observed(ObservingSettings(monitor_port=0), redis_url, platforms=platforms, say=said.append, **more) as seen:
            assert said[0].en.endswith("(/healthz, /readyz, /metrics)")
            await work(seen, said[0].ja.removeprefix("監視：").partition("（")[0])

    asyncio.run(run())


async def until(url: str, status: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await asyncio.to_thread(get, url))[0] != status:
            await asyncio.sleep(0.02)


def test_a_bot_without_its_redis_is_healthy_and_not_ready_until_it_is_back(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:

        async def work(seen: Observed, url: str) -> None:
            await until(f"{url}/readyz", 200)
            server.stop()
            await until(f"{url}/readyz", 503)
            assert (await asyncio.to_thread(checks, f"{url}/readyz"))["redis"].startswith("away")
            assert (await asyncio.to_thread(get, f"{url}/healthz"))[0] == 200
            assert samples((await asyncio.to_thread(get, f"{url}/metrics"))[1])["yomite_redis_up",] == 0.0
            server.start()
            await until(f"{url}/readyz", 200)
            assert samples((await asyncio.to_thread(get, f"{url}/metrics"))[1])["yomite_redis_up",] == 1.0

        look(server.url, work)


def test_a_platform_counts_while_it_is_connected(redis_url: str) -> None:
    async def work(seen: Observed, url: str) -> None:
        stands = [False]
        assert await asyncio.to_thread(checks, f"{url}/readyz") == {"redis": "ok", "web": "not connected", "slack": "not connected"}
        with seen.connections.served("web"), seen.connections.served("slack", lambda: stands[0]):
            assert await asyncio.to_thread(checks, f"{url}/readyz") == {"redis": "ok", "web": "ok", "slack": "not connected"}
            stands[0] = True
            assert (await asyncio.to_thread(get, f"{url}/readyz"))[0] == 200
        assert (await asyncio.to_thread(get, f"{url}/readyz"))[0] == 503

    look(redis_url, work, "web", "slack")


def test_a_loop_that_hangs_is_unhealthy_until_it_turns_again(redis_url: str) -> None:
    async def work(seen: Observed, url: str) -> None:
        await until(f"{url}/healthz", 200)
        found: list[tuple[int, str]] = []
        free = threading.Event()

        def outside() -> None:
            end = time.monotonic() + DEADLINE_S
            while get(f"{url}/healthz")[0] == 200 and time.monotonic() < end:
                time.sleep(0.02)
            found.append(get(f"{url}/healthz"))
            free.set()

        threading.Thread(target=outside, daemon=True).start()
        free.wait(DEADLINE_S)  # the loop stands still
        assert found[0][0] == 503
        assert "has stood still" in found[0][1]
        await until(f"{url}/healthz", 200)

    look(redis_url, work, hung_after_s=1.5)


def test_nothing_is_served_where_nobody_asked_for_it(redis_url: str) -> None:
    said: list[Message] = []

    async def run() -> None:
        async with observed(ObservingSettings(), redis_url, platforms=(), say=said.append):
            assert not [thread for thread in threading.enumerate() if thread.name == "monitor"]

    asyncio.run(run())
    assert said == []


def test_a_port_that_is_taken_is_a_settings_error_also_before_anything_is_started(redis_url: str) -> None:
    async def work(seen: Observed, url: str) -> None:
        port = int(url.rpartition(":")[2])
        # The bot's own port, or that of its second worker.
        for first, workers in ((port, 0), (port - 2, 2)):
            taken = "|".join(str(at) for at in range(first, port + 1))  # some other program may have those before it
            with pytest.raises(SettingsError, match=f"(?:{taken}) for /healthz") as caught:
                check_ports(ObservingSettings(monitor_port=first), workers=workers)
            assert re.search(f"(?:{taken}) は使用中です", caught.value.message.ja)
        with pytest.raises(SettingsError, match="is taken"):
            async with observed(ObservingSettings(monitor_port=port), redis_url, platforms=(), say=lambda line: None):
                pass

    look(redis_url, work)


@pytest.mark.parametrize("command", [("run",), ("serve", "web")], ids=["run", "serve"])
@pytest.mark.parametrize(("language", "said"), [("ja", "は使用中です"), ("en", "is taken")])
def test_a_port_that_is_taken_ends_yomite_with_that_alone(
    redis_url: str, environment: dict[str, str], command: tuple[str, ...], language: str, said: str
) -> None:
    async def work(seen: Observed, url: str) -> None:
        more = {"REDIS_URL": redis_url, "YOMITE_MONITOR_PORT": url.rpartition(":")[2], "YOMITE_LANG": language, "YOMITE_WEB_PORT": "0"}
        words = [sys.executable, "-m", "bot", *command]
        done = await asyncio.to_thread(
            subprocess.run, words, env=environment | more, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8"
        )
        assert (done.returncode, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert said in line

    look(redis_url, work)


def test_each_worker_has_the_next_port() -> None:
    settings = ObservingSettings(monitor_port=9_464)
    assert [settings.for_worker(index).monitor_port for index in range(3)] == [9_465, 9_466, 9_467]
    assert ObservingSettings(monitor_port=0).for_worker(1).monitor_port == 0
    assert ObservingSettings().for_worker(1).monitor_port is None
    with pytest.raises(SettingsError, match="65535 is the last"):
        check_ports(ObservingSettings(monitor_port=65_535), workers=1)


def test_a_desk_tells_the_meter_that_it_was_given(redis_url: str) -> None:
    async def run() -> None:
        seen = Observed()
        async with open_desk(Settings(), redis_url, seen) as desk:
            assert desk.connections is seen.connections

    asyncio.run(run())


def test_slack_is_connected_while_a_socket_stands(redis_url: str) -> None:
    async def run() -> None:
        async with open_scene(redis_url) as it:
            async with asyncio.timeout(DEADLINE_S):
                while it.desk.connections.check("slack") != "ok":
                    await asyncio.sleep(0.02)
            await it.slack.sockets.drop()
            async with asyncio.timeout(DEADLINE_S):
                while it.desk.connections.check("slack") == "ok":
                    await asyncio.sleep(0.001)
        assert it.desk.connections.check("slack") == "not connected"

    asyncio.run(run())


def test_discord_is_connected_while_its_gateway_is(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while stage.desk.connections.check("discord") != "ok":
                await asyncio.sleep(0.02)
        await stage.discord.drop_connection()
        async with asyncio.timeout(DEADLINE_S):
            while stage.desk.connections.check("discord") == "ok":
                await asyncio.sleep(0.001)
            while stage.desk.connections.check("discord") != "ok":
                await asyncio.sleep(0.02)
        await stage.stop_bot()
        assert stage.desk.connections.check("discord") == "not connected"

    play(redis_url, scene)
