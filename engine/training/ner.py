"""Trains the entity adapter on Japanese and English sets together; the case of letters is given as token types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertForTokenClassification, PreTrainedTokenizerFast

from engine.tokenization.pieces import Pieces, TextTokenizer, case_types
from engine.training.adapters import encoder_with_head, save_adapter, train_adapter
from engine.training.batches import Batch, BatchStream, pad
from engine.training.data import DataFolder

TYPES = ("PER", "ORG", "LOC", "MISC")
LABELS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
MAX_PIECES = 200
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


def train_ner(
    data: DataFolder, tokenizer: PreTrainedTokenizerFast, *, encoder: Path, run_folder: Path, out: Path, steps: int, go_on: bool = False
) -> None:
    """Train and save the entity adapter."""
    rows = [row for name, repeats in REPEATS.items() for row in data.rows(f"ner/{name}-train") * repeats]
    rows += [dotted for row in rows if (dotted := with_dots(row))]
    cutter = TextTokenizer(tokenizer)
    pieces = cutter.pieces([row["text"] for row in rows])
    ids, types, labels = [], [], []
    for row, cut in zip(rows, pieces, strict=True):
        marks = piece_labels(cut, row["entities"])[:MAX_PIECES]
        model_input = cutter.assemble(cut.ids[:MAX_PIECES])
        ids.append(model_input.ids)
        types.append([0, *case_types(cut)[:MAX_PIECES], 0])
        labels.append([-100, *marks, -100])

    def build(batch: list[int], _: np.random.Generator) -> Batch:
        input_ids = pad([ids[i] for i in batch])
        return {
            "input_ids": input_ids,
            "attention_mask": (input_ids != 0).long(),
            "token_type_ids": pad([types[i] for i in batch]),
            "labels": pad([labels[i] for i in batch], value=-100),
        }

    stream = BatchStream([len(row) for row in ids], build, budget=2_048, seed=12 + 100 * go_on)
    model = encoder_with_head(BertForTokenClassification, encoder, labels=LABELS)
    types_of_case: Any = model.base_model.get_submodule("embeddings.token_type_embeddings")
    with torch.no_grad():
        types_of_case.weight[1] = types_of_case.weight[0] + 0.02 * torch.randn_like(types_of_case.weight[0])
    adapted = train_adapter(
        model, stream, run_folder=run_folder, steps=steps, heads=["classifier", "token_type_embeddings"], go_on_from=out if go_on else None
    )
    save_adapter(adapted, out)
