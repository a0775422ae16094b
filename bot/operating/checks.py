"""Runs checks side by side, each with its own time: one that breaks or hangs stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.language import both
from bot.operating.finding import Finding, error, skipped


@dataclass(frozen=True, kw_only=True)
class Check:
    """What is looked at under one name, and how long that may take, in seconds."""

    name: str
    look: Callable[[], Awaitable[Sequence[Finding]]]
    timeout_s: float


def in_thread(look: Callable[[], Sequence[Finding]]) -> Callable[[], Awaitable[Sequence[Finding]]]:
    """A check that blocks; it must come to an end by itself."""
    return lambda: asyncio.to_thread(look)


async def examine(checks: Sequence[Check]) -> list[Finding]:
    """What all of them found, in their order."""
    found = await asyncio.gather(*map(_look, checks))
    return [finding for findings in found for finding in findings]


async def _look(check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(check.timeout_s):
            return await check.look()
    except TimeoutError:
        found = both(f"{check.timeout_s:g} 秒たっても終わりません。", f"It did not come to an end within {check.timeout_s:g} s.")
        return [error(check.name, found, both("混んでいないときに、もう一度実行してください。", "Run it again when less is going on."))]
    except ModuleNotFoundError as missing:
        ja = f"{missing.name} がここにはありません（ワーカーだけの環境なら、それで正常です）。"
        return [skipped(check.name, ja, f"{missing.name} is not installed here, as is right where only a worker is.")]
    except Exception as fault:  # noqa: BLE001  # the others are told all the same
        kind = type(fault).__name__
        found = both(f"調べる途中で失敗しました（{kind}）。", f"The check itself failed ({kind}).")
        return [error(check.name, found, both("再現するときは報告してください。", "If it does so again, please report it."))]
