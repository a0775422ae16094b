"""Measures the bundled pack on every development set and writes the scores: `python -m engine.pack.scores --data FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog import Catalog
from engine.command_line import PRECISIONS
from engine.engine import Engine
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.scoring import evaluate
from engine.examples.reading import read_examples
from engine.examples.rows import ExampleTask, Row, SentimentRow
from engine.examples.splitting import held_out
from engine.models.cache import ModelCache
from engine.pack.cards import write_cards
from engine.pack.forms import AS_THEY_ARE, IN_CAPITALS, IN_CHAT, Form

MEMORY_BUDGET_BYTES = 4 * 1024**3
Scores = dict[str, dict[str, Any]]  # set → {"rows": …, "metrics": {…}}
HEAD_EN = "| task | language | development set | rows | score | floor | aim |"
HEAD_JA = "| タスク | ことば | 開発データ | 行 | 点数 | 下限 | 目標 |"
MARK_BEGIN, MARK_END = "<!-- scores: begin -->", "<!-- scores: end -->"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure of a set: what this version must reach at the least, and what it should; 0: nothing is asked."""

    floor: float = 0.0
    aim: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DevelopmentSet:
    """Files of the data folder that are measured as one, and the measures that count for them."""

    task: ExampleTask
    files: tuple[str, ...]
    language: str
    measures: Mapping[str, Measure]
    only_held_out: bool = False
    ours: bool = False  # written for Yomite, and so beside this file, not in the data folder
    form: Form = AS_THEY_ARE

    def paths(self, data: Path) -> list[Path]:
        """Where its files lie."""
        return [OURS / f"{file}.csv" if self.ours else data / f"{file}.jsonl.gz" for file in self.files]

    @property
    def name(self) -> str:
        """The file, or all of them, and the form."""
        return " + ".join((self.files[0], *(file.rpartition("/")[2] for file in self.files[1:]))) + f" {self.form.name}".rstrip()


OURS = Path(__file__).parent
CHABSA, DIALOGUE = "sentiment/ja/chabsa-train", "sentiment/ja/naist-dialogue-train"


def _set(
    task: ExampleTask,
    language: str,
    *files: str,
    only_held_out: bool = False,
    ours: bool = False,
    form: Form = AS_THEY_ARE,
    **measures: Measure,
) -> DevelopmentSet:
    return DevelopmentSet(task=task, files=files, language=language, measures=measures, only_held_out=only_held_out, ours=ours, form=form)


