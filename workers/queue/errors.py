"""The queue's errors: a sentence in each language that says what was wrong and what would be right."""

from __future__ import annotations

from engine.contract import Message


class QueueError(Exception):
    """Something the queue or its processes cannot do."""

    def __init__(self, *, ja: str, en: str) -> None:
        super().__init__(en)
        self.message = Message(ja=ja, en=en)


class ServerError(QueueError):
    """The embedded Redis cannot be started; the message says what to do."""
