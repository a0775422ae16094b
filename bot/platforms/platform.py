"""What every chat platform speaks with the desk: what came in, the answer that goes out, and what can keep it from arriving."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.commands.command import Command
from bot.conversation import AnyRequest
from bot.grammar import Arguments, Option, OptionValue
from bot.language import Speech
from bot.reply import Reply
from engine.contract import Message


@dataclass(frozen=True, kw_only=True)
class IncomingFile:
    """A file that came with a message; `size` in bytes as the platform says it. `read` fetches it."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """Something that a person said to Yomite.

    `event_id` is the same where the platform delivers the same event twice. `line` is a command with or without its slash.
    `nearby` gives the text of the message that was replied to, else of the thread; it is asked only where the command lacks a text.
    `team`, `channel`, `roles` and `direct` say where it was said and by whom, as `bot.guard.asking` has them.
    `own_locale` is the language that the person has set the platform to, e.g. "ja-JP"; `locale` is that of the place, or what else there
    is to go by. `arguments` are there where the platform's own form has taken
    the command apart: the line then only names the command and tells the language.
    `told` is what the platform needs to take the same event in again after a restart, JSON without tokens of the bot; None where it can
    not. `tried` says how often it was taken in before, `at` when it was first, in seconds since 1970; 0: just now.
    """

    platform: str
    event_id: str
    person: str
    line: str
    team: str = ""
    channel: str = ""
    roles: tuple[str, ...] = ()
    direct: bool = False
    own_locale: str = ""
    locale: str = ""
    files: tuple[IncomingFile, ...] = ()
    nearby: Callable[[], Awaitable[str | None]] | None = None
    extra_options: tuple[Option, ...] = ()
    arguments: Arguments | None = None
    told: Mapping[str, Any] | None = None
    tried: int = 0
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A Reply on its way to the person. `delivery` is what the platform gave to `Desk.submit`, `extras` its own options.

    `again`: it was tried before, by this process or one that crashed; `marks` say how far that came. `thumbs`: people are to be asked
    what they think of it.
    """

    job_id: str
    command: Command[Any, Any]
    request: AnyRequest
    reply: Reply
    speech: Speech
    delivery: dict[str, Any]
    extras: dict[str, OptionValue] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    again: bool = False
    thumbs: bool = False


@dataclass(frozen=True, kw_only=True)
class Apology:
    """What the person is told in place of an answer that will not come; `marks` say how far the answer came."""

    job_id: str
    reply: Reply
    speech: Speech
    delivery: dict[str, Any]
    marks: dict[str, str] = field(default_factory=dict)


class TryLater(Exception):
    """The platform cannot take the answer now. `after_s`: seconds to wait."""

    def __init__(self, after_s: float = 1.0) -> None:
        super().__init__(f"try again in {after_s:g} s")
        self.after_s = after_s


class CannotPost(Exception):
    """The answer can never be posted there; the message says why, without any text of the person.

    `told` is what the person should be told of it, where that is more than that it was refused.
    """

    def __init__(self, why: str, *, told: Message | None = None) -> None:
        super().__init__(why)
        self.told = told


class Platform(Protocol):
    """What the desk needs of a chat platform."""

    @property
    def name(self) -> str:
        """e.g. "slack": names its stream."""

    async def post(self, answer: Answer) -> None:
        """Bring an answer to the person.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """

    async def apologise(self, apology: Apology) -> None:
        """Tell the person once, in the place of "Reading…" where that stands, that the answer will not come.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        """Tell the person how far a long job is (`share` in 0..1); what goes wrong here is not worth an error."""
