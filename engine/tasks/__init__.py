"""The tasks, one file each: `run` answers a batch of Requests of one kind with one model, in their order."""

from __future__ import annotations

from engine.errors import BadInputError


def nothing_to_read(**details: str) -> BadInputError:
    """The answer to a text that the model's tokenizer cuts into no piece at all."""
    return BadInputError(
        "empty_text",
        ja="読める文字がありません。日本語か英語の文を入力してください。例：この映画は面白かった。",
        en="There is nothing to read: give a text in Japanese or English, e.g. “I liked this film.”",
        **details,
    )
