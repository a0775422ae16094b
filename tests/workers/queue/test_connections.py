"""More people may ask at the same moment than there are connections, and sentinels may say where to connect to."""

from __future__ import annotations

import asyncio

import pytest
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

from workers.queue.connections import MOST_CONNECTIONS, is_away, open_async, open_blocking
from workers.queue.server import EmbeddedRedis


def test_more_commands_at_once_than_connections_are_all_answered(server: EmbeddedRedis) -> None:
    async def ask() -> list[object]:
        async with open_async(server.url) as connection:
            waiting = [connection.blpop(["nothing"], timeout=0.2) for _ in range(2 * MOST_CONNECTIONS)]
            asked = [connection.set(f"key{number}", number) for number in range(4 * MOST_CONNECTIONS)]
            return await asyncio.gather(*waiting, *asked)

    assert asyncio.run(ask()) == [None] * 2 * MOST_CONNECTIONS + [True] * 4 * MOST_CONNECTIONS


SECRET = "redis+sentinel://:hunter2@one:26380,two/main/3?sentinel_password=hush&ssl_ca_certs=/a/ca.pem"


def test_a_client_by_sentinel_connects_to_the_master_with_its_own_password_and_to_sentinels_with_theirs() -> None:
    with open_blocking(SECRET.replace("redis", "rediss", 1), retry=Retry(NoBackoff(), 0)) as connection:
        pool = connection.connection_pool
        assert isinstance(pool, SentinelConnectionPool)
        assert pool.service_name == "main"
        to_master = pool.connection_kwargs
        assert (to_master["password"], to_master["db"], to_master["ssl_ca_certs"]) == ("hunter2", 3, "/a/ca.pem")
        to_sentinels = [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]
        assert [(told["host"], told["port"], told["password"], told["ssl_ca_certs"]) for told in to_sentinels] == [
            ("one", 26_380, "hush", "/a/ca.pem"),
            ("two", 26_379, "hush", "/a/ca.pem"),
        ]


def test_sentinels_that_are_not_there_are_said_to_be_so_without_a_password() -> None:
    url = "redis+sentinel://:hunter2@127.0.0.1:1,127.0.0.1:2/main?sentinel_password=hunter2"

    async def ask() -> None:
        async with open_async(url) as connection:
            await connection.ping()

    with open_blocking(url) as connection, pytest.raises(NoConnection, match="No master found for 'main'") as blocking:
        connection.ping()
    with pytest.raises(NoConnection, match="No master found for 'main'") as in_a_loop:
        asyncio.run(ask())
    assert "hunter2" not in str(blocking.value) + str(in_a_loop.value)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (NoConnection("gone"), True),
        (ReadOnlyError("You can't write against a read only replica."), True),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), True),
        (ResponseError("Error running script: @user_script: 1: -NOREPLICAS Not enough good replicas to write."), True),
        (ResponseError("Command # 1 (SET a NOREPLICAS ) of pipeline caused error: WRONGTYPE no"), False),
        (ResponseError("WRONGTYPE Operation against a key"), False),
    ],
)
def test_what_may_go_well_in_a_moment_is_told_from_what_will_not(error: RedisError, away: bool) -> None:
    assert is_away(error) is away
