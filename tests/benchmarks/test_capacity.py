"""The capacity is reckoned from what was measured, is the same for the same seed, and grows with workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.capacity import Measured, Scenario, least_workers, simulate
from benchmarks.queueing import Job
from benchmarks.traffic import MIX, Traffic

FEW = Scenario(traffic=Traffic(people=4_000))
MEASURED = Measured(
    batches={task: {1: 0.1, 4: 0.25, 16: 0.85} for task in MIX}, documents={"sentiment": 3.0, "ask": 2.0}, step_s=0.2, overhead_s=0.005
)


def test_the_committed_results_say_how_long_every_task_and_long_documents_take() -> None:
    measured = Measured.from_results()
    assert set(measured.batches) == set(MIX)
    assert set(measured.documents) == {"sentiment", "ask"}
    assert 0 < measured.step_s < min(measured.documents.values())
    assert 0 < measured.overhead_s < 0.05


@pytest.mark.parametrize(("size", "seconds"), [(1, 0.1), (2, 0.15), (4, 0.25), (16, 0.85), (32, 1.65)])
def test_between_and_beyond_what_was_measured_times_lie_on_straight_lines(size: int, seconds: float) -> None:
    assert MEASURED.short_s("ner", size) == pytest.approx(seconds)


def test_a_slower_machine_takes_its_times_longer_for_batches_and_long_documents() -> None:
    service = MEASURED.service(slower=2.0)
    assert service.batch_s([Job(at_s=0.0, kind="ner")] * 4) == pytest.approx(2 * 0.255)
    assert service.batch_s([Job(at_s=0.0, kind="ask", long=True)] * 2) == pytest.approx(2 * 4.005)
    assert service.step_s == pytest.approx(0.4)


def test_the_same_seed_gives_the_same_hour() -> None:
    hours = [simulate(MEASURED, FEW, workers=2, seed=seed) for seed in (1, 1, 2)]
    assert hours[0] == hours[1] != hours[2]


def test_more_workers_are_never_slower_and_less_busy() -> None:
    hours = [simulate(MEASURED, FEW, workers=workers, seed=1) for workers in (1, 2, 4, 8)]
    for measure in ("p50_ms", "p95_ms", "p99_ms", "share"):
        found = [getattr(hour, measure) for hour in hours]
        assert found == sorted(found, reverse=True), measure


def test_more_traffic_and_slower_machines_need_more_workers() -> None:
    least = least_for(FEW)
    assert simulate(MEASURED, FEW, workers=least, seed=1).p95_ms <= 2_000
    assert least == 1 or simulate(MEASURED, FEW, workers=least - 1, seed=1).p95_ms > 2_000
    assert least_for(replace(FEW, slower=2.0)) > least
    assert least_for(replace(FEW, traffic=Traffic(people=16_000))) > least


def least_for(scenario: Scenario) -> int:
    return least_workers(lambda workers: simulate(MEASURED, scenario, workers=workers, seed=1))
