"""Findings, as tests look at them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.operating.finding import Finding


def by_name(findings: Sequence[Finding]) -> dict[str, Finding]:
    """The findings; no name stands twice."""
    found = {finding.name: finding for finding in findings}
    assert len(found) == len(findings)
    return found


def assert_bilingual(findings: Sequence[Finding]) -> None:
    """Each says something in both languages, and what is not in order says what to do."""
    for finding in findings:
        assert finding.found.ja
        assert finding.found.en
        assert (finding.advice is not None) == (finding.state in ("warning", "error")), finding
        if finding.advice:
            assert finding.advice.ja
            assert finding.advice.en
