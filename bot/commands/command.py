"""What a command is: its name and help, how its text becomes a Request, and how the Result becomes a Reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from bot.errors import CommandError
from bot.grammar import Arguments, Option
from bot.language import Speech
from bot.reply import Reply
from engine.contract import Message

RequestT = TypeVar("RequestT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True)
class Command(Generic[RequestT, ResultT]):
    """One command. `takes` says what its free text is: one text, one or a pair, several, a question with its context, or a word or nothing.

    `aliases` are other names for the same. `example` is what could stand after the name. `rows` says what the rows of a table
    become: a Request each, one Request together, or nothing that makes sense.
    """

    name: str
    aliases: tuple[str, ...]
    summary: Message
    form: Message  # what stands after the name, as in a manual: "text", "question | context"
    example: Message
    takes: Literal["text", "pair", "texts", "question", "nothing"]
    parse: Callable[[Arguments], RequestT]
    render: Callable[[RequestT, ResultT, Speech], Reply]
    options: tuple[Option, ...] = ()
    rows: Literal["each", "together", "none"] = "each"
    pictures: bool = False  # whether its Results bring pictures or pages
    admin_only: bool = False  # in chat, where admins are named

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


def needed_text(arguments: Arguments) -> str:
    """The one text of a command: typed, else attached.

    Raises:
        CommandError: there is neither, or there are both.
    """
    attached = arguments.attached or ""
    if arguments.text and attached.strip():
        raise CommandError(
            ja="書いた文章と添付の文章の両方があります。どちらかひとつにしてください。",
            en="There is both a typed text and an attached one. Give one of them.",
        )
    if not arguments.text and not attached.strip():
        raise CommandError(
            ja="読む文章がありません。コマンドのあとに文章を書いてください。", en="There is no text to read. Write it after the command."
        )
    # An attached text is read as it is: spans point into it.
    return arguments.text or attached


def needed_texts(arguments: Arguments, *, at_least: int) -> tuple[str, ...]:
    """The texts of a command: typed ones, then the lines of an attached text.

    Raises:
        CommandError: fewer than `at_least`.
    """
    attached = tuple(line.strip() for line in (arguments.attached or "").splitlines() if line.strip())
    texts = arguments.texts + attached
    if len(texts) < at_least:
        raise CommandError(
            ja=f"文章が {at_least} つ以上必要です（いまは {len(texts)} つ）。改行か「|」で区切ってください。",
            en=f"This needs {at_least} or more texts (there {'is' if len(texts) == 1 else 'are'} {len(texts)}). Separate them with line breaks or |.",
        )
    return texts
