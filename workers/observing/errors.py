"""What can go wrong with being looked at: a sentence in each language that says what was wrong and what would be right."""

from __future__ import annotations

from engine.contract import Message


class ObservingError(Exception):
    """The address where a process is to be looked at cannot be used."""

    def __init__(self, *, ja: str, en: str) -> None:
        super().__init__(en)
        self.message = Message(ja=ja, en=en)
