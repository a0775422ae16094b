"""Drawings without a worker: what Redis refuses, and what was forgotten, is written once or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ResponseError

from engine.contract import Failure, Result
from engine.drawing import Undrawn
from tests.support.drawing import DRAWN, UNDRAWN, pictured
from tests.support.working import PLATFORM, until
from workers.carried import Carried, Computed, Ended
from workers.drawing import Drawings
from workers.taking import Taken


def computed(name: str) -> Computed:
    taken = Taken(job_id=name.encode(), queue_key="rq:queue:yomite-short", fields={})
    job = Carried(taken=taken, request=pictured(name), platform=PLATFORM, tensors=False, timeout_s=9)
    return Computed(job=job, undrawn=Undrawn(result=UNDRAWN, draw=lambda: DRAWN), digest="d")


@contextmanager
def drawings(write: Any, trouble: list[str]) -> Iterator[Drawings]:
    found = Drawings(write, insist=lambda act: act(), on_trouble=lambda: trouble.append("!"))
    yield found
    found.close()


def test_an_answer_that_redis_refuses_is_left_to_the_worker() -> None:
    def refuse(how: Ended) -> None:
        raise ResponseError("OOM")

    trouble: list[str] = []
    with drawings(refuse, trouble) as those:
        those.submit(computed("a"))
        those.wait()
        assert len(those) == 0
    assert trouble == ["!"]


def test_an_answer_that_cannot_be_written_becomes_a_failure() -> None:
    written: list[Ended] = []

    def stumble(how: Ended) -> None:
        if not isinstance(how.outcome, Failure):
            raise TypeError("this is no JSON")
        written.append(how)

    trouble: list[str] = []
    with drawings(stumble, trouble) as those:
        those.submit(computed("a"))
        those.wait()
    assert [how.blame.partition("\n")[0] for how in written] == ["internal_error: TypeError"]
    assert trouble == []


def test_nothing_is_written_of_what_was_forgotten_and_what_comes_later_is() -> None:
    written: list[Ended] = []
    begun, go_on = threading.Event(), threading.Event()

    def draw() -> Result:
        begun.set()
        until(go_on.is_set, what="leave to go on")
        return DRAWN

    with drawings(written.append, []) as those:
        those.submit(Computed(job=computed("forgotten").job, undrawn=Undrawn(result=UNDRAWN, draw=draw)))
        begun.wait()
        threads = those.forget()
        assert len(those) == 0
        those.submit(computed("later"))
        those.wait()
        go_on.set()
        for thread in threads:
            thread.join()
    assert [(how.taken.job_id, how.outcome, how.digest) for how in written] == [(b"later", DRAWN, "d")]
