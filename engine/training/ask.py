"""Trains the question-answering adapter on crops of the contexts, some of them without the answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import BertForQuestionAnswering, PreTrainedTokenizerFast

from engine.tokenization.pieces import TextTokenizer
from engine.training.adapters import encoder_with_head, save_adapter, train_adapter
from engine.training.batches import Batch, BatchStream, pad
from engine.training.data import DataFolder

SETS = ("ja/jaquad", "en/squadshifts", "en/tydiqa")
CROP_PIECES = 176
MAX_QUESTION_PIECES = 48
UNANSWERABLE_SHARE = 0.12


@dataclass(frozen=True)
class Example:
    """A question, its context and the answer's pieces (first, last) in the context."""

    question: tuple[int, ...]
    context: tuple[int, ...]
    first: int
    last: int


def read_examples(data: DataFolder, cutter: TextTokenizer) -> list[Example]:
    """All training questions whose first answer lies on pieces of the context."""
    examples = []
    for name in SETS:
        rows = data.rows(f"qa/{name}-train")
        contexts = list(dict.fromkeys(row["context"] for row in rows))
        cut = dict(zip(contexts, cutter.pieces(contexts), strict=True))
        questions = cutter.pieces([row["question"] for row in rows])
        for row, question in zip(rows, questions, strict=True):
            start = row["answers"][0]["start"]
            end = start + len(row["answers"][0]["text"])
            context = cut[row["context"]]
            inside = [i for i, (a, b) in enumerate(context.offsets) if a < end and b > start]
            if inside:
                examples.append(Example(question.ids[:MAX_QUESTION_PIECES], context.ids, inside[0], inside[-1]))
    return examples


def crop(example: Example, generator: np.random.Generator) -> tuple[tuple[int, ...], int, int]:
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


def train_ask(
    data: DataFolder, tokenizer: PreTrainedTokenizerFast, *, encoder: Path, run_folder: Path, out: Path, steps: int, go_on: bool = False
) -> None:
    """Train and save the question-answering adapter."""
    cutter = TextTokenizer(tokenizer)
    examples = read_examples(data, cutter)
    lengths = [len(e.question) + min(len(e.context), CROP_PIECES) + 3 for e in examples]

    def build(batch: list[int], generator: np.random.Generator) -> Batch:
        rows, starts, ends = [], [], []
        for index in batch:
            context, first, last = crop(examples[index], generator)
            question = examples[index].question
            if generator.random() < UNANSWERABLE_SHARE / 4:
                question, first = examples[int(generator.integers(len(examples)))].question, -1
            row = cutter.assemble(question, context)
            rows.append(row)
            starts.append(row.second.start + first if first >= 0 else 0)
            ends.append(row.second.start + last if first >= 0 else 0)
        input_ids = pad([row.ids for row in rows])
        return {
            "input_ids": input_ids,
            "attention_mask": (input_ids != 0).long(),
            "token_type_ids": pad([row.type_ids for row in rows]),
            "start_positions": torch.tensor(starts),
            "end_positions": torch.tensor(ends),
        }

    stream = BatchStream(lengths, build, budget=4_096, seed=13 + 100 * go_on)
    model = encoder_with_head(BertForQuestionAnswering, encoder)
    adapted = train_adapter(model, stream, run_folder=run_folder, steps=steps, heads=["qa_outputs"], go_on_from=out if go_on else None)
    save_adapter(adapted, out)
