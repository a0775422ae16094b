"""Each process takes answers under a name of its own, and what a dead one had is taken up at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis.asyncio
from redis import Redis

from tests.support.working import PLATFORM
from workers.queue import names
from workers.queue.consumers import dead_among, forgotten_among, own_name
from workers.queue.places import process_is_gone, started_at
from workers.queue.replies import GROUP, ReplyStream
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).parents[3]
NAME = "from workers.queue.consumers import own_name; print(own_name(), flush=True)"


def name_of_another() -> str:
    """The name of a process that has ended."""
    return subprocess.run([sys.executable, "-c", NAME], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def consumer(name: str, *, pending: int = 1, idle_ms: int = 0) -> dict[str, object]:
    return {"name": name.encode(), "pending": pending, "idle": idle_ms}


def test_every_process_has_its_own_name_and_keeps_it() -> None:
    other = name_of_another()
    assert own_name() == own_name() != other
    assert own_name().rsplit("-", 2)[0] == other.rsplit("-", 2)[0]  # the same place


def test_a_living_process_is_not_dead_and_one_that_ended_is() -> None:
    other = name_of_another()
    assert dead_among([consumer(own_name()), consumer(other)]) == [other]


def test_a_process_id_that_is_used_again_does_not_keep_a_name_alive() -> None:
    place, pid, _ = own_name().rsplit("-", 2)
    assert dead_among([consumer(f"{place}-{pid}-1")]) == [f"{place}-{pid}-1"]


@pytest.mark.parametrize("name", ["bot-host", "bot-0123456789ab-1-1", "somebody"])
def test_of_other_machines_and_other_versions_nothing_is_said(name: str) -> None:
    assert dead_among([consumer(name)]) == []


def test_only_names_that_hold_nothing_are_ever_forgotten() -> None:
    hour_ms = 3_600_001
    found = forgotten_among([consumer("a", pending=0, idle_ms=hour_ms), consumer("b", idle_ms=hour_ms), consumer("c", pending=0)])
    assert found == ["a"]


def test_of_this_process_it_is_known_that_it_lives_and_since_when() -> None:
    assert not process_is_gone(os.getpid())
    assert started_at(os.getpid()) > 0


def take_as(server: EmbeddedRedis, consumer: str, *, let_go: bool = False) -> None:
    async def take() -> None:
        async with redis.asyncio.Redis.from_url(server.url) as connection:
            stream = ReplyStream(connection, platform=PLATFORM, consumer=consumer)
            await stream.open()
            [entry] = await stream.new(wait_s=5)
            if let_go:
                await stream.let_go([entry.entry_id])

    asyncio.run(take())


def unfinished(server: EmbeddedRedis) -> list[str]:
    async def look() -> list[str]:
        async with redis.asyncio.Redis.from_url(server.url) as connection:
            stream = ReplyStream(connection, platform=PLATFORM, consumer=own_name())
            await stream.open()
            return [entry.job_id for entry in await stream.unfinished() if entry.again]

    return asyncio.run(look())


def test_what_a_killed_bot_of_this_machine_had_in_hand_is_taken_up_at_once(server: EmbeddedRedis, redis: Redis) -> None:
    redis.xadd(names.replies(PLATFORM), {"job": "j1"})
    dead = name_of_another()
    take_as(server, dead)
    assert unfinished(server) == ["j1"]
    assert [each["name"] for each in redis.xinfo_consumers(names.replies(PLATFORM), GROUP)] == [own_name().encode()]  # type: ignore[union-attr]


def test_what_a_living_bot_has_in_hand_is_left_to_it(server: EmbeddedRedis, redis: Redis) -> None:
    redis.xadd(names.replies(PLATFORM), {"job": "j1"})
    code = f"{NAME}; input()"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        take_as(server, other.stdout.readline().strip())
        assert unfinished(server) == []
        other.communicate("\n")
    assert unfinished(server) == ["j1"]


def test_what_a_bot_on_another_machine_let_go_is_taken_up_at_once(server: EmbeddedRedis, redis: Redis) -> None:
    redis.xadd(names.replies(PLATFORM), {"job": "j1"})
    take_as(server, "bot-0123456789ab-1-1", let_go=True)
    assert unfinished(server) == ["j1"]
