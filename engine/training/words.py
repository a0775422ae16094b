"""Hidden words as a goal of training: a model learns a team's way of writing by guessing words of its texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from engine.models.loaded import LoadedModel
from engine.reference.masking import NOT_ASKED, mask_words
from engine.tokenization.pieces import ModelInput, windows
from engine.training.goal import Batch, Place, model_inputs
from engine.training.lora import head_names

# Longer inputs teach little more and cost more memory.
MOST_PIECES = 128
ROWS_AT_ONCE = 16
MOST_ENTROPY = 700.0  # whose exponential is still a number


@dataclass(frozen=True)
class WordsGoal:
    """Running text in inputs of at most a window; `continues` says of each piece whether it goes on with the word before it."""

    compares: ClassVar[bool] = False
    loaded: LoadedModel
    inputs: tuple[ModelInput, ...]
    continues: tuple[tuple[bool, ...], ...]
    seed: int

    @property
    def lengths(self) -> list[int]:
        return [len(row) for row in self.inputs]

    @cached_property
    def _special(self) -> list[int]:
        return sorted(self.loaded.tokenizer.backend.all_special_ids)

    def batch(self, places: Sequence[Place]) -> Batch:
        """Masked rows; the masks of a row depend on the seed, the epoch and the row alone. *Shape:* asked (batch, seq)."""
        rows = [row for _, row in places]
        tensors = self.loaded.tensors([self.inputs[row] for row in rows])
        longest = tensors["input_ids"].shape[1]
        asked = torch.full((len(rows), longest), NOT_ASKED)
        for index, (epoch, row) in enumerate(places):
            ids, labels = self._masked(row, epoch)
            tensors["input_ids"][index, : len(ids)] = ids
            asked[index, : len(labels)] = labels
        return {**tensors, "asked": asked}

    def _masked(self, row: int, epoch: int) -> tuple[Tensor, Tensor]:
        """(ids, what is asked) of a row. *Shape:* (seq,) each."""
        generator = np.random.default_rng((self.seed, epoch, row))
        size = int(self.loaded.model.config.vocab_size)
        # `mask_words` tells by the id whether a piece goes on with a word: inside words, ids are counted from `size` on.
        inside = np.array(self.continues[row], dtype=np.int64) * size
        ids, labels = mask_words(
            (np.array(self.inputs[row].ids, dtype=np.int64) + inside)[None],
            continues=np.arange(2 * size) >= size,
            special=[*self._special, *(size + index for index in self._special)],
            mask_id=int(self.loaded.tokenizer.backend.mask_token_id or 0),
            generator=generator,
        )
        return ids[0] % size, torch.where(labels[0] == NOT_ASKED, NOT_ASKED, labels[0] % size)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean over the hidden pieces. *Shape:* ()."""
        summed, count = self.summed_loss(model, batch)
        return summed / max(count, 1)

    def summed_loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """(sum of the hidden pieces' cross entropies, how many they are). *Shape:* ()."""
        asked = batch["asked"].to(self.loaded.device)
        places = asked != NOT_ASKED
        with _head_only_at(places, self.loaded.model):
            logits = model(**model_inputs(batch)).logits
        found = logits[places] if logits.ndim == 3 else logits  # (hidden, vocabulary)
        return functional.cross_entropy(found.float(), asked[places], reduction="sum"), int(places.sum())


def words_goal(lines: Sequence[str], loaded: LoadedModel, *, seed: int) -> WordsGoal:
    """Prepare all lines: short neighbours share an input, long ones fill several."""
    room = min(loaded.window, MOST_PIECES) - loaded.tokenizer.special_count()
    separator = loaded.tokenizer.backend.sep_token_id
    inputs: list[ModelInput] = []
    continues: list[tuple[bool, ...]] = []
    ids: list[int] = []
    going_on: list[bool] = []

    def flush() -> None:
        if ids:
            made = loaded.tokenizer.assemble(ids)
            after = len(made) - made.first.stop
            inputs.append(made)
            continues.append((*[False] * made.first.start, *going_on, *[False] * after))
            ids.clear()
            going_on.clear()

    for pieces in loaded.tokenizer.pieces(lines):
        inside = [index > 0 and pieces.words[index] == pieces.words[index - 1] for index in range(len(pieces))]
        for part in windows(len(pieces), size=room, overlap=0) if len(pieces) else ():
            if ids and len(ids) + 1 + len(part) > room:
                flush()
            if ids and separator is not None:
                ids.append(int(separator))
                going_on.append(False)
            ids += pieces.ids[part.start : part.stop]
            going_on += inside[part.start : part.stop]
    flush()
    return WordsGoal(loaded=loaded, inputs=tuple(inputs), continues=tuple(continues), seed=seed)


def perplexity(goal: WordsGoal, model: nn.Module) -> float:
    """The exponential of the mean cross entropy of the hidden pieces, always the same ones (those of epoch 0); at least 1, less is better."""
    total, count = 0.0, 0
    order = sorted(range(len(goal.inputs)), key=lambda row: len(goal.inputs[row]))
    model.eval()
    for start in range(0, len(order), ROWS_AT_ONCE):
        batch = goal.batch([(0, row) for row in order[start : start + ROWS_AT_ONCE]])
        with torch.inference_mode():
            summed, pieces = goal.summed_loss(model, batch)
        total, count = total + float(summed), count + pieces
    return math.exp(min(total / max(count, 1), MOST_ENTROPY))


@contextmanager
def _head_only_at(places: Tensor, model: PreTrainedModel) -> Iterator[None]:
    """Let a model's head read only some places: over all of them, its outputs would be the largest tensor by far. *Shape:* (batch, seq)."""

    def choose(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (given[0][places],) if given[0].shape[:2] == places.shape else given

    hook = model.get_submodule(head_names(model)[0]).register_forward_pre_hook(choose)
    try:
        yield
    finally:
        hook.remove()
