"""A clock that is off is said, and by how much."""

from __future__ import annotations

import pytest

from bot.operating.clock import check_clock, seconds_of_date
from tests.bot.operating.findings import assert_bilingual


@pytest.mark.parametrize(
    ("theirs_s", "state", "ja", "en"),
    [
        (1_000.0, "ok", "合っています", "agrees"),
        (1_002.0, "ok", "合っています", "agrees"),
        (996.0, "ok", "合っています", "agrees"),
        (990.0, "warning", "10 秒進んでいます", "10 s ahead of Slack"),
        (1_032.0, "warning", "30 秒遅れています", "30 s behind Slack"),
        (900.0, "error", "100 秒進んでいます", "100 s ahead of Slack"),
        (1_302.0, "error", "300 秒遅れています", "300 s behind Slack"),
    ],
)
def test_a_clock_is_right_a_little_off_or_far_off(theirs_s: float, state: str, ja: str, en: str) -> None:
    found = check_clock("Slack", theirs_s=theirs_s, before_s=1_000.0, after_s=1_002.0)
    assert (found.name, found.state) == ("clock.slack", state)
    assert ja in found.found.ja
    assert en in found.found.en
    assert_bilingual([found])


@pytest.mark.parametrize(
    ("header", "seconds"), [("Thu, 01 Jan 1970 00:01:40 GMT", 100.5), ("yesterday", None), ("", None), ("Thu, 99 Jan 1970 00:00:00", None)]
)
def test_a_date_is_read_or_left_out(header: str, seconds: float | None) -> None:
    assert seconds_of_date(header) == seconds
