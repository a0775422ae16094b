"""Trains one task on the shared encoder: a LoRA adapter (Hu et al. 2021) and a head, saved as a peft folder."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model, load_peft_weights, set_peft_model_state_dict
from torch.utils.data import IterableDataset
from transformers import BertConfig, PreTrainedModel

from engine.models.int8 import from_folder
from engine.pack.batches import Batch
from engine.pack.running import Run, train

LORA_TARGETS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
LORA_RANK = 32


def without_dropout(config: BertConfig, *, dropout: float = 0.0) -> BertConfig:
    """Dropout costs a third of the time on a CPU; `dropout` sets that of hidden states, that of attention is none."""
    config.hidden_dropout_prob, config.attention_probs_dropout_prob = dropout, 0.0
    return config


def encoder_with_head(
    kind: type[PreTrainedModel], encoder: Path, *, labels: Sequence[str] = (), dropout: float = 0.0, **options: Any
) -> PreTrainedModel:
    """The shared encoder under a fresh head of class `kind`."""
    config = without_dropout(BertConfig.from_pretrained(encoder), dropout=dropout)
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
    model: PreTrainedModel = from_folder(kind, encoder, config=config, dtype=torch.float32, **options)
    return model


def with_matrices(model: PreTrainedModel, *, heads: Sequence[str], rank: int = LORA_RANK) -> PeftModel:
    """The model with LoRA matrices, which change nothing yet, on every linear layer; `heads` are trained in full."""
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=LORA_TARGETS, modules_to_save=list(heads) or None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a name that is about to change
        return get_peft_model(model, lora)


def train_adapter(
    model: PreTrainedModel,
    stream: IterableDataset[Batch],
    *,
    run: Run,
    heads: Sequence[str],
    rank: int = LORA_RANK,
    go_on_from: Path | None = None,
    matrices_from: Path | None = None,
) -> PeftModel:
    """Train LoRA matrices on every linear layer and the modules named in `heads` in full.

    `go_on_from` is a peft folder whose weights are the start, instead of an adapter that changes nothing yet; of `matrices_from` only the
    LoRA matrices are, for its head is another.
    """
    adapted = with_matrices(model, heads=heads, rank=rank)
    if go_on_from:
        set_peft_model_state_dict(adapted, load_peft_weights(str(go_on_from), device="cpu"))
    if matrices_from:
        _take_matrices(adapted, matrices_from)
    train(adapted, stream, run=run)
    return adapted


def _take_matrices(adapted: PeftModel, folder: Path) -> None:
    weights = {name: tensor for name, tensor in load_peft_weights(str(folder), device="cpu").items() if ".lora_" in name}
    named = {f"{name.removesuffix('.weight')}.default.weight": tensor for name, tensor in weights.items()}
    foreign = adapted.load_state_dict(named, strict=False).unexpected_keys
    if foreign or not named:
        raise ValueError(f"{folder} is no adapter of this encoder: {foreign[:3] or 'no LoRA matrices in it'}")


def save_adapter(adapted: PeftModel, folder: Path) -> None:
    """Write adapter and head as fp16 safetensors, with a config.json that names the labels."""
    adapted.half()
    adapted.peft_config["default"].base_model_name_or_path = "../encoder"
    adapted.save_pretrained(str(folder), save_embedding_layers=False)
    adapted.float()
    base: Any = adapted.get_base_model()
    base.config.save_pretrained(folder)


def soft_targets(label: int, *, count: int, certainty: float = 0.95) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A label-smoothed distribution over `count` classes. *Shape:* (count,)."""
    row = np.full(count, (1 - certainty) / (count - 1), dtype=np.float32)
    row[label] = certainty
    return row
