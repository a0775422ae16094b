"""A computation ends when its time is over, and an inner one takes nothing of the outer one's time."""

from __future__ import annotations

import signal
import time

import pytest
from rq.timeouts import JobTimeoutException

from workers.limits import time_limit


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(JobTimeoutException), time_limit(0.05):
        time.sleep(60)


def test_nothing_is_left_of_a_limit_that_was_kept() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_inner_limit_ends_the_inner_work_only() -> None:
    with time_limit(60):
        with pytest.raises(JobTimeoutException), time_limit(0.05):
            time.sleep(60)
        left_s, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left_s <= 60


def test_the_outer_limit_stands_still_while_inner_work_runs() -> None:
    with time_limit(0.3), time_limit(60):
        time.sleep(0.5)


def test_the_outer_limit_goes_on_after_inner_work() -> None:
    def work() -> None:
        with time_limit(60):
            time.sleep(0.1)
        time.sleep(60)

    with pytest.raises(JobTimeoutException), time_limit(0.3):
        work()
