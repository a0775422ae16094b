"""The engine's errors: one root, a stable code for programs, a sentence in each language for people."""

from __future__ import annotations

from engine.contract import Failure, Message


class EngineError(Exception):
    """Something the engine cannot answer; `code` is stable, `message` says what was wrong and what would be right."""

    def __init__(self, code: str, *, ja: str, en: str, **details: str) -> None:
        super().__init__(en)
        self.code = code
        self.message = Message(ja=ja, en=en)
        self.details = details

    def as_failure(self) -> Failure:
        """The JSON-able form that crosses process boundaries."""
        return Failure(code=self.code, message=self.message, details=self.details)


class BadInputError(EngineError):
    """The person's text or options cannot be read as they are."""


class ModelError(EngineError):
    """A model or tokenizer is missing, damaged or of the wrong kind."""


class CatalogError(EngineError):
    """A catalog file is wrong; the message names file, key and value."""
