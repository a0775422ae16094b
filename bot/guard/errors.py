"""Why somebody is not served; only they need to know of it."""

from __future__ import annotations

from bot.errors import BotError


class Refused(BotError):
    """A question or a press that is not taken; the message is for the person alone."""


class NotAllowed(Refused):
    """The operator has not opened Yomite to this team, channel or person, or has kept this command for admins."""


class TooMany(Refused):
    """A person, a channel or a team asks more often than the operator allows."""


class QueueFull(BotError):
    """So many questions wait that no more are taken."""
