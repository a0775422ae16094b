"""Why somebody is not served; only they need to know of it."""

from __future__ import annotations

from bot.errors import BotError


class Refused(BotError):
    """A question or a press that is not taken; the message is for the person alone. `kind` says by what, in a word."""

    kind = "other"


class NotAllowed(Refused):
    """The operator has not opened Yomite to this team, channel or person, or has kept this command for admins."""

    kind = "access"


class TooMany(Refused):
    """A person, a channel or a team (`kind`) asks more often than the operator allows."""

    def __init__(self, *, ja: str, en: str, kind: str) -> None:
        super().__init__(ja=ja, en=en)
        self.kind = kind


class QueueFull(BotError):
    """So many questions wait that no more are taken."""

    kind = "room"
