"""Checks run side by side, and what they found reads well in both languages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.language import Speech, both
from bot.operating.checks import Check, examine, in_thread
from bot.operating.finding import Finding, as_json, as_lines, error, ok, skipped, warning
from tests.bot.operating.findings import assert_bilingual


async def breaks() -> Sequence[Finding]:
    raise ZeroDivisionError("a text that may be of a person")


async def hangs() -> Sequence[Finding]:
    await asyncio.Event().wait()
    return []


def test_one_that_breaks_or_hangs_stops_no_other() -> None:
    checks = [
        Check(name="broken", look=breaks, timeout_s=30),
        Check(name="hanging", look=hangs, timeout_s=0.05),
        Check(name="well", look=in_thread(lambda: [ok("well", "良い", "well")]), timeout_s=30),
    ]
    found = asyncio.run(examine(checks))
    assert [(finding.name, finding.state) for finding in found] == [("broken", "error"), ("hanging", "error"), ("well", "ok")]
    assert "ZeroDivisionError" in found[0].found.en
    assert "a text" not in found[0].found.en
    assert "0.05 秒" in found[1].found.ja
    assert_bilingual(found)


def test_those_that_wait_do_so_together() -> None:
    met = asyncio.Barrier(3)

    async def meets() -> Sequence[Finding]:
        await met.wait()
        return []

    checks = [Check(name=str(number), look=meets, timeout_s=30) for number in range(3)]
    assert asyncio.run(examine(checks)) == []


@pytest.mark.parametrize(
    ("speech", "lines"),
    [
        ("ja", ["✓ 正常  a: 良い", "! 注意  b: 変\n    → 直す", "✗ 異常  c: 駄目\n    → 替える", "– 省略  d: なし"]),
        ("en", ["✓ ok       a: good", "! warning  b: odd\n    → mend it", "✗ error    c: bad\n    → change it", "– skipped  d: none"]),
    ],
)
def test_a_line_says_state_finding_and_what_to_do(speech: Speech, lines: list[str]) -> None:
    findings = [
        ok("a", "良い", "good"),
        warning("b", both("変", "odd"), both("直す", "mend it")),
        error("c", both("駄目", "bad"), both("替える", "change it")),
        skipped("d", "なし", "none"),
    ]
    assert ["\n".join(as_lines(finding, speech, coloured=False)) for finding in findings] == lines
    assert as_json(findings)["counts"] == {"ok": 1, "warning": 1, "error": 1, "skipped": 1}


def test_colours_are_only_there_where_they_are_wanted_and_nothing_else_steers_a_terminal() -> None:
    finding = ok("a", "良い\x1b[2J\n行", "good\x1b[2J\nline")
    assert as_lines(finding, "en", coloured=True) == ["\x1b[32m✓ ok     \x1b[0m  a: good[2J line"]
    assert "\x1b" not in as_lines(finding, "ja", coloured=False)[0]
