"""Says at the end of a long run how many inputs each target was given, and how many ways there were to make it fail."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

from tests.fuzz.inputs import TRIED, VARIABLE

COUNTED, FAILED = "fuzz inputs", "fuzz failures"


def pytest_itemcollected(item: pytest.Item) -> None:
    """An input that fails may be huge; what went wrong is to be seen all the same."""
    item.add_marker(pytest.mark.filterwarnings("ignore:Generating overly large repr"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    name = getattr(item, "originalname", item.name)
    if call.when == "call" and name in TRIED:
        error = call.excinfo.value if call.excinfo else None
        failures = len(error.exceptions) if isinstance(error, BaseExceptionGroup) else int(error is not None)
        # In the report, so that they also come from the processes of pytest-xdist.
        report.user_properties += [(COUNTED, TRIED.pop(name)), (FAILED, failures)]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if VARIABLE not in os.environ:
        return
    found = [report for reports in terminalreporter.stats.values() for report in reports if isinstance(report, pytest.TestReport)]
    rows = sorted((report.nodeid, dict(report.user_properties)) for report in found if COUNTED in dict(report.user_properties))
    terminalreporter.write_line("| target | inputs | failures |\n|---|---|---|")
    for target, counts in rows:
        terminalreporter.write_line(f"| `{target}` | {counts[COUNTED]:,} | {counts[FAILED]} |")
    terminalreporter.write_line(f"{sum(counts[COUNTED] for _, counts in rows):,} inputs")
