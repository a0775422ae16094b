"""What the Slack bot must be told, and which addresses count as Slack's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

SLACK_API = "https://slack.com/api/"
FILE_HOST = "files.slack.com"
RESPONSE_HOST = "hooks.slack.com"


@dataclass(frozen=True, kw_only=True)
class SlackSettings:
    """The tokens, and how Slack reaches the bot: by Socket Mode where there is an `app_token`, else by HTTP on `http_port`.

    `sockets` is how many connections Socket Mode opens; Slack tells each event to one of them, whichever process has opened it. HTTP needs the
    `signing_secret`, which proves that a request comes from Slack. `base_url` is only given to speak with something else than Slack itself.
    """

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    sockets: int = 1
    http_port: int = 3000
    http_host: str = "127.0.0.1"
    base_url: str = SLACK_API

    @property
    def by_socket(self) -> bool:
        return bool(self.app_token)

    def is_slacks(self, url: str, *, host: str) -> bool:
        """Whether an address lies on `host` of Slack's, so that a token may go there; in tests, on the host of `base_url`."""
        address = urlsplit(url)
        if self.base_url == SLACK_API:
            return address.scheme == "https" and address.netloc == host
        base = urlsplit(self.base_url)
        return (address.scheme, address.netloc) == (base.scheme, base.netloc)
