"""Trains the question-answering adapter on crops of the contexts, some of them without the answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertForQuestionAnswering

from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.batches import Batch, BatchStream
from engine.pack.data import DataFolder
from engine.pack.ragged import Arrays, Ids, Ragged, Stored, pad_rows
from engine.pack.running import Run
from engine.tokenization.pieces import TextTokenizer

SETS = ("ja/jaquad", "en/squadshifts", "en/tydiqa")
CROP_PIECES = 176
MAX_QUESTION_PIECES = 48
UNANSWERABLE_SHARE = 0.12


@dataclass(frozen=True)
class Example:
    """A question, its context and the answer's pieces (first, last) in the context."""

    question: Ids
    context: Ids
    first: int
    last: int


def prepare_answers(data: DataFolder, cutter: TextTokenizer) -> Stored:
    """All training questions whose first answer lies on pieces of the context; each context stands once."""
    contexts: list[tuple[int, ...]] = []
    questions, owners, spans = [], [], []
    for name in SETS:
        rows = data.rows(f"qa/{name}-train")
        texts = list(dict.fromkeys(row["context"] for row in rows))
        place = {text: len(contexts) + index for index, text in enumerate(texts)}
        cut = dict(zip(texts, cutter.pieces(texts), strict=True))
        contexts += [cut[text].ids for text in texts]
        for row, question in zip(rows, cutter.pieces([row["question"] for row in rows]), strict=True):
            start = row["answers"][0]["start"]
            end = start + len(row["answers"][0]["text"])
            inside = [i for i, (a, b) in enumerate(cut[row["context"]].offsets) if a < end and b > start]
            if inside:
                questions.append(question.ids[:MAX_QUESTION_PIECES])
                owners.append(place[row["context"]])
                spans.append((inside[0], inside[-1]))
    return {
        "questions": Ragged.of(questions),
        "contexts": Ragged.of(contexts),
        "owners": np.array(owners, dtype=np.int32),
        "spans": np.array(spans, dtype=np.int32),
    }


class Answers:
    """The examples that `prepare_answers` wrote, and batches of crops of them."""

    def __init__(self, texts: Arrays, *, first: int, separator: int) -> None:
        self._questions, self._contexts = texts.ragged("questions"), texts.ragged("contexts")
        self._owners, self._spans = texts.array("owners"), texts.array("spans")
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
            if generator.random() < UNANSWERABLE_SHARE / 4:
                question, first = self._questions[int(generator.integers(len(self._questions)))][: width - len(context) - 3], -1
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

    def _example(self, row: int) -> Example:
        first, last = self._spans[row]
        return Example(self._questions[row], self._contexts[int(self._owners[row])], int(first), int(last))


def crop(example: Example, generator: np.random.Generator) -> tuple[Ids, int, int]:
    """A part of the context of at most `CROP_PIECES`, and the answer in it; (-1, -1) where the part leaves it out."""
    count = len(example.context)
    if count <= CROP_PIECES:
        return example.context, example.first, example.last
    if generator.random() < UNANSWERABLE_SHARE:
        before, after = example.first - CROP_PIECES, count - CROP_PIECES
        starts = [s for s in (before, after) if s >= 0 and not s <= example.last < s + CROP_PIECES]
        if starts:
            start = int(generator.choice(starts))
            return example.context[start : start + CROP_PIECES], -1, -1
    lowest = max(0, min(example.last - CROP_PIECES + 1, example.first))
    highest = min(example.first, count - CROP_PIECES)
    start = int(generator.integers(min(lowest, highest), highest + 1))
    part = example.context[start : start + CROP_PIECES]
    return part, example.first - start, min(example.last - start, len(part) - 1)


def train_ask(answers: Answers, *, encoder: Path, out: Path, run: Run, go_on: bool = False) -> None:
    """Train and save the question-answering adapter."""

    def build(rows: list[int], generator: np.random.Generator, *, width: int) -> Batch:
        batch = answers.batch(rows, generator, width=width)
        return {
            "input_ids": batch["ids"],
            "attention_mask": (batch["ids"] != 0).long(),
            "token_type_ids": batch["types"],
            "start_positions": batch["starts"],
            "end_positions": batch["ends"],
        }

    stream = BatchStream(answers.lengths, build, budget=run.tokens, seed=13 + run.seed)
    model = encoder_with_head(BertForQuestionAnswering, encoder, dropout=run.dropout)
    adapted = train_adapter(model, stream, run=run, heads=["qa_outputs"], go_on_from=out if go_on else None)
    save_adapter(adapted, out)
