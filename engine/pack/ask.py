"""Trains the question-answering adapter on crops of the contexts, some of them without the answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertForQuestionAnswering

from engine.examples.rows import AskRow, GoldAnswer
from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.batches import Batch, BatchStream, Build, MixedStream
from engine.pack.chat import LEARNT, context_in_chat
from engine.pack.data import DataFolder
from engine.pack.ragged import Arrays, Ids, Ragged, Stored, pad_rows
from engine.pack.running import Run
from engine.pack.written import written_questions
from engine.tokenization.pieces import TextTokenizer

SETS = ("ja/jaquad", "en/squadshifts", "en/tydiqa")
CROP_PIECES = 176
MAX_QUESTION_PIECES = 48
UNANSWERABLE_SHARE = 0.12
NEIGHBOUR_SHARE = 0.08  # of the rows: a question about another part of what is mostly the same article, which this part does not answer
NEIGHBOURS = 12  # rows on either side among which it is sought
# Of the batches, once it learns from questions that were written for Yomite: these, and short parts of published contexts. Most
# written contexts are short: without the others, a short context alone would speak for "no answer".
WRITTEN_SHARE, SHORT_SHARE = 0.4, 0.2
SENTENCE_ENDS = ("。", ".", "!", "?")  # pieces; those of full width are normalised to these
MOST_BESIDE = 2  # sentences on each side of the answer's
NO_SPAN = (-1, -1)


@dataclass(frozen=True)
class Example:
    """A question, its context and the answer's pieces (first, last) in the context; -1 where it does not answer."""

    question: Ids
    context: Ids
    first: int
    last: int


def prepare_answers(data: DataFolder, cutter: TextTokenizer) -> Stored:
    """All training questions whose first answer lies on pieces of the context; each context stands once."""
    return _cut([row for name in SETS for row in question_rows(data.rows(f"qa/{name}-train"))], cutter)


def prepare_written_answers(cutter: TextTokenizer) -> Stored:
    """The questions that were written for Yomite, in the same form, each also about its context as it might stand in a chat."""
    rows, generator = written_questions(), np.random.default_rng(27)
    return _cut([*rows, *(context_in_chat(row, LEARNT, generator) for row in rows)], cutter)


def shortened(texts: Arrays, *, ends: Collection[int]) -> Stored:
    """Of each answered example the sentence with the answer, and up to `MOST_BESIDE` beside it; `ends` are the pieces that end sentences."""
    answered = np.flatnonzero(texts.array("spans")[:, 0] >= 0)
    questions, contexts = texts.ragged("questions"), texts.ragged("contexts")
    owners, spans = texts.array("owners")[answered], texts.array("spans")[answered]
    borders = [np.flatnonzero(np.isin(contexts[place], [*ends])) + 1 for place in range(len(contexts))]
    generator = np.random.default_rng(16)
    parts, inside = [], []
    for owner, (first, last) in zip(owners.tolist(), spans.tolist(), strict=True):
        of_sentences = [0, *borders[owner].tolist(), len(contexts[owner])]
        before, after = generator.integers(MOST_BESIDE + 1, size=2).tolist()
        starts, stops = [each for each in of_sentences if each <= first], [each for each in of_sentences if each > last]
        start, stop = starts[-1 - min(before, len(starts) - 1)], stops[min(after, len(stops) - 1)]
        parts.append(contexts[owner][start:stop])
        inside.append((first - start, last - start))
    return {
        "questions": Ragged.of([questions[row] for row in answered.tolist()]),
        "contexts": Ragged.of(parts),
        "owners": np.arange(len(parts), dtype=np.int32),
        "spans": np.array(inside, dtype=np.int32),
        "wholes": owners,
    }


def question_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[AskRow]:
    """Rows of the data folder with the first of their answers."""
    for row in rows:
        first = row["answers"][0]
        yield AskRow(question=row["question"], context=row["context"], answers=(GoldAnswer(text=first["text"], start=first["start"]),))


def _cut(rows: Sequence[AskRow], cutter: TextTokenizer) -> Stored:
    texts = list(dict.fromkeys(row.context for row in rows))
    place = {text: index for index, text in enumerate(texts)}
    contexts = cutter.pieces(texts)
    questions, owners, spans = [], [], []
    for row, question in zip(rows, cutter.pieces([row.question for row in rows]), strict=True):
        owner = place[row.context]
        span = _span(row.answers[0], contexts[owner].offsets) if row.answers else NO_SPAN
        if span:
            questions.append(question.ids[:MAX_QUESTION_PIECES])
            owners.append(owner)
            spans.append(span)
    return {
        "questions": Ragged.of(questions),
        "contexts": Ragged.of([context.ids for context in contexts]),
        "owners": np.array(owners, dtype=np.int32),
        "spans": np.array(spans, dtype=np.int32),
    }


