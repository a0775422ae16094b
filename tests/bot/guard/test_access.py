"""Only those whom the operator lets in may ask; admins' commands are theirs where any are named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis.asyncio

from bot.commands import COMMANDS, sentiment, status
from bot.guard.access import Access, AllowList
from bot.guard.errors import NotAllowed
from bot.guard.guard import Guard, GuardSettings
from tests.bot.guard.asked import asked


def ids(*found: str) -> frozenset[str]:
    return frozenset(found)


def lets_in(allowed: AllowList, **who: Any) -> bool:
    try:
        Access({"slack": allowed, "discord": allowed}).check(asked(**who))
    except NotAllowed:
        return False
    return True


def refusal(allowed: AllowList, **who: Any) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        Access({"slack": allowed}).check(asked(**who))
    return caught.value


def test_without_lists_everybody_may_ask() -> None:
    assert lets_in(AllowList())
    Access().check(asked(platform="web", person="a-session"))


@pytest.mark.parametrize(
    ("allowed", "who", "let_in"),
    [
        (AllowList(teams=ids("T1")), {}, True),
        (AllowList(teams=ids("T2")), {}, False),
        (AllowList(teams=ids("T1")), {"team": ""}, False),
        (AllowList(channels=ids("C1", "C2")), {}, True),
        (AllowList(channels=ids("C2")), {}, False),
        (AllowList(users=ids("U1")), {}, True),
        (AllowList(users=ids("U2")), {}, False),
        (AllowList(roles=ids("R1")), {"roles": ("R0", "R1")}, True),
        (AllowList(roles=ids("R1")), {"roles": ("R0",)}, False),
        (AllowList(roles=ids("R1"), users=ids("U1")), {}, True),  # either is enough
        (AllowList(teams=ids("T1"), channels=ids("C1"), users=ids("U1")), {}, True),
        (AllowList(teams=ids("T1"), channels=ids("C2"), users=ids("U1")), {}, False),  # every list counts
        (AllowList(users=ids("U2"), admins=ids("U1")), {}, True),  # an admin is named too
        (AllowList(channels=ids("C2"), admins=ids("U1")), {}, False),
    ],
)
def test_every_list_must_let_somebody_in(allowed: AllowList, who: dict[str, Any], let_in: bool) -> None:
    assert lets_in(allowed, **who) is let_in


@pytest.mark.parametrize(
    ("allowed", "who", "let_in"),
    [
        (AllowList(channels=ids("C1")), {}, False),
        (AllowList(channels=ids("C1", "D1")), {}, True),
        (AllowList(channels=ids("C1"), users=ids("U1")), {}, True),
        (AllowList(channels=ids("C1"), admins=ids("U1")), {}, True),
        (AllowList(teams=ids("T2"), users=ids("U1")), {}, False),  # Slack tells the team of a direct message
        (AllowList(teams=ids("T1"), users=ids("U1")), {"team": ""}, True),  # Discord tells none
        (AllowList(teams=ids("T1")), {"team": ""}, False),
    ],
)
def test_directly_those_may_ask_who_are_named(allowed: AllowList, who: dict[str, Any], let_in: bool) -> None:
    assert lets_in(allowed, channel="D1", direct=True, **who) is let_in


@pytest.mark.parametrize(
    ("allowed", "who", "ja", "en"),
    [
        (AllowList(teams=ids("T2")), {}, "このチームでは", "not open to this team"),
        (AllowList(channels=ids("C2")), {}, "このチャンネルでは", "not open in this channel"),
        (AllowList(users=ids("U2")), {}, "あなたはまだ", "not open to you"),
        (AllowList(channels=ids("C2")), {"direct": True, "channel": "D1"}, "ダイレクトメッセージでは", "not open in direct messages"),
    ],
)
def test_a_refusal_says_what_stands_against_it_and_names_no_id(allowed: AllowList, who: dict[str, Any], ja: str, en: str) -> None:
    message = refusal(allowed, **who).message
    assert ja in message.ja
    assert en in message.en
    assert not {"C2", "U2", "T2"} & set(message.en.split())


def test_a_list_of_one_platform_says_nothing_of_another() -> None:
    Access({"discord": AllowList(users=ids("1"))}).check(asked(platform="slack"))


@pytest.mark.parametrize(
    ("admins", "who", "may"),
    [
        (ids(), {}, True),  # nobody is named: everybody may
        (ids("U1"), {}, True),
        (ids("U2"), {}, False),
        (ids("R1"), {"roles": ("R1",)}, True),
    ],
)
def test_a_command_for_admins_is_theirs_where_any_are_named(admins: frozenset[str], who: dict[str, Any], may: bool) -> None:
    access = Access({"slack": AllowList(admins=admins)})
    access.check_command(sentiment.COMMAND, asked(**who))
    shown = access.commands_for(asked(**who), COMMANDS)
    assert (status.COMMAND in shown) is may
    assert sentiment.COMMAND in shown
    if may:
        return access.check_command(status.COMMAND, asked(**who))
    with pytest.raises(NotAllowed, match="/status is for admins only") as caught:
        access.check_command(status.COMMAND, asked(**who))
    assert "管理者だけ" in caught.value.message.ja
    return None


@pytest.mark.parametrize("line", ["/status", "status", "状態", "／ｓｔａｔｕｓ", "Status:"])
def test_however_it_is_written_an_admins_command_is_known(line: str, redis_url: str) -> None:
    async def admit() -> None:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            guard = Guard(connection, GuardSettings(lists={"slack": AllowList(admins=ids("U2"))}))
            with pytest.raises(NotAllowed):
                await guard.admit(asked(line), line=line)

    asyncio.run(admit())


def test_the_commands_for_admins_are_those_that_show_how_the_system_is_run() -> None:
    assert [command.name for command in COMMANDS if command.admin_only] == ["status"]
