"""Trains the sentiment adapter on both languages, with English judgements carried to Japanese by the bilingual teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

from engine.training.adapters import encoder_with_head, save_adapter, soft_targets, train_adapter
from engine.training.batches import Batch, BatchStream, pad
from engine.training.data import DataFolder, held_out
from engine.training.teachers import encode_with_muse

LABELS = ("negative", "neutral", "positive")
MAX_PIECES = 160
CARRIED_PER_LABEL = 8_000
# How often each set is read in an epoch.
REPEATS = {"sst2": 1, "sentence-polarity": 1, "xed": 1, "chabsa": 3, "naist-dialogue": 2}


class SoftLabelClassifier(BertForSequenceClassification):
    """A sequence classifier trained on probability targets. *Shape:* labels (batch, classes)."""

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None, **options: torch.Tensor):  # type: ignore[no-untyped-def]  # transformers' own output class
        output = super().forward(input_ids=input_ids, **options)
        if labels is not None:
            output.loss = functional.cross_entropy(output.logits.float(), labels)
        return output


def labelled_rows(data: DataFolder) -> list[tuple[str, int]]:
    """(text, label index) of every training set; the Japanese held-out tenth is left out."""
    rows: list[tuple[str, int]] = []
    for name, repeats in REPEATS.items():
        language = "ja" if name in ("chabsa", "naist-dialogue") else "en"
        found = data.rows(f"sentiment/{language}/{name}-train")
        kept = [(r["text"], LABELS.index(r["label"])) for r in found if language == "en" or not held_out(r["text"])]
        rows += kept * repeats
    return rows


def carried_rows(data: DataFolder, muse: Path) -> list[tuple[str, int]]:
    """Everyday Japanese sentences that a linear model on the bilingual teacher's vectors, fitted on English, is sure about."""
    english = data.rows("sentiment/en/sentence-polarity-train") + data.rows("sentiment/en/sst2-train")[::4]
    english += [row for row in data.rows("sentiment/en/xed-train") if row["label"] != "neutral"]
    judge = LogisticRegression(max_iter=200, C=5.0)
    judge.fit(encode_with_muse(muse, [row["text"] for row in english]), [row["label"] == "positive" for row in english])
    japanese = list(dict.fromkeys(row["ja"] for row in data.rows("parallel/en-ja-train")))
    positive = judge.predict_proba(encode_with_muse(muse, japanese))[:, 1]
    order = np.argsort(positive)
    low, high = order[:CARRIED_PER_LABEL], order[-CARRIED_PER_LABEL:]
    return [(japanese[i], 0) for i in low] + [(japanese[i], 2) for i in high]


def train_sentiment(
    data: DataFolder,
    tokenizer: PreTrainedTokenizerFast,
    *,
    encoder: Path,
    muse: Path,
    run_folder: Path,
    out: Path,
    steps: int,
    go_on: bool = False,
) -> None:
    """Train and save the sentiment adapter."""
    rows = labelled_rows(data) + carried_rows(data, muse)
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=MAX_PIECES)["input_ids"]
    targets = np.stack([soft_targets(label, count=len(LABELS)) for _, label in rows])

    def build(batch: list[int], _: np.random.Generator) -> Batch:
        input_ids = pad([ids[i] for i in batch])
        return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "labels": torch.from_numpy(targets[batch])}

    stream = BatchStream([len(row) for row in ids], build, budget=2_048, seed=11 + 100 * go_on)
    model = encoder_with_head(SoftLabelClassifier, encoder, labels=LABELS)
    adapted = train_adapter(
        model, stream, run_folder=run_folder, steps=steps, heads=["classifier", "pooler"], go_on_from=out if go_on else None
    )
    save_adapter(adapted, out)
