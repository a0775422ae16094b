"""Pairs that nobody graded, graded by models, for the similarity adapter to learn from (Thakur et al. 2021, "Augmented SBERT").

A cross-encoder reads both sentences of a pair at once and sees what two vectors cannot hold. It and the vectors are wrong about different
pairs: the mean of both ranks better than either, and that mean is what `similar` learns from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch.nn import functional
from transformers import BertForSequenceClassification

from engine.pack.adapters import encoder_with_head, train_adapter
from engine.pack.batches import Batch, BatchStream, of_like_length
from engine.pack.ragged import Arrays, Ids, Ragged, Stored, pad_rows
from engine.pack.running import Run
from engine.pack.similar import HIGHEST_GRADE, SETS, TEXTS_AT_ONCE, PairModel, pooled_vectors

NEAREST = 20  # candidates lie among so many neighbours of a text, the nearest most often
NEAR_SHARE = 0.15  # of the geometric distribution by which they are drawn
# Of the texts of some sets: how many neighbours each is paired with, and the share of texts that are also paired with any other.
DRAWN = {("jsts",): (3, 0.3), ("stsb-ja", "stsb-en", "stsb-across"): (3, 0.2)}
STEP = 0.2  # of grades, as people gave them: closer ones are not ranked

Pair = tuple[int, int]  # places of two texts


class CrossEncoder(BertForSequenceClassification):
    """The grade of a pair that is read as one text. *Shape:* labels (batch,), 0..1, of which the logit is learnt."""

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None, **options: torch.Tensor):  # type: ignore[no-untyped-def]  # transformers' own output class
        output = super().forward(input_ids=input_ids, **options)
        if labels is not None:
            output.loss = functional.binary_cross_entropy_with_logits(output.logits.float().squeeze(-1), labels)
        return output


@dataclass(frozen=True)
class Texts:
    """The different texts of some sets, and their normalised vectors. *Shape:* vectors (texts, width)."""

    ids: list[Ids]
    vectors: torch.Tensor

    def cosine(self, pair: Pair) -> float:
        """Of the vectors of two texts."""
        return float(self.vectors[pair[0]] @ self.vectors[pair[1]])


def train_cross_encoder(texts: Arrays, *, encoder: Path, answering: Path, run: Run) -> PeftModel:
    """Learn the graded pairs, in both orders, from the adapter that answers questions: it has learnt to compare two texts."""
    first, second, grades = texts.ragged("first"), texts.ragged("second"), texts.array("grades").astype(np.float32)
    graded = int((~np.isnan(grades)).sum())  # they come first

    def build(rows: list[int], generator: np.random.Generator, *, width: int) -> Batch:
        swapped = generator.random(len(rows)) < 0.5
        pairs = [(second[i], first[i]) if swap else (first[i], second[i]) for i, swap in zip(rows, swapped, strict=True)]
        return {**as_one_text(pairs, width=width), "labels": torch.from_numpy(grades[rows] / HIGHEST_GRADE)}

    lengths = (first.lengths + second.lengths - 1)[:graded]
    model = encoder_with_head(CrossEncoder, encoder, labels=["grade"], dropout=run.dropout)
    stream = BatchStream(lengths, build, budget=run.tokens // 2, seed=17 + run.seed)
    return train_adapter(model, stream, run=run, heads=["classifier", "pooler"], matrices_from=answering)


def as_one_text(pairs: Sequence[tuple[Ids, Ids]], *, width: int | None = None) -> Batch:
    """Each pair behind each other, the second text without its first piece. *Shapes:* (pairs, width)."""
    input_ids = pad_rows([np.concatenate([a, b[1:]]) for a, b in pairs], width=width)
    types = pad_rows([[0] * len(a) + [1] * (len(b) - 1) for a, b in pairs], width=width)
    return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "token_type_ids": types}


def grade_pairs(texts: Arrays, cross: PeftModel, *, encoder: Path, similar: Path) -> Stored:
    """New pairs of the sets' texts with the mean of both models' grades; `similar` is the adapter whose vectors are the other model."""
    bare: Any = encoder_with_head(PairModel, encoder, add_pooling_layer=False)
    vectors: Any = PeftModel.from_pretrained(bare, str(similar)).merge_and_unload().to(cross.device)
    generator = np.random.default_rng(18)
    firsts, seconds, grades = [], [], []
    for sets, (near, far) in DRAWN.items():
        ids, known, known_grades = texts_of(texts, sets)
        found = Texts(ids, functional.normalize(pooled_vectors(vectors, ids), dim=-1))
        drawn = {turned(pair) for pair in candidates(found, generator, near=near, far=far)}
        pairs = sorted(drawn - {turned(pair) for pair in known})
        # What a cosine is worth in grades, by the pairs that people graded.
        slope, base = np.polyfit([found.cosine(pair) for pair in known], known_grades, 1)
        by_vectors = np.clip(slope * np.array([found.cosine(pair) for pair in pairs]) + base, 0, HIGHEST_GRADE)
        by_both = (by_vectors + HIGHEST_GRADE * shares(cross, [(ids[a], ids[b]) for a, b in pairs])) / 2
        firsts += [ids[a] for a, _ in pairs]
        seconds += [ids[b] for _, b in pairs]
        grades.append((by_both / STEP).round() * STEP)
    return {"first": Ragged.of(firsts), "second": Ragged.of(seconds), "grades": np.concatenate(grades).astype(np.float32)}


def turned(pair: Pair) -> Pair:
    """The same pair, the lower place first."""
    return min(pair), max(pair)


def texts_of(texts: Arrays, sets: Sequence[str]) -> tuple[list[Ids], list[Pair], list[float]]:
    """The different texts of some sets, their pairs as places among them, and the pairs' grades."""
    first, second, grades = texts.ragged("first"), texts.ragged("second"), texts.array("grades")
    places: dict[bytes, int] = {}
    ids: list[Ids] = []

    def place(row: Ids) -> int:
        if row.tobytes() not in places:
            places[row.tobytes()] = len(ids)
            ids.append(row)
        return places[row.tobytes()]

    rows = np.flatnonzero(np.isin(texts.array("sets"), [SETS.index(name) for name in sets])).tolist()
    pairs = [(place(first[row]), place(second[row])) for row in rows]
    return ids, pairs, [float(grades[row]) for row in rows]


