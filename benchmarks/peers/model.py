"""The model that every peer serves: sentence vectors as a careful person would make them, one text or many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

FORWARD_TEXTS = 32  # in one forward pass, texts of like length together
WINDOW = 256  # pieces; what the model's sentence-transformers folder says


class Vectors:
    """A loaded model. In one process; torch takes as many threads as OMP_NUM_THREADS says."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def of(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of unit norm for each text."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: list[list[float]] = [[]] * len(texts)
        for start in range(0, len(order), FORWARD_TEXTS):
            rows = order[start : start + FORWARD_TEXTS]
            for row, vector in zip(rows, self._forward([texts[i] for i in rows]), strict=True):
                found[row] = vector
        return found

    def _forward(self, texts: list[str]) -> list[list[float]]:
        batch = self._tokenizer(texts, padding=True, truncation=True, max_length=WINDOW, return_tensors="pt")
        with torch.inference_mode():
            hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1)
            vectors: list[list[float]] = torch.nn.functional.normalize(mean, dim=-1).tolist()
        return vectors
