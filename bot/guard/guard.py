"""Stands before the desk: who may ask, how often, and whether there is room for one more question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio

from bot.commands import cancel
from bot.commands.command import Command
from bot.conversation import find_command
from bot.errors import CommandError
from bot.guard.access import Access, AllowList
from bot.guard.asking import Asking
from bot.guard.limits import Limiter, Limits
from bot.guard.room import Room

MOST_WAITING = 2_000


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """What the operator allows. `lists` are by the names of platforms; `most_waiting` jobs may wait (0: any number)."""

    lists: Mapping[str, AllowList] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    most_waiting: int = MOST_WAITING


class Guard:
    """One desk's. For one event loop."""

    def __init__(self, connection: redis.asyncio.Redis, settings: GuardSettings | None = None) -> None:
        settings = settings or GuardSettings()
        self._access = Access(settings.lists)
        self._limiter = Limiter(connection, settings.limits)
        self.room = Room(connection, most_waiting=settings.most_waiting)

    def check_access(self, asking: Asking) -> None:
        """Whether somebody may ask or press at all. Asks nobody, so that it fits before an acknowledgement.

        Raises:
            NotAllowed: they may not.
        """
        self._access.check(asking)

    async def admit(self, asking: Asking, *, line: str | None = None) -> None:
        """Let in a question, with the `line` that it begins with, or a press; counts it.

        Raises:
            NotAllowed: the person may not ask here, or not this.
            TooMany: not so often.
            redis.exceptions.RedisError: it cannot be counted.
        """
        self._access.check(asking)
        command = None if line is None else command_in(line)
        if command is not None:
            self._access.check_command(command, asking)
        if command is not cancel.COMMAND or not _is_bare(line):  # who has asked too much may always take it back
            await self._limiter.take(asking)

    async def tells(self, asking: Asking) -> bool:
        """Whether somebody who was refused is told so; counts it: a person is told only now and then.

        Raises:
            redis.exceptions.RedisError: it cannot be counted.
        """
        return await self._limiter.tells(asking)

    def commands_for(self, asking: Asking, commands: Sequence[Command[Any, Any]]) -> tuple[Command[Any, Any], ...]:
        """Those that somebody may use: what help shows them."""
        return self._access.commands_for(asking, commands)


def _is_bare(line: str | None) -> bool:
    """Whether nothing follows the command that a line names."""
    return line is not None and not find_command(line, slash_optional=True)[1].strip()


def command_in(line: str) -> Command[Any, Any] | None:
    """The command that a line names; None where it names none: the desk says what is wrong then."""
    try:
        return find_command(line, slash_optional=True)[0]
    except CommandError:
        return None
