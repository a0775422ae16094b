"""The simulator agrees with the formulas of queueing theory where there are any, and takes jobs as workers do where there are none."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from benchmarks.queueing import Job, Queueing, Service
from benchmarks.traffic import poisson

JOBS = 60_000
OWN_TIME = Service(batch_s=lambda jobs: sum(job.work_s for job in jobs))


def mean_wait_s(*, rate: float, work: Callable[[random.Random], float], workers: int, seed: int = 1) -> float:
    """How long jobs that are taken one by one wait on average, before they are computed."""
    choices = random.Random(seed)
    jobs = [Job(at_s=moment, work_s=work(choices)) for moment in poisson(rate, JOBS / rate, choices)]
    Queueing(OWN_TIME, workers=workers, batch=1).run(jobs)
    return sum(job.took_s - job.work_s for job in jobs) / len(jobs)


def erlang_c(load: float, workers: int) -> float:
    """How probable it is that somebody must wait (Erlang, 1917); `load` is how many workers would be busy."""
    all_busy = load**workers / math.factorial(workers) * workers / (workers - load)
    return all_busy / (sum(load**number / math.factorial(number) for number in range(workers)) + all_busy)


def exponential(choices: random.Random) -> float:
    return choices.expovariate(1.0)


def tolerance(load: float, *, waiting: float = 1.0) -> float:
    """Four standard errors of the mean wait of so many jobs, as a share of it: waits in a busy queue hang together (Daley, 1968).

    That holds for one worker with exponential times. `waiting`: the share of jobs that must wait, where it is another than in one.
    """
    variance = load * (2 + 5 * load - 4 * load**2 + load**3) / (1 - load) ** 4
    return 4 * math.sqrt(variance / JOBS) / (load / (1 - load)) / math.sqrt(waiting)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.8])
def test_one_worker_with_exponential_times_waits_as_the_formula_says(load: float) -> None:
    assert mean_wait_s(rate=load, work=exponential, workers=1) == pytest.approx(load / (1 - load), rel=tolerance(load))


@pytest.mark.parametrize("load", [0.5, 0.7, 0.8])
def test_one_worker_with_a_fixed_time_waits_half_as_long(load: float) -> None:
    expected = load / (2 * (1 - load))
    assert mean_wait_s(rate=load, work=lambda _: 1.0, workers=1) == pytest.approx(expected, rel=tolerance(load))


@pytest.mark.parametrize(("workers", "load"), [(2, 0.7), (4, 0.7), (8, 0.8)])
def test_several_workers_at_one_queue_wait_as_erlangs_formula_says(workers: int, load: float) -> None:
    waiting = erlang_c(load * workers, workers)
    expected = waiting / (workers * (1 - load))
    found = mean_wait_s(rate=load * workers, work=exponential, workers=workers)
    assert found == pytest.approx(expected, rel=tolerance(load, waiting=waiting))


def test_workers_are_busy_for_the_time_that_jobs_take() -> None:
    jobs = [Job(at_s=float(number), work_s=0.5) for number in range(101)]
    assert Queueing(OWN_TIME, workers=2, batch=1).run(jobs) == pytest.approx(0.25)


def batches(jobs: Sequence[Job], *, batch: int, step_s: float = math.inf) -> list[list[str]]:
    """The kinds of what one worker takes together, each batch taking a second."""
    taken: list[list[str]] = []

    def batch_s(some: Sequence[Job]) -> float:
        taken.append([job.kind + ("!" if job.long else "") for job in some])
        return 1.0

    Queueing(Service(batch_s=batch_s, step_s=step_s), workers=1, batch=batch).run(jobs)
    return taken


def test_a_batch_is_of_the_oldest_jobs_kind_and_no_larger_than_allowed() -> None:
    jobs = [Job(at_s=0.0, kind="first"), *(Job(at_s=0.1, kind=kind) for kind in "abaaba")]
    assert batches(jobs, batch=3) == [["first"], ["a", "a", "a"], ["b", "b"], ["a"]]


def test_short_jobs_go_before_long_ones_until_eight_takings_have_passed() -> None:
    jobs = [Job(at_s=0.0, kind="a"), Job(at_s=0.1, kind="l", long=True), *(Job(at_s=0.2, kind="a") for _ in range(9))]
    assert [found[0] for found in batches(jobs, batch=1)] == [*["a"] * 8, "l!", "a", "a"]


def test_short_jobs_are_answered_between_the_steps_of_a_long_one() -> None:
    long, short = Job(at_s=0.0, kind="l", long=True), Job(at_s=0.3, kind="a")
    assert batches([long, short], batch=8, step_s=0.25) == [["l!"], ["a"]]
    assert short.answered_s == pytest.approx(1.5)
    assert long.answered_s == pytest.approx(2.0)


def test_fewer_long_jobs_are_taken_together() -> None:
    jobs = [Job(at_s=0.0, kind="a"), *(Job(at_s=0.1, kind="l", long=True) for _ in range(5))]
    assert batches(jobs, batch=16) == [["a"], ["l!", "l!"], ["l!", "l!"], ["l!"]]
