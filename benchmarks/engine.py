"""`python -m benchmarks.engine`: sentences a second of each task through the engine, against the best bare loop over the same weights.

Both read the same sentences, turn by turn in one process. The bare loop is the best of several (see `benchmarks.bare`), chosen anew
for each task on this machine; what it says is compared with what the engine says before either is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from benchmarks import bare
from benchmarks.ceiling import Question, bare_answers, check, engine_answers, question
from benchmarks.command import parser, run_and_print
from benchmarks.errors import BenchmarkError
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences
from benchmarks.turns import in_turns, seconds
from engine.catalog import Catalog
from engine.contract import Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel

ROUNDS = 7
SENTENCES, SHORT_SENTENCES = 256, 16
TARGET = 0.95
MEMORY_BUDGET_BYTES = 4 * 1024**3
ENGINE, BARE = "engine", "bare loop"
TRIALS = 2  # of each bare loop, before the best is chosen


def run(
    *, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "auto", model: str | None = None
) -> Report:
    """Measure every task that has a bare loop.

    Raises:
        EngineError: a model cannot be loaded or does not answer, or the two disagree.
    """
    catalog, cache = Catalog.load(models_dir=models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device)
    engine = Engine(catalog, cache)
    texts = made_sentences(SHORT_SENTENCES if short else SENTENCES)
    rows: list[Row] = []
    tasks = [Task.EMBED] if model else list(bare.LOOPS)
    for task in tasks:
        loaded = cache.get(catalog.entry(task, "ja", model))
        rows += _measure(question(task, texts, model=model), engine, loaded, rounds=rounds or (1 if short else ROUNDS))
    return Report(benchmark="engine", title="The engine and the best bare loop", short=short, rows=tuple(rows), notes=tuple(_notes(texts)))


def _notes(texts: Sequence[str]) -> Iterator[str]:
    yield f"{len(texts)} sentences of {min(map(len, texts))} to {max(map(len, texts))} characters, half of them Japanese."
    yield f"torch computes in {torch.get_num_threads()} threads, for both."
    yield "explain_attention has no bare loop: most of its work (attributions, masking, drawing) is no plain forward pass."


def _measure(asked: Question, engine: Engine, loaded: LoadedModel, *, rounds: int) -> list[Row]:
    best = best_way(asked, engine, loaded)
    found = in_turns(
        {
            ENGINE: lambda: asked.sentences / seconds(partial(engine_answers, engine, asked.requests)),
            BARE: lambda: asked.sentences / seconds(partial(bare_answers, asked, best)),
        },
        rounds=rounds,
    )
    ours, theirs, group = over(found, ENGINE), over(found, BARE), str(asked.task)
    target = TARGET if asked.task is not Task.TOKENS else None  # no model runs there: nothing but the cutting stands against it
    return [
        Row(name=ENGINE, unit="sentences/s", values=ours, group=group),
        Row(name=BARE, unit="sentences/s", values=theirs, group=group, note=best.name if asked.task is not Task.TOKENS else ""),
        Row(name=f"{ENGINE} ÷ {BARE}", unit=RATIO, values=ratio(ours, theirs), group=group, target=target),
    ]


def best_way(asked: Question, engine: Engine, loaded: LoadedModel) -> bare.Way:
    """The fastest of the bare loops that say what the engine says.

    Raises:
        BenchmarkError: not even the one in the engine's own precision does.
    """
    results = engine_answers(engine, asked.requests)
    ways = bare.ways(loaded) if asked.task is not Task.TOKENS else bare.ways(loaded)[:1]
    times: list[tuple[float, bare.Way]] = []
    for way in ways:
        try:
            check(asked, results, bare_answers(asked, way), loaded, name=f"{asked.task}: {BARE} ({way.name})")  # warms up, too
        except BenchmarkError:
            if way.loaded is loaded:
                raise
            continue  # another precision that says something else is no rival
        times.append((min(seconds(partial(bare_answers, asked, way)) for _ in range(TRIALS)), way))
    return min(times, key=lambda pair: pair[0])[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where the engine cannot answer."""
    parsing = parser("engine", __doc__, rounds=ROUNDS)
    parsing.add_argument("--model", help="embed by this model id or folder alone; default: every task by the bundled ones")
    return run_and_print(run, parsing, arguments)


if __name__ == "__main__":
    sys.exit(main())
