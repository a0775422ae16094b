"""Where an answer belongs: what the bot must remember of a question until its answer is there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

DIRECT = "D"  # begins the id of a conversation of two


@dataclass(frozen=True, kw_only=True)
class Place:
    """`key` marks the messages that belong to this question; `asked_at` is in seconds since 1970.

    `message_ts` is the message "Reading…" that becomes the answer, empty where it is not known to stand there. `waiting`: the asker
    alone sees one, through the `response_url`. `private`: only the asker may see the answer. `outside`: why Yomite cannot write into
    the channel, as Slack says it; empty where it can.
    """

    key: str
    channel: str
    person: str
    asked_at: float
    thread_ts: str = ""
    message_ts: str = ""
    response_url: str = ""
    waiting: bool = False
    private: bool = False
    outside: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether it is a conversation of two, where everything is private already."""
        return self.channel.startswith(DIRECT)

    @property
    def only_asker(self) -> bool:
        return self.private or bool(self.outside)

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def place_from_json(data: dict[str, Any]) -> Place:
    """Read a Place's JSON form; what another version wrote besides is left out."""
    return Place(**{name: value for name, value in data.items() if name in Place.__dataclass_fields__})
