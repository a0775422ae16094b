"""`python -m benchmarks.service`: what a batch of each task takes an engine of one thread; `benchmarks.capacity` reckons with it.

Processor time is counted, not the clock's, so that what else the machine does hardly matters.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from benchmarks.command import parser, run_and_print
from benchmarks.errors import BenchmarkError
from benchmarks.report import Report, Row
from benchmarks.texts import ABOUT, made_sentences
from engine.catalog import Catalog
from engine.contract import AskRequest, Failure, Request, SentimentRequest, Task
from engine.drawing import Undrawn, drawn
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.preemption import preempted_by
from workers.carried import Outcome

ROUNDS = 3
SIZES, SHORT_SIZES = (1, 4, 16, 64), (1, 2)
PICTURED_SIZES = (1, 4)
DOCUMENT_CHARACTERS, SHORT_DOCUMENT_CHARACTERS = 20_000, 2_100
MEMORY_BUDGET_BYTES = 4 * 1024**3
BATCH, DRAWING = "a batch", "the pictures of a batch"
DOCUMENT, STEP = "a long document", "the longest step of a long document"
LONG_TASKS = (Task.SENTIMENT, Task.ASK)


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Measure all tasks of the bundled models.

    Raises:
        EngineError: a model cannot be loaded, or a Request is not answered.
    """
    rounds = rounds or (1 if short else ROUNDS)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        engine = Engine(Catalog.load(models_dir=models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device="cpu"))
        rows = [*_batches(engine, rounds, short), *_documents(engine, rounds, short)]
    finally:
        torch.set_num_threads(threads)
    return Report(benchmark="service", title="What a batch takes", short=short, rows=tuple(rows), notes=tuple(_notes(short)))


def _notes(short: bool) -> Iterator[str]:
    yield "Processor time of one thread. Sentences of both languages in turn, of 11 to 254 characters; a picture is drawn by another thread, while the next batch is computed."
    yield f"A long document has {SHORT_DOCUMENT_CHARACTERS if short else DOCUMENT_CHARACTERS:,} characters; between its steps a worker answers short questions."


def _batches(engine: Engine, rounds: int, short: bool) -> Iterator[Row]:
    for task, about in ABOUT.items():
        sizes = SHORT_SIZES if short else PICTURED_SIZES if task is Task.EXPLAIN_ATTENTION else SIZES
        asked = [about(text) for text in made_sentences(sizes[-1])]
        _answer(engine, asked[:1])
        for size in sizes:
            # Small batches of all the texts in turn, so that each size is measured over the same ones.
            parts = [asked[start : start + size] for start in range(0, len(asked), size)]
            values = [_average_ms([lambda part=part: _answer(engine, part) for part in parts]) for _ in range(rounds)]  # type: ignore[misc]  # a lambda a part
            yield Row(name=BATCH, unit="ms", values=tuple(values), group=f"{task}, {size}")
            if task is Task.EXPLAIN_ATTENTION:
                computed = _answer(engine, parts[0])
                values = [_average_ms([lambda: [drawn(outcome) for outcome in computed]]) for _ in range(rounds)]  # noqa: B023  # called at once
                yield Row(name=DRAWING, unit="ms", values=tuple(values), group=f"{task}, {size}")


def _documents(engine: Engine, rounds: int, short: bool) -> Iterator[Row]:
    sentence = " ".join(made_sentences(40, languages=("en",)))
    characters = SHORT_DOCUMENT_CHARACTERS if short else DOCUMENT_CHARACTERS
    text = (sentence * (characters // len(sentence) + 1))[:characters]
    about: dict[Task, Request] = {Task.SENTIMENT: SentimentRequest(text=text), Task.ASK: AskRequest(question="Where?", context=text)}
    for task in LONG_TASKS:
        _answer(engine, [about[task]])
        steps = _Steps()
        with preempted_by(steps):  # as a worker has it computed
            values = [_average_ms([lambda task=task: _answer(engine, [about[task]])]) for _ in range(rounds)]  # type: ignore[misc]  # as above
        yield Row(name=DOCUMENT, unit="ms", values=tuple(values), group=str(task))
        yield Row(name=STEP, unit="ms", values=(1_000 * steps.longest_s,), group=str(task))


class _Steps:
    """Takes the time between the points at which a worker may answer something else."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = time.process_time()

    def __call__(self) -> None:
        now = time.process_time()
        self.longest_s, self._last = max(self.longest_s, now - self._last), now


def _average_ms(works: Sequence[Callable[[], object]]) -> float:
    start = time.process_time()
    for work in works:
        work()
    return 1_000 * (time.process_time() - start) / len(works)


def _answer(engine: Engine, requests: Sequence[Request]) -> list[Outcome | Undrawn]:
    outcomes = engine.read(requests)
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            raise BenchmarkError(outcome.code, ja=outcome.message.ja, en=outcome.message.en)
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where something cannot be answered."""
    return run_and_print(run, parser("service", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
