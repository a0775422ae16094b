"""What the chat page needs to be told."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from bot.attachments import MOST_BYTES
from bot.errors import PlatformError


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Where the page is served and who may use it. Port 0 takes a free one; `upload_limit` counts bytes of a file."""

    host: str = "127.0.0.1"
    port: int = 8_765
    token: str | None = field(default=None, repr=False)
    upload_limit: int = MOST_BYTES

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check(settings: WebSettings) -> None:
    """Refuse to serve other machines without a token.

    Raises:
        PlatformError: the page could be reached from elsewhere and has no token.
    """
    if not settings.loopback and not settings.token:
        raise PlatformError(
            ja=f"チャットページを {settings.host} で公開するにはトークンが必要です。YOMITE_WEB_TOKEN に推測されにくい長い文字列を設定するか、"
            "YOMITE_WEB_HOST を 127.0.0.1 にしてください。",
            en=f"Serving the chat page at {settings.host} needs a token. Set YOMITE_WEB_TOKEN to a long text that nobody guesses, "
            "or YOMITE_WEB_HOST to 127.0.0.1.",
        )
