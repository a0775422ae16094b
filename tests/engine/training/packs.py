"""A tiny pack that learns easily: as the bundled one, but calmer than the one whose random answers must differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedModel,
)

from tests.support.checkpoints import ENTITY_TAGS, LORA_TARGETS, SENTIMENTS, make, tiny_config, write_vocabulary

SPREAD = 0.1


def write_calm_pack(folder: Path) -> Path:
    """An encoder and its four adapters, without dropout."""
    make(BertForMaskedLM, _config()).save_pretrained(folder / "encoder")
    write_vocabulary(folder / "encoder")
    _write_adapter(folder, "sentiment", BertForSequenceClassification, labels=SENTIMENTS, heads=["classifier", "pooler"])
    _write_adapter(folder, "ner", BertForTokenClassification, labels=ENTITY_TAGS, heads=["classifier"])
    _write_adapter(folder, "ask", BertForQuestionAnswering, heads=["qa_outputs"])
    _write_adapter(folder, "similar", BertModel)
    return folder


def _config(labels: Sequence[str] = ()):  # type: ignore[no-untyped-def]  # transformers' own configuration
    config = tiny_config(labels=labels, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    config.initializer_range = SPREAD
    return config


def _write_adapter(pack: Path, name: str, kind: type[PreTrainedModel], *, labels: Sequence[str] = (), heads: Sequence[str] = ()) -> None:
    model = kind.from_pretrained(pack / "encoder", config=_config(labels), dtype=torch.float32)
    torch.manual_seed(1)
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=LORA_TARGETS, modules_to_save=list(heads) or None))
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=SPREAD / 2)
    adapted.peft_config["default"].base_model_name_or_path = "../encoder"
    adapted.save_pretrained(pack / name, save_embedding_layers=False)
    adapted.get_base_model().config.save_pretrained(pack / name)
