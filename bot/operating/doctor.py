"""`yomite doctor`: looks at all that Yomite needs, says what it found line by line, and what to do about each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from bot.children import output_of_child
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.language import Speech, both
from bot.operating.checks import Check, examine, in_thread
from bot.operating.finding import Finding, as_json, as_lines, error, finding_from_json, skipped
from bot.operating.machine import check_machine
from bot.operating.redis_server import check_redis
from bot.platforms.plain import json_escaped
from bot.platforms.terminal.draw import has_colours, make_console
from bot.settings import Settings

MACHINE_S, REDIS_S, PORTS_S, CHAT_S = 20.0, 60.0, 15.0, 30.0
COMPUTING_S, DEEP_S = 180.0, 600.0  # torch alone takes seconds to load, on a busy machine many


def doctor(
    settings: Settings,
    speech: Speech,
    *,
    offline: bool = False,
    deep: bool = False,
    json_wanted: bool = False,
    slack_url: str | None = None,
    discord_url: str | None = None,
) -> int:
    """Look, print, and return the exit code: 1 where anything is an error.

    `offline`: Slack and Discord are not asked. `deep`: a sentence in each language is answered too, which takes seconds. The addresses
    are only given to speak with something else than Slack and Discord themselves.
    """
    chats = [
        Check(name="slack", look=lambda: _check_slack(settings, slack_url), timeout_s=CHAT_S),
        Check(name="discord", look=lambda: _check_discord(settings, discord_url), timeout_s=CHAT_S),
    ]
    findings = asyncio.run(examine([*_checks(settings, deep=deep), *([] if offline else chats)]))
    findings += [_left_out(name) for name in ("slack", "discord") if offline]
    if json_wanted:
        print(json_escaped(json.dumps(as_json(findings), ensure_ascii=False)))
    else:
        coloured = has_colours(make_console())
        lines = [line for finding in findings for line in as_lines(finding, speech, coloured=coloured)]
        print("\n".join([*lines, summary(findings, speech)]))
    return CANNOT_ANSWER if any(finding.state == "error" for finding in findings) else OK


def _checks(settings: Settings, *, deep: bool) -> list[Check]:
    return [
        Check(name="machine", look=in_thread(lambda: check_machine(settings)), timeout_s=MACHINE_S),
        Check(name="computing", look=lambda: check_computing(settings, deep=deep), timeout_s=DEEP_S if deep else COMPUTING_S),
        Check(name="redis", look=in_thread(lambda: check_redis(settings)), timeout_s=REDIS_S),
        Check(name="ports", look=lambda: _check_ports(settings), timeout_s=PORTS_S),
    ]


# These need libraries of chat platforms, which are not where only a worker is.


async def _check_slack(settings: Settings, url: str | None) -> list[Finding]:
    from bot.operating.slack import check_slack

    return await (check_slack(settings, base_url=url) if url else check_slack(settings))


async def _check_discord(settings: Settings, url: str | None) -> list[Finding]:
    from bot.operating.discord import check_discord

    return await (check_discord(settings, base_url=url) if url else check_discord(settings))


async def _check_ports(settings: Settings) -> list[Finding]:
    from bot.operating.ports import check_ports

    return await check_ports(settings)


async def check_computing(settings: Settings, *, deep: bool = False) -> list[Finding]:
    """What a process of its own finds, for the bot loads neither torch nor models."""
    output = await output_of_child("doctor", ["--deep"] if deep else [], settings)
    try:
        return [finding_from_json(row) for row in json.loads(output.splitlines()[-1])]
    except (IndexError, ValueError, KeyError, TypeError):
        found = both("モデルを調べるプロセスが答えずに終わりました。", "The process that looks at models ended without a word.")
        advice = both("python -m engine.checking を実行すると、理由が出ます。", "Run python -m engine.checking to see why.")
        return [error("computing", found, advice)]


def _left_out(name: str) -> Finding:
    return skipped(name, "--offline なので尋ねません。", "Not asked, because of --offline.")


def summary(findings: Sequence[Finding], speech: Speech) -> str:
    """How many checks are not in order."""
    errors, warnings = (sum(finding.state == state for finding in findings) for state in ("error", "warning"))
    return both(
        f"異常 {errors} 件、注意 {warnings} 件（{len(findings)} 項目）",
        f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'} in {len(findings)} checks",
    ).in_language(speech)
