"""The simulation beside real workers: the same questions at the same moments by a model that only takes its time, and the times of real models."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.contestants import ours
from benchmarks.load import load, percentile
from benchmarks.processes import computed_s
from benchmarks.queueing import Job, Queueing, Service
from benchmarks.report import RATIO, Row
from benchmarks.simulated import BATCH
from benchmarks.texts import made_sentences, mixed_requests
from benchmarks.traffic import poisson
from engine.contract import Task, TokensRequest
from workers.queue import WorkerSettings

JOB_S = 0.06
WORKERS, RATE_PER_S = 2, 22.0  # so that they are busy for two thirds of the time
LASTS_S, SHORT_LASTS_S = 60.0, 1.0
TASKS = (Task.SENTIMENT, Task.NER, Task.ASK, Task.TOKENS, Task.FILL_MASK)  # in turn
ASKED = {1: 100, 32: 320}  # by how many people at once
SHORT_ASKED = {1: 5, 2: 10}
SEED = 1


async def compare(*, overhead_s: float, short: bool) -> list[Row]:
    """Ask real workers as people do who do not wait for one another, and simulate the same; each batch takes `overhead_s` besides.

    Raises:
        BenchmarkError: the workers do not start.
    """
    moments = list(poisson(RATE_PER_S, SHORT_LASTS_S if short else LASTS_S, random.Random(SEED)))  # noqa: S311  # nothing secret
    command = [sys.executable, "-P", "-m", "benchmarks.simulated", str(JOB_S)]
    async with ours.over_redis(command, workers=WORKERS) as client:
        await client.ask(TokensRequest(text="warm"))
        measured_s = await _ask_at(client, moments)
    group = f"{WORKERS} workers, {RATE_PER_S:g} a second"
    rows = []
    for share in (50, 95):
        measured_ms, simulated_ms = 1_000 * percentile(measured_s, share), 1_000 * percentile(_simulated_s(moments, overhead_s), share)
        rows.append(Row(name=f"p{share} of real workers with a simulated model", unit="ms", values=(measured_ms,), group=group))
        rows.append(Row(name=f"p{share} simulated", unit="ms", values=(simulated_ms,), group=group))
        rows.append(Row(name=f"p{share} simulated ÷ real", unit=RATIO, values=(simulated_ms / measured_ms,), group=group))
    return rows


async def compare_models(occupied_s: Callable[[str, float], float], settings: WorkerSettings, *, short: bool) -> list[Row]:
    """How long a real worker computes for a question of the bundled models, and how long it should by `occupied_s`, for a task and a batch's size.

    Raises:
        BenchmarkError: the worker does not start, or a Request is not answered.
    """
    rows = []
    async with ours.running(settings, warm_up=TASKS) as client:
        for people, asked in (SHORT_ASKED if short else ASKED).items():
            requests = mixed_requests(made_sentences(asked), TASKS)
            await load(client.ask, requests[: len(TASKS)], concurrency=1)
            before_s = computed_s(client.worker_pids[0])
            await load(client.ask, requests, concurrency=people)
            measured_ms = 1_000 * (computed_s(client.worker_pids[0]) - before_s) / asked
            size = max(1.0, people / len(TASKS))
            reckoned_ms = 1_000 * statistics.mean(occupied_s(str(task), size) / size for task in TASKS)
            group = f"all tasks, {people} at once"
            rows.append(Row(name="processor time of a real worker, a question", unit="ms", values=(measured_ms,), group=group))
            rows.append(Row(name="the same, as reckoned", unit="ms", values=(reckoned_ms,), group=group))
            if measured_ms:
                rows.append(Row(name="reckoned ÷ real", unit=RATIO, values=(reckoned_ms / measured_ms,), group=group))
    return rows


async def _ask_at(client: ours.Client, moments: Sequence[float]) -> list[float]:
    took_s: list[float] = []
    start = time.perf_counter()

    async def ask(moment: float, text: str) -> None:
        await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
        asked = time.perf_counter()
        await client.ask(TokensRequest(text=text))
        took_s.append(time.perf_counter() - asked)

    await asyncio.gather(*(ask(moment, text) for moment, text in zip(moments, made_sentences(len(moments)), strict=True)))
    return took_s


def _simulated_s(moments: Sequence[float], overhead_s: float) -> list[float]:
    jobs = [Job(at_s=moment) for moment in moments]
    Queueing(Service(batch_s=lambda some: overhead_s + JOB_S * len(some)), workers=WORKERS, batch=BATCH).run(jobs)
    return [job.took_s for job in jobs]
