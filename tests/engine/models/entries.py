"""Catalog rows for the tiny checkpoints of these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from engine.catalog import CatalogEntry
from engine.contract import Task
from engine.models.loaded import LoadedModel
from engine.models.loading import load_model

CPU = torch.device("cpu")


def row(task: Task, folder: Path, **options: Any) -> CatalogEntry:
    given = {"languages": ("ja", "en", "mixed"), "licence": "MIT", "window": 64, **options}
    return CatalogEntry(task=task, model=folder, **given)


def load(task: Task, folder: Path, **options: Any) -> LoadedModel:
    return load_model(row(task, folder, **options), device=CPU)


def logits(loaded: LoadedModel, text: str) -> torch.Tensor:
    """*Shape:* (outputs,) for a classifier, (seq, outputs) for a tagger."""
    [pieces] = loaded.tokenizer.pieces([text])
    [(_, output)] = loaded.forward_batches([loaded.tokenizer.assemble(pieces.ids)])
    found: torch.Tensor = output.logits[0]
    return found
