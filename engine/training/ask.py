"""Question answering as a goal of training: where the answer begins and ends, or that a window does not hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.contract import AskRequest
from engine.errors import BadInputError
from engine.examples.rows import AskRow
from engine.models.loaded import LoadedModel
from engine.tasks.ask import Reading, prepare
from engine.tokenization.pieces import ModelInput
from engine.training.goal import Batch, Place, model_inputs, rows_of

NO_ANSWER = (0, 0)  # the first token stands for it


@dataclass(frozen=True)
class AskGoal:
    """A question over each window of its context, with the first and last place of the answer in it.

    Windows that hold no answer count together as one, so that long contexts do not teach to be silent.
    """

    compares: ClassVar[bool] = False
    loaded: LoadedModel
    inputs: tuple[ModelInput, ...]
    spans: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    unreadable: int = 0  # rows whose question or context cannot be put before the model

    @property
    def lengths(self) -> list[int]:
        return [len(row) for row in self.inputs]

    def batch(self, places: Sequence[Place]) -> Batch:
        """*Shape:* starts, ends, weights (batch,)."""
        rows = rows_of(places)
        return {
            **self.loaded.tensors([self.inputs[row] for row in rows]),
            "starts": torch.tensor([self.spans[row][0] for row in rows]),
            "ends": torch.tensor([self.spans[row][1] for row in rows]),
            "weights": torch.tensor([self.weights[row] for row in rows]),
        }

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean over beginnings and ends. *Shape:* ()."""
        output = model(**model_inputs(batch))
        sides = [(output.start_logits, batch["starts"]), (output.end_logits, batch["ends"])]
        losses = [functional.cross_entropy(logits.float(), right, reduction="none") for logits, right in sides]
        return (torch.stack(losses).mean(dim=0) * batch["weights"]).sum() / batch["weights"].sum()


def ask_goal(rows: Sequence[AskRow], loaded: LoadedModel) -> AskGoal:
    """Prepare all rows, in the windows that the engine reads."""
    contexts = list(dict.fromkeys(row.context for row in rows))
    cut = dict(zip(contexts, loaded.tokenizer.pieces(contexts), strict=True))
    questions = loaded.tokenizer.pieces([row.question for row in rows])
    found: list[tuple[ModelInput, tuple[int, int], float]] = []
    unreadable = 0
    for row, question in zip(rows, questions, strict=True):
        request = AskRequest(question=row.question, context=row.context)
        try:
            reading = prepare(request, "mixed", question, cut[row.context], loaded)
        except BadInputError:  # a question without a letter, or longer than a window
            unreadable += 1
        else:
            found += _windows(reading, row)
    inputs, spans, weights = zip(*found, strict=True) if found else ((), (), ())
    return AskGoal(loaded=loaded, inputs=inputs, spans=spans, weights=weights, unreadable=unreadable)


def _windows(reading: Reading, row: AskRow) -> list[tuple[ModelInput, tuple[int, int], float]]:
    """Each input with the places of the answer in it, and how much it counts."""
    span = answer_pieces(reading, row)
    spans = []
    for window, made in zip(reading.windows, reading.inputs, strict=True):
        shift = made.second.start - window.start
        spans.append((span[0] + shift, span[1] + shift) if span and span[0] in window and span[1] in window else NO_ANSWER)
    silent = max(1, spans.count(NO_ANSWER))
    return [(made, place, 1.0 / silent if place == NO_ANSWER else 1.0) for made, place in zip(reading.inputs, spans, strict=True)]


def answer_pieces(reading: Reading, row: AskRow) -> tuple[int, int] | None:
    """The first and last piece of the first answer that stands in the context; None where there is none."""
    for answer in row.answers:
        start = answer.start if answer.start is not None else row.context.find(answer.text)
        end = start + len(answer.text)
        inside = [i for i, (a, b) in enumerate(reading.context.offsets) if a < end and b > start] if start >= 0 else []
        if inside:
            return inside[0], inside[-1]
    return None
