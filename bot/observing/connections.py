"""Which chat platforms a bot is connected to just now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.observing.health import OK


class Connections:
    """One bot's. Looked at from any thread."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], bool]] = {}

    @contextmanager
    def served(self, platform: str, connected: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Inside, the platform is served; `connected` says whether its connections stand, from any thread and at once."""
        self._checks[platform] = connected
        try:
            yield
        finally:
            self._checks.pop(platform, None)

    def check(self, platform: str) -> str:
        """In the words of `workers.observing.health`."""
        connected = self._checks.get(platform)
        return OK if connected is not None and connected() else "not connected"
