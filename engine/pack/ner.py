"""Trains the entity adapter on Japanese and English sets together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertForTokenClassification

from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.batches import Batch, BatchStream, Build, MixedStream
from engine.pack.data import DataFolder
from engine.pack.ragged import Arrays, Ragged, Stored, pad_rows
from engine.pack.running import Run
from engine.pack.written import written_names
from engine.tokenization.pieces import Pieces, TextTokenizer

TYPES = ("PER", "ORG", "LOC", "MISC")
LABELS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
MAX_PIECES = 200
NO_LABEL = 255
LOWERED = 6  # one in so many English rows is also read in lower case, as people type
WRITTEN_SHARE = 0.25  # of the batches, once it learns from lines that were written for Yomite
REPEATS = {"ja/stockmark": 2, "ja/gsd": 2, "en/wnut17": 2, "en/btc": 1, "en/wikigold": 1}


def piece_labels(pieces: Pieces, entities: list[dict[str, Any]]) -> list[int]:
    """BIO label ids for each piece; entities without one of the four types are O."""
    labels = [0] * len(pieces)
    for entity in entities:
        if entity["label"] is None:
            continue
        inside = [i for i, (start, end) in enumerate(pieces.offsets) if start < entity["end"] and end > entity["start"]]
        for place, index in enumerate(inside):
            labels[index] = LABELS.index(f"{'I' if place else 'B'}-{entity['label']}")
    return labels


def with_dots(row: dict[str, Any]) -> dict[str, Any] | None:
    """The row with its first name of two or three capitals written with dots (UK → U.K.), as the sets rarely do; None without one."""
    for entity in row["entities"]:
        start, end = entity["start"], entity["end"]
        name = row["text"][start:end]
        if entity["label"] and re.fullmatch("[A-Z]{2,3}", name):
            dotted = "".join(f"{letter}." for letter in name)
            longer = len(dotted) - len(name)
            moved = [
                {**other, "start": other["start"] + longer * (other["start"] > start), "end": other["end"] + longer * (other["end"] >= end)}
                for other in row["entities"]
            ]
            return {**row, "text": row["text"][:start] + dotted + row["text"][end:], "entities": moved}
    return None


def prepare_entities(data: DataFolder, cutter: TextTokenizer) -> Stored:
    """Pieces and BIO labels (a special token's is NO_LABEL) of every row to learn from."""
    rows = [row for name, repeats in REPEATS.items() for row in data.rows(f"ner/{name}-train") * repeats]
    rows += [dotted for row in rows if (dotted := with_dots(row))]
    rows += [{**row, "text": row["text"].lower()} for row in rows[::LOWERED] if row["text"].isascii()]
    return _cut(rows, cutter)


def prepare_written_names(cutter: TextTokenizer) -> Stored:
    """The lines that were written for Yomite, in the same form."""
    return _cut([asdict(row) for row in written_names()], cutter)


def _cut(rows: Sequence[dict[str, Any]], cutter: TextTokenizer) -> Stored:
    ids, labels = [], []
    for row, cut in zip(rows, cutter.pieces([row["text"] for row in rows]), strict=True):
        ids.append(cutter.assemble(cut.ids[:MAX_PIECES]).ids)
        labels.append([NO_LABEL, *piece_labels(cut, row["entities"])[:MAX_PIECES], NO_LABEL])
    return {"ids": Ragged.of(ids), "labels": Ragged.of(labels)}


def label_rows(labels: Ragged, rows: list[int], *, width: int) -> torch.Tensor:
    """Padded labels, -100 where none is asked. *Shape:* (rows, width)."""
    padded = pad_rows([labels[i] for i in rows], value=NO_LABEL, width=width)
    return padded.masked_fill(padded == NO_LABEL, -100)


def train_ner(texts: Arrays, *, encoder: Path, out: Path, run: Run, go_on: bool = False, written: Arrays | None = None) -> None:
    """Train and save the entity adapter; `WRITTEN_SHARE` of the batches are of what was `written`."""
    parts = [texts, *([written] if written else [])]
    streams = [BatchStream(part.ragged("ids").lengths, _batches(part), budget=run.tokens // 2) for part in parts]
    shares = (1 - WRITTEN_SHARE, WRITTEN_SHARE) if written else (1.0,)
    stream = MixedStream(streams, shares=shares, seed=12 + run.seed)
    model = encoder_with_head(BertForTokenClassification, encoder, labels=LABELS, dropout=run.dropout)
    adapted = train_adapter(model, stream, run=run, heads=["classifier"], go_on_from=out if go_on else None)
    save_adapter(adapted, out)


def _batches(texts: Arrays) -> Build:
    ids, labels = texts.ragged("ids"), texts.ragged("labels")

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        input_ids = pad_rows([ids[i] for i in rows], width=width)
        return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "labels": label_rows(labels, rows, width=width)}

    return build
