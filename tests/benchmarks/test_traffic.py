"""The made-up day has as many questions as it should, of the kinds that it should, and the same ones for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.traffic import DAY, MIX, Traffic, questions

ALL_DAY = range(len(DAY))


def test_the_same_seed_gives_the_same_questions_and_another_one_others() -> None:
    few = Traffic(people=200)
    assert questions(few, hours=ALL_DAY, seed=1) == questions(few, hours=ALL_DAY, seed=1)
    assert questions(few, hours=ALL_DAY, seed=1) != questions(few, hours=ALL_DAY, seed=2)


@pytest.mark.parametrize("together", [0.0, 0.5])
def test_people_ask_as_often_as_assumed_whether_alone_or_together(together: float) -> None:
    asked = questions(Traffic(people=5_000, together=together), hours=ALL_DAY, seed=1)
    assert len(asked) == pytest.approx(50_000, rel=0.03)
    assert [job.at_s for job in asked] == sorted(job.at_s for job in asked)


def test_the_mix_is_as_assumed_and_only_some_tasks_read_long_documents() -> None:
    asked = questions(Traffic(people=5_000, long=0.02), hours=ALL_DAY, seed=1)
    kinds = Counter(job.kind for job in asked)
    assert {kind: found / len(asked) for kind, found in kinds.items()} == pytest.approx(dict(MIX), abs=0.01)
    long = [job for job in asked if job.long]
    assert {job.kind for job in long} == {"sentiment", "ask"}
    assert len(long) / len(asked) == pytest.approx(0.02, abs=0.003)


def test_the_busiest_hour_has_the_share_that_telephone_engineers_reckon_with() -> None:
    traffic = Traffic()
    assert 0.15 <= traffic.rate_per_s(traffic.busiest_hour) * 3_600 / (traffic.people * traffic.asked_a_day) <= 0.20
