"""`python -m benchmarks.scale`: more workers, many waiting jobs, and short questions beside long documents.

Workers are real processes on a real Redis. Where only their number is looked at, their model is simulated (it takes a fixed time),
because a machine with few cores could not show it else.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.command import parser, run_and_print
from benchmarks.contestants import ours
from benchmarks.load import load, percentile
from benchmarks.processes import memory_mb
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences
from engine.contract import SentimentRequest, Task, TokensRequest
from workers.queue import WorkerSettings, names

ROUNDS = 3
WORKERS, SHORT_WORKERS = (1, 2, 4), (1, 2)
SIMULATED_JOB_S = 0.02
SIMULATED_JOBS, SHORT_SIMULATED_JOBS = 400, 32
QUEUED_JOBS, SHORT_QUEUED_JOBS = 10_000, 40
SHORT_BATCH = 4
PARTS = 4  # of the queued jobs, in the order of their answers
LOOK_S = 0.05
WARM_JOBS = 8
DOCUMENTS, SHORT_DOCUMENTS = 4, 1
DOCUMENT_CHARACTERS, SHORT_DOCUMENT_CHARACTERS = 20_000, 2_100
SHORT_QUESTIONS_ASKED, SHORT_FORM_QUESTIONS = 60, 6
FLAT = 1.15  # what is called flat: the last part is at most so many times the first
MOST_BESIDE_LONG = 2.0


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Measure all three.

    Raises:
        EngineError: workers do not start, or a Request is not answered.
    """
    rounds = rounds or (1 if short else ROUNDS)
    settings = WorkerSettings(models_dir=models_dir, device="cpu")
    rows = [*asyncio.run(_more_workers(rounds, short)), *asyncio.run(_one_worker(settings, rounds, short))]
    if not short:
        rows += asyncio.run(_two_workers(settings, rounds))
    return Report(
        benchmark="scale", title="More workers, many jobs, long documents", short=short, rows=tuple(rows), notes=tuple(_notes(short))
    )


def _notes(short: bool) -> Iterator[str]:
    yield f"More workers: a simulated model that takes {1_000 * SIMULATED_JOB_S:g} ms a job, so that cores do not limit it."
    yield f"Queued jobs: {SHORT_QUEUED_JOBS if short else QUEUED_JOBS:,} short sentences, the bundled sentiment model, one worker of one thread."
    yield "In the first quarter jobs are still being handed over, so the second one is compared with."
    documents, characters = (SHORT_DOCUMENTS, SHORT_DOCUMENT_CHARACTERS) if short else (DOCUMENTS, DOCUMENT_CHARACTERS)
    yield f"Long documents: {documents} of {characters:,} characters wait or run as long as short questions are asked, one at a time."


async def _more_workers(rounds: int, short: bool) -> list[Row]:
    counts, jobs = (SHORT_WORKERS, SHORT_SIMULATED_JOBS) if short else (WORKERS, SIMULATED_JOBS)
    command = [sys.executable, "-P", "-m", "benchmarks.simulated", str(SIMULATED_JOB_S)]
    found: list[dict[str, float]] = [{} for _ in range(rounds)]
    asked = [TokensRequest(text=text) for text in made_sentences(jobs)]
    for one, count in product(found, counts):  # in turns, so each time with workers of its own
        async with ours.over_redis(command, workers=count) as client:
            one[str(count)] = (await load(client.ask, asked, concurrency=len(asked))).per_s
    rows = [Row(name="jobs a second", unit="jobs/s", values=over(found, str(count)), group=_workers(count)) for count in counts]
    for count in counts[1:]:
        values = ratio(over(found, str(count)), over(found, str(counts[0])))
        rows.append(Row(name="as against one worker", unit=RATIO, values=values, group=_workers(count)))
    return rows


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


async def _one_worker(settings: WorkerSettings, rounds: int, short: bool) -> list[Row]:
    # In the short form there are no batches of 64 to speak of.
    async with ours.running(replace(settings, batch=SHORT_BATCH) if short else settings, warm_up=[Task.SENTIMENT]) as client:
        return [*await _many_jobs(client, short), *await _beside_long(client, 1, rounds, short)]


async def _two_workers(settings: WorkerSettings, rounds: int) -> list[Row]:
    async with ours.running(settings, workers=2, warm_up=[Task.SENTIMENT]) as client:
        return await _beside_long(client, 2, rounds, short=False)


