"""Checks of the clock: how far this machine's is from one that others go by."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from bot.language import both
from bot.operating.finding import Finding, error, ok, warning
from engine.contract import Message

OFF_S, FAR_OFF_S = 5.0, 60.0
DATE_STEP_S = 1.0  # what a Date header leaves out


def check_clock(whose: str, *, theirs_s: float, before_s: float, after_s: float) -> Finding:
    """Compare; `theirs_s` was said between `before_s` and `after_s` of this machine's clock, all in seconds since 1970."""
    ahead_s = before_s - theirs_s if theirs_s < before_s else min(0.0, after_s - theirs_s)
    name = f"clock.{whose.lower()}"
    said = _said(whose, ahead_s)
    if abs(ahead_s) > FAR_OFF_S:
        return error(name, said, _ADVICE)
    return warning(name, said, _ADVICE) if abs(ahead_s) > OFF_S else ok(name, said.ja, said.en)


def seconds_of_date(header: str) -> float | None:
    """The moment that a Date header says, in the middle of its second; None where it says none."""
    try:
        return parsedate_to_datetime(header).timestamp() + DATE_STEP_S / 2
    except ValueError:
        return None


def _said(whose: str, ahead_s: float) -> Message:
    if abs(ahead_s) <= OFF_S:
        return both(f"{whose} の時計と合っています。", f"It agrees with the clock of {whose}.")
    if ahead_s > 0:
        return both(
            f"このマシンの時計は {whose} より {ahead_s:.0f} 秒進んでいます。", f"This machine's clock is {ahead_s:.0f} s ahead of {whose}."
        )
    return both(
        f"このマシンの時計は {whose} より {-ahead_s:.0f} 秒遅れています。", f"This machine's clock is {-ahead_s:.0f} s behind {whose}."
    )


_ADVICE = both(
    "時刻合わせ（NTP、chrony など）を有効にしてください。5 分を超えてずれると、署名された Slack の要求を受け付けません。",
    "Let it be set from the network (NTP, chrony). More than 5 minutes off, signed requests of Slack are refused.",
)
