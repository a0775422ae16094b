"""Measures the bundled pack on every development set and writes the scores: `python -m engine.pack.scores --data FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.catalog import Catalog
from engine.engine import Engine
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.scoring import evaluate
from engine.examples.reading import read_examples
from engine.examples.rows import ExampleTask, Row, SentimentRow
from engine.examples.splitting import held_out
from engine.models.cache import ModelCache
from engine.pack.cards import write_cards

MEMORY_BUDGET_BYTES = 4 * 1024**3
MARK_BEGIN, MARK_END = "<!-- scores: begin -->", "<!-- scores: end -->"


@dataclass(frozen=True)
class DevelopmentSet:
    """A file of the data folder, the measures that count for it, and what this version must reach at the least."""

    task: ExampleTask
    name: str
    language: str
    floors: dict[str, float]
    only_held_out: bool = False


SETS = (
    DevelopmentSet(ExampleTask.SENTIMENT, "sentiment/en/sst2-dev", "en", {"accuracy": 0.88}),
    DevelopmentSet(ExampleTask.SENTIMENT, "sentiment/ja/chabsa-train", "ja", {"macro_f1": 0.65}, only_held_out=True),
    DevelopmentSet(ExampleTask.SENTIMENT, "sentiment/ja/naist-dialogue-train", "ja", {"macro_f1": 0.65}, only_held_out=True),
    DevelopmentSet(ExampleTask.NER, "ner/en/wnut17-dev", "en", {"f1": 0.45}),
    DevelopmentSet(ExampleTask.NER, "ner/en/uner-ewt-dev", "en", {"f1": 0.0}),
    DevelopmentSet(ExampleTask.NER, "ner/ja/gsd-dev", "ja", {"f1": 0.60}),
    DevelopmentSet(ExampleTask.NER, "ner/ja/stockmark-dev", "ja", {"f1": 0.65}),
    DevelopmentSet(ExampleTask.ASK, "qa/en/mlqa-dev", "en", {"f1": 0.60, "exact_match": 0.0}),
    DevelopmentSet(ExampleTask.ASK, "qa/ja/jaquad-dev", "ja", {"f1": 0.50, "exact_match": 0.0}),
    DevelopmentSet(ExampleTask.ASK, "qa/ja/jsquad-valid", "ja", {"f1": 0.0, "exact_match": 0.0}),
    DevelopmentSet(ExampleTask.SIMILAR, "similarity/en/stsb-dev", "en", {"spearman": 0.80, "pearson": 0.0}),
    DevelopmentSet(ExampleTask.SIMILAR, "similarity/ja/jsts-valid", "ja", {"spearman": 0.77, "pearson": 0.0}),
    DevelopmentSet(ExampleTask.RETRIEVAL, "parallel/tatoeba-dev", "ja → en", {"ja_to_en": 0.85, "en_to_ja": 0.0}),
)


def measure_all(
    engine: Engine, data: Path, *, only: str | None = None, limit: int | None = None
) -> Iterator[tuple[DevelopmentSet, Evaluation]]:
    """Every development set with its evaluation, in the order of `SETS`; `only` keeps one task."""
    for chosen in SETS:
        if only and chosen.task != only:
            continue
        rows: Sequence[Row] = read_examples(data / f"{chosen.name}.jsonl.gz", chosen.task).rows
        if chosen.only_held_out:
            rows = [row for row in rows if isinstance(row, SentimentRow) and held_out(row.text)]
        yield chosen, evaluate(engine, chosen.task, rows[:limit])


def score_lines(measured: list[tuple[DevelopmentSet, Evaluation]]) -> list[str]:
    """A Markdown table of the scores."""
    lines = ["| task | language | development set | rows | score | floor |", "|---|---|---|---:|---|---|"]
    for chosen, evaluation in measured:
        name = chosen.name.rpartition("/")[2] + (" (held-out tenth)" if chosen.only_held_out else "")
        scores = ", ".join(f"{key.replace('_', ' ')} {evaluation.metrics[key]:.3f}" for key in chosen.floors)
        floors = ", ".join(f"{floor:.2f}" for floor in chosen.floors.values() if floor) or "–"
        lines.append(f"| {chosen.task} | {chosen.language} | {name} | {evaluation.rows} | {scores} | {floors} |")
    return lines


def write_between_marks(path: Path, lines: list[str]) -> None:
    """Replace what stands between the score marks of a Markdown file.

    Raises:
        ValueError: the file has no such marks.
    """
    text = path.read_text(encoding="utf-8")
    head, begin, rest = text.partition(MARK_BEGIN)
    _, end, tail = rest.partition(MARK_END)
    if not begin or not end:
        raise ValueError(f"{path}: the marks {MARK_BEGIN} … {MARK_END} are missing")
    path.write_text(head + MARK_BEGIN + "\n" + "\n".join(lines) + "\n" + MARK_END + tail, encoding="utf-8")


def below_floor(measured: list[tuple[DevelopmentSet, Evaluation]]) -> list[str]:
    """What is below its floor, in words."""
    return [
        f"{chosen.name}: {key} {evaluation.metrics[key]:.3f} is below {floor:.2f}"
        for chosen, evaluation in measured
        for key, floor in chosen.floors.items()
        if evaluation.metrics[key] < floor
    ]


def main() -> int:
    """The command line of `make pack-scores`; exit code 1 where a score is below its floor."""
    parser = argparse.ArgumentParser(prog="python -m engine.pack.scores", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--out", type=Path, default=Path("models/scores.json"), help="default: %(default)s")
    parser.add_argument("--table", type=Path, action="append", default=[], help="a Markdown file with score marks to fill; may be repeated")
    parser.add_argument("--task", choices=list(ExampleTask), help="only this task; nothing is written")
    parser.add_argument("--limit", type=int, help="only the first rows of each set; nothing is written")
    given = parser.parse_args()
    engine = Engine(Catalog.load(profile="bundled"), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES))
    measured = []
    for chosen, evaluation in measure_all(engine, given.data, only=given.task, limit=given.limit):
        measured.append((chosen, evaluation))
        print(chosen.name, {key: round(value, 4) for key, value in evaluation.metrics.items()}, flush=True)
    if given.task is None and given.limit is None:
        scores = {chosen.name: {"rows": e.rows, "metrics": {k: round(v, 4) for k, v in e.metrics.items()}} for chosen, e in measured}
        given.out.write_text(json.dumps(scores, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        write_cards(given.out.parent)
        for path in given.table:
            write_between_marks(path, score_lines(measured))
    misses = below_floor(measured)
    print(*misses, sep="\n", file=sys.stderr)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
