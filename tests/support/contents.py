"""All that lies in a Redis, to look for what must not be there."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from redis import Redis


def everything(connection: Redis) -> bytes:
    """The names of all keys and all that they hold, unpacked, one after the other."""
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": connection.get,
        b"hash": connection.hgetall,
        b"list": lambda key: connection.lrange(key, 0, -1),
        b"set": connection.smembers,
        b"zset": lambda key: connection.zrange(key, 0, -1),
        b"stream": connection.xrange,
    }
    found = []
    for key in connection.scan_iter():
        kind: Any = connection.type(key)
        found += [key, *_bytes_in(readers[kind](key))] if kind in readers else []  # what has just gone is of no kind
    return b"\n".join(found)


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
        with contextlib.suppress(zlib.error):
            yield zlib.decompress(value)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _bytes_in(name)
            yield from _bytes_in(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from _bytes_in(each)
