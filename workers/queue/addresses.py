"""Reads the address of a Redis: of one server, or of the sentinels that know which of several is the master. Loads no Redis code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

ONE_SERVER = ("redis://", "rediss://", "unix://")
BY_SENTINEL = ("redis+sentinel://", "rediss+sentinel://")
SENTINEL_PORT = 26_379
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:/@\s]+))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, kw_only=True)
class SentinelAddress:
    """Where sentinels are asked for the master of `service`. `server` is the address of a Redis without its host: account, number and options."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    tls: bool
    server: str = field(repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)


def read_address(url: str) -> str | SentinelAddress:
    """The address as it is where it names one server, else what it says of the sentinels.

    Raises:
        ValueError: it is none. Its text never holds the address, in which a password may stand.
    """
    if url.startswith(BY_SENTINEL):
        return _of_sentinels(url)
    if not url.startswith(ONE_SERVER):
        raise ValueError("the address of a Redis begins with redis://, rediss://, unix://, redis+sentinel:// or rediss+sentinel://")
    return url


def _of_sentinels(url: str) -> SentinelAddress:
    parts = urlsplit(url)
    account, _, hosts = parts.netloc.rpartition("@")
    service, _, number = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("after the sentinels, the name of the service is missing: redis+sentinel://HOST:26379/SERVICE")
    if number and not number.isdecimal():
        raise ValueError("after the name of the service only the number of a database can stand")
    options = dict(parse_qsl(parts.query))
    own = {name: options.pop(name, None) for name in ("sentinel_username", "sentinel_password")}
    at = f"{account}@" if account else ""
    return SentinelAddress(
        sentinels=tuple(_host(text) for text in hosts.split(",")),
        service=unquote(service),
        tls=parts.scheme == "rediss+sentinel",
        server=f"redis://{at}/{number}" + (f"?{urlencode(options)}" if options else ""),
        **own,
    )


def _host(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    if found is None or not 0 < int(found["port"] or SENTINEL_PORT) <= 65_535:
        raise ValueError("the sentinels are written as HOST:PORT, separated by commas")
    return found["six"] or found["name"], int(found["port"] or SENTINEL_PORT)
