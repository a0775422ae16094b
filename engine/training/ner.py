"""Entities as a goal of training: the tag of each word, by its first piece, in overlapping windows of each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.contract import EntityLabel
from engine.examples.rows import NerRow
from engine.models.loaded import LoadedModel
from engine.tasks.ask import owned_pieces
from engine.tasks.entity_tags import Tag, TagSet
from engine.tasks.ner import OVERLAP_SHARE, model_tags, word_units
from engine.tokenization.pieces import ModelInput, Pieces, windows
from engine.training.goal import Batch, Place, model_inputs, rows_of, wanted_loss

OUTSIDE = Tag("O")


@dataclass(frozen=True)
class NerGoal:
    """Windows of texts, and the outputs that are right at some of their places; elsewhere nothing is asked."""

    compares: ClassVar[bool] = False
    loaded: LoadedModel
    inputs: tuple[ModelInput, ...]
    wanted: tuple[dict[int, tuple[int, ...]], ...]  # place in the input → the model's outputs for its tag

    @property
    def lengths(self) -> list[int]:
        return [len(row) for row in self.inputs]

    def batch(self, places: Sequence[Place]) -> Batch:
        """*Shape:* wanted (batch, seq, outputs), all False where nothing is asked."""
        rows = rows_of(places)
        tensors = self.loaded.tensors([self.inputs[row] for row in rows])
        outputs = len(self.loaded.model.config.id2label or {})
        wanted = torch.zeros(*tensors["input_ids"].shape, outputs, dtype=torch.bool)
        for index, row in enumerate(rows):
            for place, columns in self.wanted[row].items():
                wanted[index, place, list(columns)] = True
        return {**tensors, "wanted": wanted}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean over the asked places. *Shape:* ()."""
        logits, wanted = model(**model_inputs(batch)).logits, batch["wanted"]
        asked = wanted.any(dim=-1)  # (batch, seq)
        return wanted_loss(logits[asked], wanted[asked]).mean() if asked.any() else logits.sum() * 0.0


def ner_goal(rows: Sequence[NerRow], loaded: LoadedModel) -> NerGoal:
    """Prepare all rows. Each word is asked for once, in the window that has most context around it.

    Raises:
        ModelError: `unknown_labels`.
    """
    tags = model_tags(loaded)
    room = loaded.window - loaded.tokenizer.special_count()
    inputs: list[ModelInput] = []
    wanted: list[dict[int, tuple[int, ...]]] = []
    for row, pieces in zip(rows, loaded.tokenizer.pieces([row.text for row in rows]), strict=True):
        of_piece = piece_columns(pieces, row, tags)
        parts = list(windows(len(pieces), size=room, overlap=room // OVERLAP_SHARE)) if len(pieces) else []
        for part, owned in zip(parts, owned_pieces(parts), strict=True):
            made = loaded.tokenizer.assemble(pieces.ids[part.start : part.stop])
            inputs.append(made)
            wanted.append({made.first.start + piece - part.start: of_piece[piece] for piece in owned if piece in of_piece})
    return NerGoal(loaded=loaded, inputs=tuple(inputs), wanted=tuple(wanted))


def piece_columns(pieces: Pieces, row: NerRow, tags: TagSet) -> dict[int, tuple[int, ...]]:
    """For the first piece of each word, the model's outputs that are right."""
    units = word_units(pieces)
    found = [OUTSIDE] * len(units)
    for entity in row.entities:
        inside = [i for i, unit in enumerate(units) if _touches(pieces, unit, entity.start, entity.end) and found[i] == OUTSIDE]
        if entity.label is not None:
            for place, index in enumerate(inside):
                found[index] = tag_of(entity.label, tags, first=place == 0, last=place == len(inside) - 1)
    columns = dict(zip(tags.tags, tags.columns, strict=True))
    return {unit.start: columns[tag] for unit, tag in zip(units, found, strict=True)}


def tag_of(label: EntityLabel, tags: TagSet, *, first: bool, last: bool) -> Tag:
    """The tag that the model has for a word of an entity; `first` and `last` say where in it the word stands."""
    order = ("U" if first and last else "", "L" if last and not first else "", "B" if first else "I", "X", "I", "B")
    return next(tag for position in order if position and (tag := Tag(position, label)) in tags.tags)


def knows(tags: TagSet, rows: Sequence[NerRow]) -> bool:
    """Whether the tags name every label of the rows, and what is none."""
    labels = {entity.label for row in rows for entity in row.entities} - {None}
    return OUTSIDE in tags.tags and labels <= {tag.label for tag in tags.tags}


def _touches(pieces: Pieces, unit: range, start: int, end: int) -> bool:
    return pieces.offsets[unit.start][0] < end and pieces.offsets[unit.stop - 1][1] > start
