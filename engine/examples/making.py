"""From a record to the example that it means, checked against what the task needs."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.examples.answers import read_answers
from engine.examples.columns import missing
from engine.examples.entities import first_mark, read_marked, read_spans
from engine.examples.labels import LONGEST_NAME, language, sentiment_label
from engine.examples.problems import Problem, RowProblem, quoted
from engine.examples.rows import AskRow, ExampleTask, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow
from engine.surrogates import without_surrogates


@dataclass(frozen=True)
class Fields:
    """The cells of a record by our names of their columns, and what the file calls these columns."""

    cells: Mapping[str, Any]
    called: Mapping[str, str]

    def get(self, name: str) -> Any:
        """A cell; None where there is none."""
        return self.cells.get(name)

    def name(self, name: str) -> str:
        """A column as people know it: by its name in the file."""
        return quoted(self.called.get(name, name))


@dataclass(frozen=True)
class Made:
    """An example. `first_of_several`: its answer stands in several places of the context, and the first was taken."""

    row: Row
    first_of_several: bool = False


def make(task: ExampleTask, fields: Fields) -> Made:
    """The example of a record.

    Raises:
        RowProblem: the record is wrong; says how it would be right.
    """
    return _MAKERS[task](fields)


def _sentiment(fields: Fields) -> Made:
    text = _text(fields, "text")
    return Made(SentimentRow(text=text, label=sentiment_label(_filled(fields, "label")), lang=language(fields.get("lang"))))


def _ner(fields: Fields) -> Made:
    text = _text(fields, "text")
    if "entities" in fields.cells:
        _refuse_marks_beside_nothing(fields, text)
        entities = read_spans(fields.cells["entities"], text)
    else:
        text, entities = read_marked(text)
    return Made(NerRow(text=text, entities=entities, lang=language(fields.get("lang"))))


def _refuse_marks_beside_nothing(fields: Fields, text: str) -> None:
    """An empty cell says that there are no entities, marks in the text say that there are: neither is guessed."""
    value = fields.get("entities")
    if (value is None or (isinstance(value, str) and not value.strip())) and (mark := first_mark(text)):
        name = fields.name("entities")
        raise RowProblem(
            ja=f"文に印「{quoted(mark)}」がありますが、列「{name}」が空です。印を使うなら列「{name}」を消し、ただの文字なら空の代わりに [] と書いてください。",
            en=f"the text holds the mark {quoted(mark)!r}, but {name} is empty; to use marks, drop the column {name}; where it is plain text, write [] instead of nothing.",
        )


def _ask(fields: Fields) -> Made:
    question, context = _text(fields, "question"), _text(fields, "context")
    answers, several = read_answers(_given(fields, ExampleTask.ASK, "answers"), fields.get("start"), context)
    return Made(AskRow(question=question, context=context, answers=answers, lang=language(fields.get("lang"))), several)


def _similar(fields: Fields) -> Made:
    a, b = _text(fields, "a"), _text(fields, "b")
    score, paraphrase = _number(fields, "score"), _number(fields, "paraphrase")
    if (score is None) == (paraphrase is None):
        raise _not_one_grade(fields)
    if paraphrase not in (None, 0, 1):
        name = fields.name("paraphrase")
        raise RowProblem(
            ja=f"列「{name}」が {paraphrase:g} です。0（言い換えでない）か 1（言い換え）にしてください。",
            en=f"{name} is {paraphrase:g}; write 0 (no paraphrase) or 1 (a paraphrase).",
        )
    kind = None if paraphrase is None else int(paraphrase)
    return Made(SimilarRow(a=a, b=b, score=score, paraphrase=kind, lang=language(fields.get("lang"))))


def _not_one_grade(fields: Fields) -> RowProblem:
    """A pair has two grades, or none."""
    there = [name for name in ("score", "paraphrase") if name in fields.called]
    if len(there) == 1:
        return _empty(fields.name(there[0]))
    score, paraphrase = fields.name("score"), fields.name("paraphrase")
    return RowProblem(
        ja=f"列「{score}」と「{paraphrase}」のどちらか一方に数を書いてください。",
        en=f"expected a number in either {score} or {paraphrase}.",
    )


def mixed_grades(rows: Sequence[Row], lines: Sequence[int], called: Mapping[str, str]) -> Problem | None:
    """What is wrong where some pairs have a score and others say whether they are paraphrases: numbers of two scales cannot be compared."""
    kinds = ["paraphrase" if row.score is None else "score" for row in rows if isinstance(row, SimilarRow)]
    other = next((at for at, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is None:
        return None
    one, another = quoted(called[kinds[0]]), quoted(called[kinds[other]])
    problem = RowProblem(
        ja=f"ここまでの行は列「{one}」に、この行は列「{another}」に数があります。ひとつのファイルではどちらかにそろえ、もう一方の行は別のファイルに分けてください。",
        en=f"the rows before have a number in {one}, this one in {another}; keep to one of them in a file, and put the other rows into a file of their own.",
    )
    return Problem(lines[other], problem.message)


def _retrieval(fields: Fields) -> Made:
    return Made(RetrievalRow(en=_text(fields, "en"), ja=_text(fields, "ja")))


_MAKERS: dict[ExampleTask, Callable[[Fields], Made]] = {
    ExampleTask.SENTIMENT: _sentiment,
    ExampleTask.NER: _ner,
    ExampleTask.ASK: _ask,
    ExampleTask.SIMILAR: _similar,
    ExampleTask.RETRIEVAL: _retrieval,
}


def _given(fields: Fields, task: ExampleTask, name: str) -> Any:
    """A cell that must be there, though it may be empty."""
    if name not in fields.cells:
        said = missing(task, [fields.name(found) for found in fields.cells], [name])
        raise RowProblem(ja=said.ja, en=said.en)
    return fields.cells[name]


def _filled(fields: Fields, name: str) -> Any:
    value = fields.get(name)
    if value is None or not str(value).strip():
        raise _empty(fields.name(name))
    return value


def _empty(name: str) -> RowProblem:
    return RowProblem(ja=f"列「{name}」が空です。書き入れてください。", en=f"{name} is empty; fill it in.")


def _text(fields: Fields, name: str) -> str:
    """A text just as it stands; half a character, which nothing can be written with, is read as U+FFFD."""
    return as_text(_filled(fields, name), fields.name(name))


def as_text(value: object, name: str) -> str:
    """The cell of a column as a text.

    Raises:
        RowProblem: it is none.
    """
    if not isinstance(value, str):
        raise RowProblem(
            ja=f"列「{name}」が文字列ではありません（{quoted(value)}）。文章を書いてください。",
            en=f"{name} is no text ({quoted(value)}); write a text.",
        )
    return without_surrogates(value)


def _number(fields: Fields, name: str) -> float | None:
    """A number; None where the cell is empty."""
    value = fields.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = _float(value)
    if not math.isfinite(number):
        raise RowProblem(
            ja=f"列「{fields.name(name)}」の「{quoted(value)}」が数ではありません。4.5 のように書いてください。",
            en=f"{fields.name(name)} {quoted(value)!r} is no number; write it as 4.5.",
        )
    return number


def _float(value: object) -> float:
    """What a cell means, also in signs of full width; NaN where that is no number."""
    if isinstance(value, str):
        # Python would read 1_5 as 15. What is longer than a name takes long to put into half width, and is no number.
        value = "" if "_" in value or len(value) > LONGEST_NAME else unicodedata.normalize("NFKC", value)
    try:
        return math.nan if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except (ValueError, OverflowError):  # the latter: a whole number beyond all floats
        return math.nan
