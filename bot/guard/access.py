"""Who may ask: the operator's lists of teams, channels, people and roles, and who is an admin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.command import Command
from bot.guard.asking import Asking
from bot.guard.errors import NotAllowed
from bot.language import both

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class AllowList:
    """One platform's ids; an empty list lets everybody in. `admins` holds people, on Discord also roles."""

    teams: frozenset[str] = NOBODY
    channels: frozenset[str] = NOBODY
    users: frozenset[str] = NOBODY
    roles: frozenset[str] = NOBODY
    admins: frozenset[str] = NOBODY

    def names(self, asking: Asking) -> bool:
        """Whether the person themself stands in a list: as somebody who may ask, or as an admin."""
        return asking.person in self.users or self.has_admin(asking)

    def has_admin(self, asking: Asking) -> bool:
        """Whether the person is an admin by their id or a role."""
        return not self.admins.isdisjoint((asking.person, *asking.roles))


class Access:
    """The lists of all platforms; one without a list is open to everybody who can reach it."""

    def __init__(self, lists: Mapping[str, AllowList] | None = None) -> None:
        self._lists = dict(lists or {})

    def check(self, asking: Asking) -> None:
        """Whether somebody may ask at all: every list that is not empty must let them in.

        A direct conversation belongs to no channel, on Discord to no team either: there, whoever is named as a user or an admin may
        ask, and a list of channels or guilds keeps out everybody else.

        Raises:
            NotAllowed: they may not; the message says what stands against it.
        """
        allowed = self._lists.get(asking.platform, AllowList())
        named = allowed.names(asking)
        if allowed.teams and asking.team not in allowed.teams and not (named and asking.direct and not asking.team):
            raise _not_in_this_team(direct=asking.direct and not asking.team)
        if allowed.channels and asking.channel not in allowed.channels and not (named and asking.direct):
            raise _not_in_this_channel(direct=asking.direct)
        if (allowed.users or allowed.roles) and not named and allowed.roles.isdisjoint(asking.roles):
            raise _not_you()

    def is_admin(self, asking: Asking) -> bool:
        """Whether somebody may use admins' commands: everybody on a platform for which no admin is named."""
        allowed = self._lists.get(asking.platform, AllowList())
        return not allowed.admins or allowed.has_admin(asking)

    def check_command(self, command: Command[Any, Any], asking: Asking) -> None:
        """Whether somebody may use a command.

        Raises:
            NotAllowed: it is for admins, and they are none.
        """
        if command.admin_only and not self.is_admin(asking):
            raise NotAllowed(
                ja=f"/{command.name} を使えるのは管理者だけです。必要なときは Yomite の管理者に頼んでください。",
                en=f"/{command.name} is for admins only. Ask an admin of Yomite where you need it.",
            )

    def commands_for(self, asking: Asking, commands: Sequence[Command[Any, Any]]) -> tuple[Command[Any, Any], ...]:
        """Those that somebody may use."""
        return tuple(command for command in commands if not command.admin_only or self.is_admin(asking))


# Which ids are allowed is not told: a stranger need not learn the names of channels and people.
_ASK_WHO_RUNS_IT = both("使いたいときは、Yomite を動かしている人に頼んでください。", "Ask whoever runs Yomite to open it to you.")


def _not_in_this_team(*, direct: bool) -> NotAllowed:
    if direct:
        return _not_directly()
    return NotAllowed(
        ja=f"このチームでは Yomite を使えません。{_ASK_WHO_RUNS_IT.ja}",
        en=f"Yomite is not open to this team. {_ASK_WHO_RUNS_IT.en}",
    )


def _not_in_this_channel(*, direct: bool) -> NotAllowed:
    if direct:
        return _not_directly()
    return NotAllowed(
        ja="このチャンネルでは Yomite を使えません。使えるチャンネルで聞いてください（どこかは Yomite を動かしている人が知っています）。",
        en="Yomite is not open in this channel. Ask in one where it is; whoever runs Yomite can tell you which.",
    )


def _not_directly() -> NotAllowed:
    return NotAllowed(
        ja="ダイレクトメッセージでは Yomite を使えません。使えるチャンネルで聞いてください（どこかは Yomite を動かしている人が知っています）。",
        en="Yomite is not open in direct messages. Ask in a channel where it is; whoever runs Yomite can tell you which.",
    )


def _not_you() -> NotAllowed:
    return NotAllowed(
        ja=f"あなたはまだ Yomite を使えません。{_ASK_WHO_RUNS_IT.ja}",
        en=f"Yomite is not open to you yet. {_ASK_WHO_RUNS_IT.en}",
    )