SETS = (
    _set(ExampleTask.SENTIMENT, "en", "sentiment/en/sst2-dev", accuracy=Measure(floor=0.88, aim=0.915)),
    _set(ExampleTask.SENTIMENT, "ja", CHABSA, DIALOGUE, only_held_out=True, macro_f1=Measure(aim=0.75)),
    _set(ExampleTask.SENTIMENT, "ja", CHABSA, only_held_out=True, macro_f1=Measure(floor=0.65)),
    _set(ExampleTask.SENTIMENT, "ja", DIALOGUE, only_held_out=True, macro_f1=Measure(floor=0.65)),
    _set(ExampleTask.SENTIMENT, "en", "everyday-en", ours=True, accuracy=Measure(), macro_f1=Measure()),
    _set(ExampleTask.SENTIMENT, "ja", "everyday-ja", ours=True, accuracy=Measure(), macro_f1=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-people-en", ours=True, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "ja", "everyday-people-ja", ours=True, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-tone-en", ours=True, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "ja", "everyday-tone-ja", ours=True, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-en", ours=True, form=IN_CAPITALS, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-people-en", ours=True, form=IN_CAPITALS, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-en", ours=True, form=IN_CHAT, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "ja", "everyday-ja", ours=True, form=IN_CHAT, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "en", "everyday-people-en", ours=True, form=IN_CHAT, accuracy=Measure()),
    _set(ExampleTask.SENTIMENT, "ja", "everyday-people-ja", ours=True, form=IN_CHAT, accuracy=Measure()),
    _set(ExampleTask.NER, "en", "ner/en/wnut17-dev", f1=Measure(floor=0.45, aim=0.58)),
    _set(ExampleTask.NER, "en", "ner/en/uner-ewt-dev", f1=Measure()),
    _set(ExampleTask.NER, "ja", "ner/ja/gsd-dev", f1=Measure(floor=0.60, aim=0.80)),
    _set(ExampleTask.NER, "ja", "ner/ja/stockmark-dev", f1=Measure(floor=0.65, aim=0.84)),
    _set(ExampleTask.NER, "en", "everyday-ner-en", ours=True, f1=Measure()),
    _set(ExampleTask.NER, "ja", "everyday-ner-ja", ours=True, f1=Measure()),
    _set(ExampleTask.NER, "en", "everyday-ner-en", ours=True, form=IN_CAPITALS, f1=Measure()),
    _set(ExampleTask.ASK, "en", "qa/en/mlqa-dev", f1=Measure(floor=0.60, aim=0.80), exact_match=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "ja", "qa/ja/jaquad-dev", f1=Measure(floor=0.50, aim=0.78), exact_match=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "ja", "qa/ja/jsquad-valid", f1=Measure(aim=0.82), exact_match=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "en", "everyday-ask-en", ours=True, f1=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "ja", "everyday-ask-ja", ours=True, f1=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "en", "everyday-ask-en", ours=True, form=IN_CAPITALS, f1=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "en", "everyday-ask-en", ours=True, form=IN_CHAT, f1=Measure(), answered=Measure()),
    _set(ExampleTask.ASK, "ja", "everyday-ask-ja", ours=True, form=IN_CHAT, f1=Measure(), answered=Measure()),
    _set(ExampleTask.SIMILAR, "en", "similarity/en/stsb-dev", spearman=Measure(floor=0.80, aim=0.86), pearson=Measure()),
    _set(ExampleTask.SIMILAR, "ja", "similarity/ja/jsts-valid", spearman=Measure(floor=0.77, aim=0.84), pearson=Measure()),
    _set(ExampleTask.RETRIEVAL, "ja → en", "parallel/tatoeba-dev", ja_to_en=Measure(floor=0.85, aim=0.95), en_to_ja=Measure()),
    _set(ExampleTask.RETRIEVAL, "ja → en", "everyday-retrieval", ours=True, ja_to_en=Measure(), en_to_ja=Measure()),
)


def measure_all(
    engine: Engine, data: Path, *, only: Collection[str] = (), limit: int | None = None
) -> Iterator[tuple[DevelopmentSet, Evaluation]]:
    """Every development set with its evaluation, in the order of `SETS`; `only` names tasks, nothing: all."""
    for chosen in SETS:
        if only and chosen.task not in only:
            continue
        rows: Sequence[Row] = [row for path in chosen.paths(data) for row in read_examples(path, chosen.task).rows]
        if chosen.only_held_out:
            rows = [row for row in rows if isinstance(row, SentimentRow) and held_out(row.text)]
        yield chosen, evaluate(engine, chosen.task, chosen.form.rewrite(rows)[:limit])


def as_scores(measured: Iterable[tuple[DevelopmentSet, Evaluation]]) -> Scores:
    """What models/scores.json holds of some sets."""
    return {chosen.name: {"rows": e.rows, "metrics": {key: round(value, 4) for key, value in e.metrics.items()}} for chosen, e in measured}


def score_lines(scores: Scores, *, japanese: bool = False) -> list[str]:
    """A Markdown table of the sets that have scores."""
    lines = [HEAD_JA if japanese else HEAD_EN, "|---|---|---|---:|---|---|---|"]
    held_out_part = "（学習に使わない 1 割）" if japanese else " (held-out tenth)"
    for chosen in SETS:
        if chosen.name not in scores:
            continue
        rows, metrics = scores[chosen.name]["rows"], scores[chosen.name]["metrics"]
        name = " + ".join(file.rpartition("/")[2] for file in chosen.files)
        name += held_out_part if chosen.only_held_out else ""
        form = chosen.form.ja if japanese else chosen.form.name
        name += (f"（{form}）" if japanese else f" ({form})") if form else ""
        found = ", ".join(f"{key.replace('_', ' ')} {metrics[key]:.3f}" for key in chosen.measures)
        floors = ", ".join(f"{measure.floor:.2f}" for measure in chosen.measures.values() if measure.floor) or "–"
        aims = ", ".join(f"{measure.aim:g}" for measure in chosen.measures.values() if measure.aim) or "–"
        lines.append(f"| {chosen.task} | {chosen.language} | {name} | {rows} | {found} | {floors} | {aims} |")
    return lines


def write_table(path: Path, scores: Scores) -> None:
    """Write the table between the score marks of a page, in Japanese for one in a folder `ja`.

    Raises:
        ValueError: the file has no such marks.
    """
    write_between_marks(path, score_lines(scores, japanese=path.absolute().parent.name == "ja"))


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


def below_floor(scores: Scores) -> list[str]:
    """What is below its floor, in words."""
    return [
        f"{chosen.name}: {key} {scores[chosen.name]['metrics'][key]:.3f} is below {measure.floor:.2f}"
        for chosen in SETS
        if chosen.name in scores
        for key, measure in chosen.measures.items()
        if scores[chosen.name]["metrics"][key] < measure.floor
    ]


def main() -> int:
    """The command line of `make pack-scores`; exit code 1 where a score is below its floor."""
    parser = argparse.ArgumentParser(prog="python -m engine.pack.scores", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--out", type=Path, default=Path("models/scores.json"), help="default: %(default)s")
    parser.add_argument("--table", type=Path, action="append", default=[], help="a Markdown file with score marks to fill; may be repeated")
    tasks = [str(task) for task in ExampleTask]
    parser.add_argument("--task", nargs="+", choices=tasks, default=(), help="only these; the other scores stay as they were measured")
    parser.add_argument("--limit", type=int, help="only the first rows of each set; nothing is written")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="what models compute in (default: %(default)s)")
    given = parser.parse_args()
    engine = Engine(Catalog.load(profile="bundled"), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, precision=given.precision))
    measured = []
    for chosen, evaluation in measure_all(engine, given.data, only=given.task, limit=given.limit):
        measured.append((chosen, evaluation))
        print(chosen.name, {key: round(value, 4) for key, value in evaluation.metrics.items()}, flush=True)
    scores = as_scores(measured)
    if given.limit is None:
        before = json.loads(given.out.read_text(encoding="utf-8")) if given.task and given.out.exists() else {}
        scores = {chosen.name: found for chosen in SETS if (found := scores.get(chosen.name) or before.get(chosen.name))}
        given.out.write_text(json.dumps(scores, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if (given.out.parent / "encoder").is_dir():  # else the file is for somebody's own comparison
            write_cards(given.out.parent)
        for path in given.table:
            write_table(path, scores)
    misses = below_floor(scores)
    print(*misses, sep="\n", file=sys.stderr)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
