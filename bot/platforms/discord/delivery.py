"""Where an answer goes, as ids that survive a restart of the bot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_NUMBERS = ("channel", "person", "message", "interaction", "application")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message to reply to, or a command to respond to.

    `message` is the id of the message with the mention, 0 for a command. A command has its `interaction`, its application and its
    `token`, which is good for 15 minutes; `private` answers are for the person alone. `about` is the address of the message that was
    read, if any.
    """

    channel: int
    person: int
    message: int = 0
    interaction: int = 0
    application: int = 0
    token: str = ""
    private: bool = False
    command: str = ""
    about: str | None = None

    @property
    def by_command(self) -> bool:
        return bool(self.token)

    def to_json(self) -> dict[str, Any]:
        """Ids as text: they are larger than what JSON's numbers hold exactly everywhere."""
        return {name: str(value) if type(value) is int else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Delivery:
        """Read the JSON form; what another version wrote besides is left out."""
        known: dict[str, Any] = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        numbers = {name: int(known[name]) for name in _NUMBERS if name in known}
        return cls(**{**known, **numbers})
