"""Trouble on demand: the next calls of a method are refused, hang, or are taken without the bot ever hearing of it."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """What happens to one call. `error`: Slack's name for it; `hang_s`: seconds before it is served; `lost`: its response never comes."""

    status: int = 200
    retry_after_s: int = 0
    error: str = ""
    hang_s: float = 0.0
    lost: bool = False


class Trouble:
    """The mishaps that wait, by method: "chat.update", or "response_url", "upload", "download"."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Mishap]] = defaultdict(deque)

    def next(self, method: str, *, times: int = 1, **mishap: object) -> None:
        """The next `times` calls of `method` go wrong like this."""
        self._waiting[method].extend(Mishap(**mishap) for _ in range(times))  # type: ignore[arg-type]  # a test names the fields

    def rate_limited(self, method: str, *, times: int = 1, retry_after_s: int = 1) -> None:
        """429 with Retry-After."""
        self.next(method, times=times, status=429, retry_after_s=retry_after_s, error="ratelimited")

    def end(self) -> None:
        """Nothing more goes wrong."""
        self._waiting.clear()

    def take(self, method: str) -> Mishap | None:
        """What happens to this call."""
        return self._waiting[method].popleft() if self._waiting[method] else None
