"""Trains the pack's shared encoder on all goals together."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.pack.adapters import without_dropout
from engine.pack.ask import Answers
from engine.pack.batches import Batch, BatchStream, Build, JoinedStream
from engine.pack.e5 import Multilingual
from engine.pack.goals import BilingualEncoder
from engine.pack.ner import label_rows
from engine.pack.ragged import Arrays, pad_rows
from engine.pack.running import Run, train
from engine.reference.masking import NOT_ASKED, mask_words

# Padded tokens of a goal's batch, as shares of the run's.
SHARES = {"words": 1.2, "translations": 0.6, "meaning": 0.5, "order": 0.4, "answers": 0.7, "entities": 0.4, "feelings": 0.4}
MOST_ASKED = 0.16  # of the pieces of a batch; masking asks for .15
# Words are guessed in each step; beside that the other goals take turns.
TURNS = ("answers", "translations", "meaning", "answers", "entities", "translations", "answers", "feelings", "order")


class Vocabulary:
    """What masking must know of the pieces, in id order: which go on with a word, which are special."""

    def __init__(self, pieces: list[str], *, specials: int = 5) -> None:
        self.continues = np.array([piece.startswith("##") for piece in pieces])
        self.special = list(range(specials))
        self.mask, self.first, self.separator = (pieces.index(piece) for piece in ("[MASK]", "[CLS]", "[SEP]"))


def goals(prepared: Path, vocabulary: Vocabulary, *, tokens: int) -> dict[str, BatchStream]:
    """All goals, over the arrays that lie in `prepared`; a step takes about `tokens` padded tokens of running text."""

    def goal(name: str, lengths: NDArray[np.int64], build: Build, *, texts: int = 1) -> BatchStream:
        return BatchStream(lengths, build, budget=round(tokens * SHARES[name]), texts=texts)

    pairs = Arrays(prepared / "translations.npz")
    words = Arrays(prepared / "words.npz")
    answers = Answers(Arrays(prepared / "answers.npz"), first=vocabulary.first, separator=vocabulary.separator)
    longer = np.maximum(pairs.ragged("english").lengths, pairs.ragged("japanese").lengths)
    found = {
        "translations": goal("translations", longer, _translations(pairs), texts=2),
        "words": goal("words", _every_block(words), _words(words, vocabulary)),
        "answers": goal("answers", answers.lengths, answers.batch),
    }
    for name, build in (("meaning", _meaning), ("order", _order), ("entities", _entities), ("feelings", _feelings)):
        arrays = Arrays(prepared / f"{name}.npz")
        lengths = arrays.ragged("first").lengths + arrays.ragged("second").lengths if name == "order" else arrays.ragged("ids").lengths
        found[name] = goal(name, lengths, build(arrays))
    return found


def _translations(pairs: Arrays) -> Build:
    english, japanese = pairs.ragged("english"), pairs.ragged("japanese")

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        return {"ids": pad_rows([english[i] for i in rows] + [japanese[i] for i in rows], width=width)}

    return build


def _meaning(texts: Arrays) -> Build:
    ids, teacher = texts.ragged("ids"), texts.array("teacher")

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        vectors = torch.from_numpy(teacher[rows].astype(np.float32))
        return {"ids": pad_rows([ids[i] for i in rows], width=width), "teacher": torch.nn.functional.normalize(vectors, dim=-1)}

    return build


def _every_block(words: Arrays) -> NDArray[np.int64]:
    """The length of each block, as often as it is read in an epoch."""
    return np.full(int(words.array("repeats").astype(np.int64).sum()), words.array("blocks").shape[1], dtype=np.int64)


def _words(words: Arrays, vocabulary: Vocabulary) -> Build:
    blocks, repeats = words.array("blocks"), words.array("repeats").astype(np.int64)
    owner = np.repeat(np.arange(len(blocks)), repeats)

    def build(rows: list[int], generator: np.random.Generator, *, width: int) -> Batch:
        ids, labels = mask_words(
            blocks[owner[rows]].astype(np.int64),
            continues=vocabulary.continues,
            special=vocabulary.special,
            mask_id=vocabulary.mask,
            generator=generator,
        )
        return {"ids": ids, **asked_places(labels, most=round(MOST_ASKED * len(rows) * width), generator=generator)}

    return build


def asked_places(labels: torch.Tensor, *, most: int, generator: np.random.Generator) -> Batch:
    """Where words are asked for, and which: always `most` places, so that every batch has one shape.

    Some are left out where there are more; where there are fewer, others stand for nothing (NOT_ASKED). *Shapes:* places and labels (most,).
    """
    flat = labels.flatten()
    places = (flat != NOT_ASKED).nonzero().squeeze(1)
    if len(places) > most:
        places = places[torch.from_numpy(np.sort(generator.choice(len(places), size=most, replace=False)))]
    missing = most - len(places)
    return {
        "places": torch.nn.functional.pad(places, (0, missing)),
        "labels": torch.nn.functional.pad(flat[places], (0, missing), value=NOT_ASKED),
    }


def _order(pairs: Arrays) -> Build:
    first, second, labels = pairs.ragged("first"), pairs.ragged("second"), pairs.array("labels").astype(np.int64)

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        ids = [np.concatenate([first[i], second[i][1:]]) for i in rows]  # [CLS] a [SEP] + b [SEP]
        types = [[0] * len(first[i]) + [1] * (len(second[i]) - 1) for i in rows]
        return {"ids": pad_rows(ids, width=width), "types": pad_rows(types, width=width), "labels": torch.from_numpy(labels[rows])}

    return build


def _entities(texts: Arrays) -> Build:
    ids, labels = texts.ragged("ids"), texts.ragged("labels")

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        return {"ids": pad_rows([ids[i] for i in rows], width=width), "labels": label_rows(labels, rows, width=width)}

    return build


def _feelings(texts: Arrays) -> Build:
    ids, labels = texts.ragged("ids"), texts.array("labels").astype(np.int64)

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        return {"ids": pad_rows([ids[i] for i in rows], width=width), "labels": torch.from_numpy(labels[rows])}

    return build


def start_encoder(source: Multilingual, rows: Sequence[Sequence[int]]) -> BilingualEncoder:
    """The multilingual model, each piece of the pack with the mean of some rows of its word embeddings; heads are fresh."""
    config = without_dropout(copy.deepcopy(source.config))
    config.vocab_size = len(rows)
    model = BilingualEncoder(config)
    words = torch.from_numpy(np.stack([source.words[list(parts)].mean(axis=0) for parts in rows]))
    report = model.bert.load_state_dict({**source.body, "embeddings.word_embeddings.weight": words}, strict=False)
    if report.missing_keys or report.unexpected_keys:
        raise ValueError(f"the source lacks {report.missing_keys} and has {report.unexpected_keys} too many")
    return model


def train_everything(model: BilingualEncoder, all_goals: Mapping[str, BatchStream], *, run: Run) -> None:
    """Train the whole encoder on all goals together."""
    train(model, JoinedStream(all_goals, always="words", turns=TURNS, seed=2), run=run)
