"""What the chat page needs to be told."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from bot.attachments import MOST_BYTES
from bot.errors import PlatformError
from engine.contract import Message, reason_of

KEY_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Where the page is served and who may use it. Port 0 takes a free one; `upload_limit` counts bytes of a file.

    `key` is what cookies are made with beside the token: nobody who guesses at tokens can try them as cookies.
    """

    host: str = "127.0.0.1"
    port: int = 8_765
    token: str | None = field(default=None, repr=False)
    upload_limit: int = MOST_BYTES
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        return is_loopback(self.host)


def kept_key(path: Path) -> bytes:
    """The key in a file that is the owner's alone, made where it is missing: browsers need the token only once, whatever restarts.

    Raises:
        PlatformError: it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(KEY_BYTES)
            with os.fdopen(file, "wb") as out:
                out.write(key)
    except OSError as error:
        raise _no_key(path, reason_of(error)) from error
    if len(key) != KEY_BYTES:
        raise _no_key(path, Message(ja=f"{len(key)} バイトです", en=f"it is of {len(key)} bytes"))
    return key


def _no_key(path: Path, why: Message) -> PlatformError:
    return PlatformError(
        ja=f"チャットページの鍵 {path} を使えません（{why.ja}）。このファイルを消すと、次の起動で作りなおします。",
        en=f"The chat page's key {path} cannot be used ({why.en}). Delete the file, and the next start makes a new one.",
    )


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
