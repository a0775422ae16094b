"""The bot's errors: a sentence in each language that says what was wrong and what would be right."""

from __future__ import annotations

from engine.contract import Message


class BotError(Exception):
    """Something a person asked for that cannot be done as asked."""

    def __init__(self, *, ja: str, en: str) -> None:
        super().__init__(en)
        self.message = Message(ja=ja, en=en)


class CommandError(BotError):
    """A command that is not written as it should be."""


class InputError(BotError):
    """A file or standard input that cannot be read, or a place that cannot be written to."""


class SettingsError(BotError):
    """A setting that does not exist or has a value that is not allowed; the message names both."""


class PlatformError(BotError):
    """A chat platform or the queue behind it that cannot be used; the message says what to do."""