async def _many_jobs(client: ours.Client, short: bool) -> list[Row]:
    jobs = SHORT_QUEUED_JOBS if short else QUEUED_JOBS
    requests = [SentimentRequest(text=text) for text in made_sentences(jobs, most_phrases=3)]
    await load(client.ask, requests[:WARM_JOBS], concurrency=WARM_JOBS)
    ended_s, memory = await asyncio.to_thread(_work_off, client, requests)
    size = jobs // PARTS
    ends_s = [ended_s[0], *(ended_s[(part + 1) * size - 1] for part in range(PARTS))]
    job_ms = [1_000 * (end - start) / size for start, end in pairwise(ends_s)]
    held_mb = [sum(some) / len(some) for some in _parts(memory)]
    rows = [Row(name="time a job", unit="ms", values=(value,), group=_part(part)) for part, value in enumerate(job_ms)]
    rows.append(Row(name="time a job, last quarter ÷ second", unit=RATIO, values=(job_ms[-1] / job_ms[1],), target=FLAT, bound="most"))
    rows += [Row(name="memory of the worker", unit="MB", values=(value,), group=_part(part)) for part, value in enumerate(held_mb)]
    rows.append(Row(name="memory, last quarter ÷ second", unit=RATIO, values=(held_mb[-1] / held_mb[1],), target=FLAT, bound="most"))
    return rows


def _part(part: int) -> str:
    return f"quarter {part + 1}"


def _parts(values: Sequence[float]) -> Iterator[Sequence[float]]:
    for part in range(PARTS):
        yield values[part * len(values) // PARTS : (part + 1) * len(values) // PARTS] or values[-1:]


def _work_off(client: ours.Client, requests: Sequence[SentimentRequest]) -> tuple[list[float], list[float]]:
    """Queue all jobs on a stream that nobody reads, and wait: when each ended (seconds), and the worker's memory (MB) meanwhile."""
    platform = "scale"
    connection: Redis = client.connection
    for request in requests:
        client.door.submit(request, platform=platform)
    memory = [memory_mb(client.worker_pids[0])]
    while connection.xlen(names.replies(platform)) < len(requests):
        memory.append(memory_mb(client.worker_pids[0]))
        time.sleep(LOOK_S)
    entries: Any = connection.xrange(names.replies(platform))
    return [int(entry_id.partition(b"-")[0]) / 1_000 for entry_id, _ in entries], memory


async def _beside_long(client: ours.Client, workers: int, rounds: int, short: bool) -> list[Row]:
    questions = [
        SentimentRequest(text=text) for text in made_sentences(SHORT_FORM_QUESTIONS if short else SHORT_QUESTIONS_ASKED, most_phrases=3)
    ]
    alone: list[float] = []
    beside: list[float] = []
    await load(client.ask, questions[:2], concurrency=1)
    for _ in range(rounds):
        alone.append(await _p95_ms(client, questions))
        beside.append(await _p95_beside_long_ms(client, questions, short))
    group = _workers(workers)
    return [
        Row(name="short questions, p95 alone", unit="ms", values=tuple(alone), group=group),
        Row(name="short questions, p95 beside long documents", unit="ms", values=tuple(beside), group=group),
        Row(
            name="beside long documents ÷ alone",
            unit=RATIO,
            values=ratio(beside, alone),
            group=group,
            target=MOST_BESIDE_LONG,
            bound="most",
        ),
    ]


async def _p95_beside_long_ms(client: ours.Client, questions: Sequence[SentimentRequest], short: bool) -> float:
    """Documents are put after one another as long as questions are asked, so that there is always one."""
    count, characters = (SHORT_DOCUMENTS, SHORT_DOCUMENT_CHARACTERS) if short else (DOCUMENTS, DOCUMENT_CHARACTERS)
    sentence = " ".join(made_sentences(40, languages=("en",)))
    document = SentimentRequest(text=(sentence * (characters // len(sentence) + 1))[:characters])
    asking = True

    async def read_documents() -> None:
        while asking:
            await client.ask(document)

    reading = [asyncio.create_task(read_documents()) for _ in range(count)]
    p95_ms = await _p95_ms(client, questions)
    asking = False
    await asyncio.gather(*reading)
    return p95_ms


async def _p95_ms(client: ours.Client, questions: Sequence[SentimentRequest]) -> float:
    """Asked one at a time, with a pause between them, whatever else there is."""
    times_s: list[float] = []
    for question in questions:
        started = time.perf_counter()
        await client.ask(question)
        times_s.append(time.perf_counter() - started)
        await asyncio.sleep(LOOK_S)
    return 1_000 * percentile(times_s, 95)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where something cannot answer."""
    return run_and_print(run, parser("scale", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
