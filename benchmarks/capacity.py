"""`python -m benchmarks.capacity`: how many workers keep 10,000 people's questions quick, by simulation; and how near that comes to real workers.

What people ask is assumed (`traffic`), how long it takes was measured (`results/service.json`, `results/overhead.json`), how workers share it
is simulated (`queueing`).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks import report
from benchmarks.command import parser, run_and_print
from benchmarks.load import percentile
from benchmarks.predicted import compare, compare_models
from benchmarks.queueing import Job, Queueing, Service
from benchmarks.report import RESULTS, Report, Row
from benchmarks.service import BATCH, DOCUMENT, DRAWING, STEP
from benchmarks.traffic import HOUR_S, MIX, Traffic, questions
from workers.queue import WorkerSettings

ROUNDS = 3  # each a day of its own
LARGEST_BATCH = 64
TARGET_MS = 2_000.0
MOST_WORKERS = 64
WORKERS, SHORT_WORKERS = (1, 2, 3, 4, 6), (2, 3)
HEAVY = {**MIX, "sentiment": 0.21, "fill_mask": 0.05, "explain_attention": 0.02}
AS_ASSUMED = "as assumed"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is asked, and how many times slower than the measured one each machine is."""

    traffic: Traffic
    slower: float = 1.0


SCENARIOS: Mapping[str, Scenario] = {
    AS_ASSUMED: Scenario(traffic=Traffic()),
    "twice the traffic": Scenario(traffic=Traffic(asked_a_day=20.0)),
    "five times the traffic": Scenario(traffic=Traffic(asked_a_day=50.0)),
    "twice the pictures and long documents": Scenario(traffic=Traffic(mix=HEAVY, long=0.03)),
    "60 % in bursts of 200": Scenario(traffic=Traffic(together=0.6, burst=200.0)),
    "machines half as fast": Scenario(traffic=Traffic(), slower=2.0),
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds, from the results: of batches by task and size, of long documents, of their longest step, and of all that is no engine."""

    batches: Mapping[str, Mapping[int, float]]
    documents: Mapping[str, float]
    step_s: float
    overhead_s: float

    @classmethod
    def from_results(cls, folder: Path = RESULTS) -> Measured:
        """Read what was measured.

        Raises:
            BenchmarkError: it cannot be read.
        """
        service, overhead = report.read(folder / "service.json"), report.read(folder / "overhead.json")
        batches: dict[str, dict[int, float]] = {}
        for row in (*service.rows_of(BATCH), *service.rows_of(DRAWING)):  # a picture is drawn by the same core
            task, size = row.group.split(", ")
            sizes = batches.setdefault(task, {})
            sizes[int(size)] = sizes.get(int(size), 0.0) + row.median / 1_000
        return cls(
            batches=batches,
            documents={row.group: row.median / 1_000 for row in service.rows_of(DOCUMENT)},
            step_s=max(row.median for row in service.rows_of(STEP)) / 1_000,
            overhead_s=statistics.mean(row.median for row in overhead.rows_of("overhead, p50")) / 1_000,
        )

    def short_s(self, task: str, size: float) -> float:
        """A batch of a size: between those that were measured, and beyond them, along a straight line."""
        sizes = sorted(self.batches[task])
        times = [self.batches[task][each] for each in sizes]
        if size > sizes[-1]:
            return times[-1] + (size - sizes[-1]) * (times[-1] - times[-2]) / (sizes[-1] - sizes[-2])
        return float(np.interp(size, sizes, times))

    def occupied_s(self, task: str, size: float) -> float:
        """The same with all that is no engine."""
        return self.overhead_s + self.short_s(task, size)

    def service(self, *, slower: float) -> Service:
        """For the simulation."""

        def batch_s(jobs: Sequence[Job]) -> float:
            task = jobs[0].kind
            long_s = self.overhead_s + len(jobs) * self.documents.get(task, 0.0)
            return slower * (long_s if jobs[0].long else self.occupied_s(task, len(jobs)))

        return Service(batch_s=batch_s, step_s=slower * self.step_s)


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What became of one busiest hour. `share` is how much of it the workers were busy."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    share: float
    asked: int


FindHour = Callable[[str, int, int], Hour]  # by the scenario's name, workers and seed


def simulate(measured: Measured, scenario: Scenario, *, workers: int, seed: int) -> Hour:
    """The busiest hour, after the one before it."""
    busiest = scenario.traffic.busiest_hour
    jobs = questions(scenario.traffic, hours=range(busiest - 1, busiest + 1), seed=seed)
    share = Queueing(measured.service(slower=scenario.slower), workers=workers, batch=LARGEST_BATCH).run(jobs)
    took_ms = [1_000 * job.took_s for job in jobs if job.at_s >= HOUR_S]
    p50, p95, p99 = (percentile(took_ms, each) for each in (50, 95, 99))
    return Hour(p50_ms=p50, p95_ms=p95, p99_ms=p99, share=share, asked=len(took_ms))


def least_workers(hour_with: Callable[[int], Hour]) -> int:
    """The least number of workers that keeps p95 under the target; `hour_with` simulates an hour with a number of them."""
    return next((number for number in range(1, MOST_WORKERS) if hour_with(number).p95_ms <= TARGET_MS), MOST_WORKERS)


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Simulate all, and compare a simulation with real workers.

    Raises:
        EngineError: what was measured cannot be read, or the real workers do not start.
    """
    measured = Measured.from_results()
    seeds = range(rounds or (1 if short else ROUNDS))
    scenarios = dict(list(SCENARIOS.items())[: 1 if short else None])

    @cache
    def hour(name: str, workers: int, seed: int) -> Hour:
        return simulate(measured, scenarios[name], workers=workers, seed=seed)

    rows = [*_hours(hour, scenarios, seeds, short), *_least(hour, scenarios, seeds), *_one_worker(measured)]
    rows += asyncio.run(compare(overhead_s=measured.overhead_s, short=short))
    rows += asyncio.run(compare_models(measured.occupied_s, WorkerSettings(models_dir=models_dir, device="cpu"), short=short))
    return Report(
        benchmark="capacity", title="How many workers 10,000 people need", short=short, rows=tuple(rows), notes=tuple(_notes(measured))
    )


def _notes(measured: Measured) -> Iterator[str]:
    traffic = Traffic()
    busiest = traffic.rate_per_s(traffic.busiest_hour)
    yield (
        f"Simulated. {traffic.people:,} people ask {traffic.asked_a_day:g} questions each a working day: {busiest:.1f} a second in the busiest hour, "
        f"{100 * traffic.together:g} % of them in bursts of {traffic.burst:g} within some {traffic.burst_s:g} s, {100 * traffic.long:g} % documents of "
        "20,000 characters. These are assumptions; `benchmarks/traffic.py` gives each its reason."
    )
    yield "A worker computes in one thread, on a core of its own; the times of batches are those of `service.json`, nothing is answered from memory."
    yield f"To each batch come {1_000 * measured.overhead_s:.1f} ms for all that is no engine (`overhead.json`). Each round is a day of its own."
    yield "A picture takes nearly 2 s by itself, a long document some 3 s: where they are over 5 % of all, no number of workers keeps p95 under 2 s."


def _hours(hour: FindHour, names: Iterable[str], seeds: Sequence[int], short: bool) -> Iterator[Row]:
    for name in names:
        for workers in SHORT_WORKERS if short else WORKERS:
            hours = [hour(name, workers, seed) for seed in seeds]
            group = f"{workers} worker{'s' if workers > 1 else ''}"
            measures: dict[str, Callable[[Hour], float]] = {"p50": lambda one: one.p50_ms, "p95": lambda one: one.p95_ms}
            if name == AS_ASSUMED:
                measures["p99"] = lambda one: one.p99_ms
            for measure, of in measures.items():
                yield Row(name=f"{name}: {measure}", unit="ms", values=tuple(map(of, hours)), group=group)
            yield Row(name=f"{name}: workers busy", unit="%", values=tuple(100 * one.share for one in hours), group=group)


def _least(hour: FindHour, names: Iterable[str], seeds: Sequence[int]) -> Iterator[Row]:
    for name in names:
        values = tuple(float(least_workers(partial(_with_workers, hour, name, seed))) for seed in seeds)
        yield Row(name="workers that keep p95 under 2 s", unit="workers", values=values, group=name)


def _with_workers(hour: FindHour, name: str, seed: int, workers: int) -> Hour:
    return hour(name, workers, seed)


def _one_worker(measured: Measured) -> Iterator[Row]:
    """What one worker can do at most, of the assumed mix."""
    for size in (1, 8, LARGEST_BATCH):
        one_s = sum(share * measured.occupied_s(task, size) / size for task, share in MIX.items())
        yield Row(name="answers a second of one worker that is always busy", unit="/s", values=(1 / one_s,), group=f"batches of {size}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the capacity; 1 where it cannot be reckoned."""
    return run_and_print(run, parser("capacity", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