def candidates(texts: Texts, generator: np.random.Generator, *, near: int, far: float) -> Iterator[Pair]:
    """Pairs to be graded: each text with at most `near` of its neighbours, and the share `far` of the texts (0..1) with any other."""
    count = len(texts.ids)
    for start in range(0, count, TEXTS_AT_ONCE):
        likeness = texts.vectors[start : start + TEXTS_AT_ONCE] @ texts.vectors.T
        for text, row in enumerate(likeness.topk(min(NEAREST + 1, count)).indices.tolist(), start=start):
            neighbours = [other for other in row if other != text]
            drawn = np.minimum(generator.geometric(NEAR_SHARE, size=near) - 1, len(neighbours) - 1)
            yield from ((text, neighbours[place]) for place in set(drawn.tolist()))
            other = int(generator.integers(count))
            if generator.random() < far and other != text:
                yield text, other


def shares(cross: PeftModel, pairs: Sequence[tuple[Ids, Ids]]) -> NDArray[np.float64]:
    """The cross-encoder's grades. *Shape:* (pairs,), 0..1."""
    cross.eval()
    found = np.empty(len(pairs))
    with torch.no_grad():
        for places in of_like_length([len(a) + len(b) for a, b in pairs], at_once=TEXTS_AT_ONCE):
            batch = {name: tensor.to(cross.device) for name, tensor in as_one_text([pairs[place] for place in places]).items()}
            found[places] = cross(**batch).logits.float().squeeze(-1).sigmoid().cpu().numpy()
    return found
