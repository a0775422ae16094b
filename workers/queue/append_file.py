"""Redis' append-only file: it keeps what was deleted until it is written anew, so it is written anew often, and when somebody asks."""

from __future__ import annotations

import time
from typing import Any, Literal

from redis import Redis
from redis.exceptions import ResponseError

POLL_S = 0.05
TIMEOUT_S = 60.0

# "off": this Redis writes no such file. "refused": we may not ask for it. "late": it goes on, or has failed; Redis' log says which.
Rewriting = Literal["done", "off", "refused", "late"]


def rewrite_append_file(connection: Redis, *, timeout_s: float = TIMEOUT_S) -> Rewriting:
    """Let Redis write its append-only file anew from what it holds now, and wait for it, at most `timeout_s` seconds.

    Raises:
        redis.exceptions.RedisError: Redis cannot be reached.
    """
    try:
        if not _known(connection)["aof_enabled"]:
            return "off"
        end = time.monotonic() + timeout_s
        if not _begin(connection, end):
            return "late"
        return _wait(connection, end)
    except ResponseError:  # also NoPermissionError
        return "refused"


def append_file_has_grown(connection: Redis) -> bool:
    """Whether anything was written to the file since it was written anew; False where there is none."""
    known = _known(connection)
    return bool(known["aof_enabled"]) and int(known["aof_current_size"]) > int(known["aof_base_size"])


def _begin(connection: Redis, end: float) -> bool:
    """Begin a rewriting that holds all up to now; one that was under way began too early and is waited for."""
    while time.monotonic() < end:
        if not _is_rewriting(connection):
            try:
                connection.bgrewriteaof()
            except ResponseError as error:
                if "in progress" not in str(error):  # else Redis has just begun one by itself
                    raise
            else:
                return True
        time.sleep(POLL_S)
    return False


def _wait(connection: Redis, end: float) -> Rewriting:
    while _is_rewriting(connection):
        if time.monotonic() > end:
            return "late"
        time.sleep(POLL_S)
    return "done" if _known(connection)["aof_last_bgrewrite_status"] == "ok" else "late"


def _is_rewriting(connection: Redis) -> bool:
    known = _known(connection)
    return bool(known["aof_rewrite_in_progress"] or known["aof_rewrite_scheduled"])


def _known(connection: Redis) -> dict[str, Any]:
    found: dict[str, Any] = connection.info("persistence")
    return found
