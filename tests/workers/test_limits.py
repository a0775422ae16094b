"""A computation ends when its time is over, and an inner one takes nothing of the outer one's time."""

from __future__ import annotations

import signal
import time

import pytest
from rq.timeouts import JobTimeoutException
from tokenizers import NormalizedString, PreTokenizedString, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import PreTokenizer

from workers.limits import time_limit


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(JobTimeoutException), time_limit(0.05):
        time.sleep(60)


def test_an_error_that_other_code_made_of_the_end_is_the_end_all_the_same() -> None:
    def slow(_: int, text: NormalizedString) -> list[NormalizedString]:
        time.sleep(60)
        return [text]

    class Slow:
        def pre_tokenize(self, text: PreTokenizedString) -> None:
            text.split(slow)

    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = PreTokenizer.custom(Slow())
    with pytest.raises(JobTimeoutException), time_limit(0.05):
        tokenizer.encode("a text")


def test_an_error_before_the_end_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="of its own"), time_limit(60):
        raise ValueError("of its own")


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
    with time_limit(1.0), time_limit(60):
        time.sleep(1.2)


def test_the_outer_limit_goes_on_after_inner_work() -> None:
    def work() -> None:
        with time_limit(60):
            time.sleep(0.1)
        time.sleep(60)

    with pytest.raises(JobTimeoutException), time_limit(0.3):
        work()
