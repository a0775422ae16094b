"""`python -m engine.evaluation TASK --data FILE`: measures the engine on one data set and prints the measures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.catalog import Catalog
from engine.engine import Engine
from engine.errors import BadInputError, EngineError
from engine.evaluation.rows import EvaluationTask, Row, SentimentRow, read_rows
from engine.evaluation.scoring import REQUESTS_AT_ONCE, Evaluation, Progress as Report, evaluate
from engine.models.cache import ModelCache
from engine.pack.data import held_out

OK, CANNOT_ANSWER, BAD_INPUT = 0, 1, 2  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 measured, 1 the engine could not answer, 2 bad options or data."""
    options = _parser().parse_args(arguments)
    try:
        evaluation = _measure(options)
    except EngineError as error:
        print(error.message.ja, error.message.en, sep="\n", file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError) else CANNOT_ANSWER
    if options.json:
        print(json.dumps(as_json(evaluation, data=options.data), ensure_ascii=False))
    else:
        _print_table(evaluation, data=options.data)
    return OK


def as_json(evaluation: Evaluation, *, data: Path) -> dict[str, object]:
    """What `--json` prints: the metrics, and what they were measured on."""
    return {
        "task": str(evaluation.task),
        "data": data.name,
        "model": evaluation.model,
        "rows": evaluation.rows,
        "failures": evaluation.failures,
        "metrics": {name: round(value, 6) for name, value in evaluation.metrics.items()},
    }


def chosen_rows(rows: Sequence[Row], *, only_held_out: bool, limit: int | None) -> list[Row]:
    """The first `limit` rows; with `only_held_out`, of the fixed tenth of a sentiment set that training never sees.

    Raises:
        BadInputError: no row is left.
    """
    kept = list(rows)
    if only_held_out:
        kept = [row for row in rows if isinstance(row, SentimentRow) and held_out(row.text)]
    if not kept:
        raise BadInputError(
            "no_rows",
            ja="--held-out に当たる行がありません（感情分析のデータ専用です）。",
            en="--held-out leaves no row; it is for sentiment data.",
        )
    return kept[:limit]


def _measure(options: argparse.Namespace) -> Evaluation:
    rows = chosen_rows(read_rows(options.data, options.task), only_held_out=options.held_out, limit=options.limit)
    catalog = Catalog.load(profile=options.profile, user_file=options.catalog, models_dir=options.models_dir)
    engine = Engine(catalog, ModelCache(memory_budget_bytes=options.memory_budget_mb * 1024**2, device=options.device))
    with _progress_bar(f"{options.task} {options.data.name}") as report:
        return evaluate(engine, options.task, rows, model=options.model, at_once=options.batch, progress=report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.evaluation", description="Measure the engine on a file of rows whose answers are known."
    )
    parser.add_argument("task", type=EvaluationTask, choices=list(EvaluationTask), metavar="|".join(EvaluationTask))
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="a .jsonl or .jsonl.gz file, one row a line")
    parser.add_argument("--model", help="a model id or folder; default: the catalog's")
    parser.add_argument("--profile", default="bundled", help="the catalog's profile: bundled (default) or hub")
    parser.add_argument("--catalog", type=Path, metavar="FILE", help="a catalog file of your own, laid over the profile")
    parser.add_argument("--models-dir", type=Path, metavar="FOLDER", help="where the bundled models lie")
    parser.add_argument("--device", default="auto", help="what computes: auto (default), cpu, cuda, cuda:N, mps")
    parser.add_argument("--memory-budget-mb", type=_positive, default=4_096, metavar="MIB", help="for loaded models; default: %(default)s")
    parser.add_argument("--batch", type=_positive, default=REQUESTS_AT_ONCE, metavar="N", help="requests at once; default: %(default)s")
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N rows")
    parser.add_argument("--held-out", action="store_true", help="sentiment: only the fixed tenth that training never sees")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


@contextmanager
def _progress_bar(title: str) -> Iterator[Report]:
    """A bar on stderr, drawn only where someone can see it move."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _print_table(evaluation: Evaluation, *, data: Path) -> None:
    table = Table(title=f"{evaluation.task} · {data.name} · {evaluation.rows} rows · {evaluation.model}")
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in evaluation.metrics.items():
        table.add_row(name, f"{value:.4f}")
    Console().print(table)
    for code, count in evaluation.failures.items():
        print(f"{count} rows could not be answered ({code}); they count as wrong", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