def _span(answer: GoldAnswer, offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The first and last piece of an answer; None where no piece holds any of it."""
    if answer.start is None:
        return None
    start, end = answer.start, answer.start + len(answer.text)
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    return (inside[0], inside[-1]) if inside else None


class Answers:
    """The examples that `prepare_answers` or `prepare_written_answers` wrote, and batches of crops of them."""

    def __init__(self, texts: Arrays, *, first: int, separator: int) -> None:
        self._questions, self._contexts = texts.ragged("questions"), texts.ragged("contexts")
        self._owners, self._spans = texts.array("owners"), texts.array("spans")
        self._wholes = texts.array("wholes") if "wholes" in texts else self._owners  # what contexts are parts of
        self._first, self._separator = first, separator

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pieces of each example once it is cropped."""
        cropped = np.minimum(self._contexts.lengths[self._owners.astype(np.int64)], CROP_PIECES)
        return self._questions.lengths + cropped + 3

    def batch(self, rows: list[int], generator: np.random.Generator, *, width: int) -> Batch:
        """*Shape:* ids and types (rows, width); starts and ends (rows,), 0 where the crop has no answer."""
        ids, types, starts, ends = [], [], [], []
        for row in rows:
            context, first, last = crop(self._example(row), generator)
            question = self._questions[row]
            if (other := self._asked_elsewhere(row, generator)) is not None:
                question, first = self._questions[other][: width - len(context) - 3], -1
            ids.append([self._first, *question, self._separator, *context, self._separator])
            types.append([0] * (len(question) + 2) + [1] * (len(context) + 1))
            before = len(question) + 2
            starts.append(before + first if first >= 0 else 0)
            ends.append(before + last if first >= 0 else 0)
        return {
            "ids": pad_rows(ids, width=width),
            "types": pad_rows(types, width=width),
            "starts": torch.tensor(starts),
            "ends": torch.tensor(ends),
        }

    def _asked_elsewhere(self, row: int, generator: np.random.Generator) -> int | None:
        """Now and then a row whose question is asked in place of that of `row`, about another context; mostly None."""
        drawn = generator.random()
        if drawn < UNANSWERABLE_SHARE / 4:
            return int(generator.integers(len(self._questions)))
        if drawn < UNANSWERABLE_SHARE / 4 + NEIGHBOUR_SHARE:
            other = row + int(generator.integers(-NEIGHBOURS, NEIGHBOURS + 1))
            if 0 <= other < len(self._wholes) and self._wholes[other] != self._wholes[row]:
                return other
        return None

    def _example(self, row: int) -> Example:
        first, last = self._spans[row]
        return Example(self._questions[row], self._contexts[int(self._owners[row])], int(first), int(last))


def crop(example: Example, generator: np.random.Generator) -> tuple[Ids, int, int]:
    """A part of the context of at most `CROP_PIECES`, and the answer in it; (-1, -1) where the part leaves it out."""
    count = len(example.context)
    if count <= CROP_PIECES:
        return example.context, example.first, example.last
    if example.first < 0:
        start = int(generator.integers(count - CROP_PIECES + 1))
        return example.context[start : start + CROP_PIECES], *NO_SPAN
    if generator.random() < UNANSWERABLE_SHARE:
        before, after = example.first - CROP_PIECES, count - CROP_PIECES
        starts = [s for s in (before, after) if s >= 0 and not s <= example.last < s + CROP_PIECES]
        if starts:
            start = int(generator.choice(starts))
            return example.context[start : start + CROP_PIECES], *NO_SPAN
    lowest = max(0, min(example.last - CROP_PIECES + 1, example.first))
    highest = min(example.first, count - CROP_PIECES)
    start = int(generator.integers(min(lowest, highest), highest + 1))
    part = example.context[start : start + CROP_PIECES]
    return part, example.first - start, min(example.last - start, len(part) - 1)


def train_ask(
    answers: Answers, *, encoder: Path, out: Path, run: Run, go_on: bool = False, beside: Sequence[tuple[Answers, float]] = ()
) -> None:
    """Train and save the question-answering adapter; `beside` are other examples with their shares of the batches."""
    parts = [(answers, 1 - sum(share for _, share in beside)), *beside]
    streams = [BatchStream(examples.lengths, _batches(examples), budget=run.tokens) for examples, _ in parts]
    stream = MixedStream(streams, shares=[share for _, share in parts], seed=13 + run.seed)
    model = encoder_with_head(BertForQuestionAnswering, encoder, dropout=run.dropout)
    adapted = train_adapter(model, stream, run=run, heads=["qa_outputs"], go_on_from=out if go_on else None)
    save_adapter(adapted, out)


def _batches(answers: Answers) -> Build:
    def build(rows: list[int], generator: np.random.Generator, *, width: int) -> Batch:
        batch = answers.batch(rows, generator, width=width)
        return {
            "input_ids": batch["ids"],
            "attention_mask": (batch["ids"] != 0).long(),
            "token_type_ids": batch["types"],
            "start_positions": batch["starts"],
            "end_positions": batch["ends"],
        }

    return build
