"""What Redis has deleted is soon not in its append-only file any more either."""

from __future__ import annotations

import time
from pathlib import Path

from redis import Redis

from engine.contract import SentimentRequest
from tests.support.redis_with import on_disk
from tests.support.working import PLATFORM, RecordingEngine, answered, work_off
from workers.queue.append_file import append_file_has_grown, rewrite_append_file
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

TEXT = "a very secret story / とても内緒の話"


def write_and_delete(connection: Redis, text: str = TEXT) -> None:
    connection.set("a key", text)
    connection.delete("a key")


def until_on_disk(folder: Path, text: str) -> None:
    end = time.monotonic() + 60
    while text.encode() not in on_disk(folder):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_deleted_text_is_not_on_the_disk_after_the_file_was_written_anew(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        write_and_delete(connection)
        until_on_disk(tmp_path, TEXT)
        assert append_file_has_grown(connection)
        assert rewrite_append_file(connection) == "done"
        assert TEXT.encode() not in on_disk(tmp_path)
        assert not append_file_has_grown(connection)


def test_what_is_still_needed_survives_it(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        job = JobQueue(connection).submit(SentimentRequest(text=TEXT), platform=PLATFORM)
        rewrite_append_file(connection)
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        work_off(connection, RecordingEngine())
        assert answered(connection) == [job]


def test_what_was_deleted_while_it_is_written_anew_is_gone_too(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        connection.config_set("auto-aof-rewrite-percentage", 0)  # not by itself
        for number in range(200):
            connection.set(f"filling {number}", b"x" * 50_000)
        connection.set("a key", TEXT)
        connection.bgrewriteaof()
        connection.delete("a key")
        assert rewrite_append_file(connection) == "done"
        assert TEXT.encode() not in on_disk(tmp_path)


def test_a_redis_without_such_a_file_says_so(redis: Redis) -> None:
    assert rewrite_append_file(redis) == "off"
    assert not append_file_has_grown(redis)


def test_a_redis_that_does_not_let_us_says_so(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        connection.acl_setuser("default", commands=["-bgrewriteaof"])
        assert rewrite_append_file(connection) == "refused"


def test_a_file_that_takes_too_long_to_write_is_not_waited_for(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        connection.config_set("rdb-key-save-delay", 1_000_000)  # microseconds
        for number in range(5):
            connection.set(f"filling {number}", "x")
        assert rewrite_append_file(connection, timeout_s=0.2) == "late"
        assert rewrite_append_file(connection, timeout_s=0.2) == "late"  # one is under way already


def test_the_embedded_one_does_so_by_itself_as_soon_as_the_file_has_doubled(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        write_and_delete(connection)
        until_on_disk(tmp_path, TEXT)
        end = time.monotonic() + 60
        while TEXT.encode() in on_disk(tmp_path):
            write_and_delete(connection, "x" * 100_000)
            assert time.monotonic() < end
