"""A process lives while something in it goes on, and it is said what does not."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

from tests.support.working import until
from workers.observing.health import OK, Beat, look, open_impatient, redis_check
from workers.queue.server import EmbeddedRedis


def test_what_has_not_begun_is_not_late_and_what_stopped_is() -> None:
    beat, never = Beat(late_after_s=0.0), Beat(late_after_s=0.0)
    beat()
    threading.Event().wait(0.01)
    assert never.check() == OK
    assert re.fullmatch(r"has stood still for \d+ s", beat.check())
    assert not look({"a": never.check, "b": beat.check}).well


def test_a_beat_that_goes_on_is_well() -> None:
    beat = Beat(late_after_s=60.0)
    beat()
    assert beat.check() == OK
    assert look({"a": beat.check}).well


def test_a_redis_that_is_away_or_says_nothing_is_told_and_again_when_it_is_back(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server, open_impatient(server.url) as connection:
        check, pid = redis_check(connection), server.pid
        # It waits so little that a busy machine may make it impatient for nothing.
        until(lambda: check() == OK, what="a Redis that is well")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: check() == "away (TimeoutError)", what="that it says nothing")
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: check() == OK, what="a Redis that goes on")
        server.stop()
        assert check() == "away (ConnectionError)"
        server.start()
        until(lambda: check() == OK, what="a Redis that is back")
