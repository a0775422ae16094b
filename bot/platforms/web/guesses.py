"""How often an address may guess the page's token; kept in memory, as long as the page is served."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

MOST_WRONG = 10
WITHIN_S = 600.0
MOST_ADDRESSES = 10_000  # those that guessed last
NETWORK_BITS = 64  # of an IPv6 address: whoever has one has all of its network


class Guesses:
    """Wrong tokens by address. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """For how many seconds no token of this address is looked at, not even the right one; 0 where it may guess."""
        times = self._recent(address)
        return max(1, math.ceil(times[0] + WITHIN_S - self._clock())) if len(times) >= MOST_WRONG else 0

    def wrong(self, address: str) -> None:
        """A wrong token came from there."""
        self._wrong[address] = [*self._recent(address), self._clock()]
        self._wrong.move_to_end(address)
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """The right token came from there: what was wrong before was a slip."""
        self._wrong.pop(address, None)

    def _recent(self, address: str) -> list[float]:
        """When wrong tokens came from there, within the time that counts."""
        return [at for at in self._wrong.get(address, ()) if self._clock() - at < WITHIN_S]


def address_of(request: web.Request) -> str:
    """Where a request comes from, as it counts for limits: an IPv4 address, or the network of an IPv6 one.

    Behind another web server that is the server's: what it says of the browser is not believed, for anybody can say it.
    """
    try:
        address = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return request.remote or ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
