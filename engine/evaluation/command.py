"""Does what a command line of `evaluate` asks for: measures the engine on one data set and prints the measures."""

from __future__ import annotations

import argparse
import errno
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.catalog import Catalog
from engine.command_line import tell
from engine.contract import Message, reason_of, system_reason
from engine.engine import Engine
from engine.errors import BadInputError, EngineError
from engine.evaluation.asking import Progress as OnProgress
from engine.evaluation.comparing import compare
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.exit_codes import BAD_INPUT, CANNOT_ANSWER, OK
from engine.evaluation.learnt import learnt_from
from engine.evaluation.page import page, texts_of
from engine.evaluation.report import Report, as_json
from engine.evaluation.scoring import evaluate
from engine.evaluation.showing import show
from engine.evaluation.wording import said_label
from engine.evaluation.words import WORDS
from engine.examples.reading import Examples
from engine.examples.rows import AskRow, ExampleTask, NerRow, RetrievalRow, Row, SentimentRow
from engine.examples.splitting import held_out
from engine.figures.confusion import confusion_matrix
from engine.language import detect
from engine.models.cache import ModelCache
from engine.models.memory import shortage_told

# Rows whose language is looked at to choose that of the page.
_LOOKED_AT = 50
# Of tasks that mostly have a confusion matrix: when they have none.
_WITHOUT_CONFUSION: dict[ExampleTask, Message] = {
    ExampleTask.NER: Message(
        ja="印の付いた固有名も、モデルが見つけた固有名もないので、混同行列はありません。--picture を外してください。",
        en="no entity is marked and none was found, so there is no confusion matrix; leave out --picture.",
    ),
    ExampleTask.ASK: Message(
        ja="どの行にも答えがあるので、混同行列はありません（答えのある質問とない質問の取り違えを数えるものです）。--picture を外すか、答えのない行を足してください。",
        en="every row has an answer, so there is no confusion matrix (it counts how often questions with an answer and without are taken for each other); "
        "leave out --picture, or add rows without an answer.",
    ),
}


def run(examples: Examples, options: argparse.Namespace) -> int:
    """Measure on the examples as `options` say; returns the exit code."""
    try:
        kept = chosen_rows(examples.rows, only_held_out=options.held_out, limit=options.limit)
        _check_output(options, [examples.rows[index] for index in kept])
        with shortage_told():
            report = _measure(examples, options, kept)
        _print(report, options)
        _write(report, options)  # once the result is out: whatever happens here, it is not lost
    except EngineError as error:
        tell(error.message, options.lang)
        return BAD_INPUT if isinstance(error, BadInputError) else CANNOT_ANSWER
    return OK


def chosen_rows(rows: Sequence[Row], *, only_held_out: bool, limit: int | None) -> list[int]:
    """The indices of the first `limit` rows; with `only_held_out`, of the tenth that the bundled models' training left out.

    Raises:
        BadInputError: no row is left.
    """
    kept = list(range(len(rows)))
    if only_held_out:
        kept = [index for index, row in enumerate(rows) if isinstance(row, SentimentRow) and held_out(row.text)]
    if not kept:
        raise BadInputError(
            "no_rows",
            ja="--held-out に当たる行がありません。同梱モデルを作った日本語の感情データのうち、学習に使わなかった 1 割だけを使うオプションです。",
            en="--held-out leaves no row. It keeps the tenth of the bundled models' Japanese sentiment data that they did not learn from.",
        )
    return kept[:limit]


# --- Measuring -----------------------------------------------------------------------------------------------------


def _measure(examples: Examples, options: argparse.Namespace, kept: list[int]) -> Report:
    catalog = Catalog.load(
        profile=options.profile, user_file=options.catalog, models_dir=options.models_dir, chosen=options.chosen, lock=options.lock
    )
    engine = Engine(catalog, _cache(options))
    evaluation = _evaluate(engine, options, examples, kept, model=options.model)
    other = _evaluate(engine, options, examples, kept, model=options.against) if options.against else None
    models = [options.model, *([options.against] if options.against else [])]
    return Report(
        data=options.data,
        sha256=examples.sha256,
        notes=(*examples.notes, *_nothing_to_find(examples.rows), *learnt_from(examples, options.task, catalog, models)),
        rows=tuple(examples.rows[index] for index in kept),
        evaluation=evaluation,
        comparison=compare(evaluation, other) if other else None,
    )


def _cache(options: argparse.Namespace) -> ModelCache:
    return ModelCache(memory_budget_bytes=options.memory_budget_mb * 1024**2, device=options.device, precision=options.precision)


def _evaluate(engine: Engine, options: argparse.Namespace, examples: Examples, kept: list[int], *, model: str | None) -> Evaluation:
    rows, lines = [examples.rows[index] for index in kept], [examples.lines[index] for index in kept]
    with _progress_bar(f"{options.task} {options.data.name}") as report:
        return evaluate(engine, options.task, rows, model=model, lines=lines, at_once=options.batch, progress=report)


@contextmanager
def _progress_bar(title: str) -> Iterator[OnProgress]:
    """A bar on stderr, drawn only where someone can see it move."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _nothing_to_find(rows: Sequence[Row]) -> tuple[Message, ...]:
    """Worth saying of rows without any entity: whatever a model finds in them is wrong."""
    if any(not isinstance(row, NerRow) or row.entities for row in rows):
        return ()
    return (
        Message(
            ja="どの行にも固有名の印がありません。モデルが見つけたものはすべて間違いとして数えます。",
            en="No row marks an entity: all that a model finds counts as wrong.",
        ),
    )


# --- Telling -------------------------------------------------------------------------------------------------------


def _print(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(as_json(report, rows=options.rows), ensure_ascii=False), flush=True)
        return
    show(report, Console(), language=options.lang or "en")
    _tell_beside(report, options.lang)


def _write(report: Report, options: argparse.Namespace) -> None:
    """The page and the picture, where they are wanted.

    Raises:
        BadInputError: there is nothing to draw, or a file cannot be written.
    """
    language = options.lang or spoken(report.rows)
    if options.page:
        _write_file(options.page, page(report, language=language).encode())
    if options.picture:
        _write_file(options.picture, _picture(report, language))


def _picture(report: Report, language: str) -> bytes:
    found = report.evaluation.confusion
    if found is None:
        raise _no_confusion(report.evaluation.task)
    labels = [said_label(label).in_language(language) for label in found.labels]
    return confusion_matrix(np.array(found.counts), labels, model=report.evaluation.model, japanese=language == "ja").data


def _no_confusion(task: ExampleTask) -> BadInputError:
    said = _WITHOUT_CONFUSION.get(task) or Message(
        ja=f"{task} のデータに混同行列はありません。--picture は、ラベルのあるタスク（sentiment・ner・ask）で使えます。",
        en=f"there is no confusion matrix of {task} data; --picture is for tasks with labels (sentiment, ner, ask).",
    )
    return BadInputError("no_confusion", ja=said.ja, en=said.en)


def _check_output(options: argparse.Namespace, rows: Sequence[Row]) -> None:
    """Look at what shall be written before anything is measured, as far as that can be known.

    Raises:
        BadInputError: there is nothing to draw, or a place cannot be written to.
    """
    if options.picture and not _may_confuse(options.task, rows):
        raise _no_confusion(options.task)
    for path in filter(None, (options.page, options.picture)):
        _refuse_unwritable(path)


def _may_confuse(task: ExampleTask, rows: Sequence[Row]) -> bool:
    """Whether there may be a confusion matrix; of entities that also depends on what is found."""
    if task is ExampleTask.ASK:
        return not all(isinstance(row, AskRow) and row.answers for row in rows)
    return task in (ExampleTask.SENTIMENT, ExampleTask.NER)


def _refuse_unwritable(path: Path) -> None:
    try:
        asked = _standing(path)
    except OSError as error:
        raise _unwritable(path, reason_of(error)) from error
    if path.is_dir():
        raise _unwritable(path, system_reason(errno.EISDIR))
    if not os.access(asked, os.W_OK):
        raise _unwritable(path, system_reason(errno.EACCES))


def _standing(path: Path) -> Path:
    """The file, or where there is none yet the folder that it would stand in.

    Raises:
        OSError: that folder is not there, or the place may not be looked at.
    """
    try:
        path.stat()
    except FileNotFoundError:
        folder = path.absolute().parent
        folder.stat()
        return folder
    return path


def _write_file(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise _unwritable(path, reason_of(error)) from error


def _unwritable(path: Path, why: Message) -> BadInputError:
    return BadInputError(
        "unwritable_file",
        ja=f"{path} に書き込めません（{why.ja}）。書き込める場所を指定してください。",
        en=f"cannot write {path}: {why.en}; name a place that can be written to.",
    )


def spoken(rows: Sequence[Row]) -> str:
    """The language of most rows: that of the page, where none is asked for."""
    counted: Counter[str] = Counter()
    for row in rows[:_LOOKED_AT]:
        lang = "ja" if isinstance(row, RetrievalRow) else row.lang
        try:
            counted["en" if (lang or detect(texts_of(row)[0])) == "en" else "ja"] += 1
        except BadInputError:  # another language: counts as neither
            continue
    return "ja" if counted["ja"] >= counted["en"] else "en"


def _tell_beside(report: Report, language: str | None) -> None:
    """What is worth knowing beside the tables."""
    for note in report.notes:
        tell(note, language)
    for code, count in report.evaluation.failures.items():
        said = WORDS["failed"]
        tell(Message(ja=said.ja.format(count=count, code=code), en=said.en.format(count=count, code=code)), language)
