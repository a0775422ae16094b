"""Quicker steps on a CPU compute what plain ones compute, up to rounding, and leave the model as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import Tensor
from transformers import BertConfig, BertForTokenClassification

from engine.pack import quick
from engine.pack.adapters import with_matrices
from engine.pack.quick import quick_steps


@pytest.fixture
def model() -> PeftModel:
    torch.manual_seed(5)
    config = BertConfig(vocab_size=90, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    config.num_labels = 3
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    adapted = with_matrices(BertForTokenClassification(config), heads=["classifier"], rank=4)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # nothing but zeros, at the start of training
            torch.nn.init.normal_(parameter, std=0.1)
    return adapted.train()


def a_batch(*, padded: bool) -> dict[str, Tensor]:
    ids = torch.randint(5, 90, (6, 12), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    if padded:
        mask[1, 7:] = mask[4, 2:] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": (ids % 3).masked_fill(mask == 0, -100)}


def gradients(model: PeftModel, batch: dict[str, Tensor]) -> tuple[float, dict[str, Tensor]]:
    model.zero_grad()
    loss: Any = model(**batch).loss
    loss.backward()
    return loss.item(), {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("most_scores", [1_500_000, 2 * 4 * 12 * 12])  # all texts at once; two at a time
def test_gradients_are_those_of_plain_steps(model: PeftModel, monkeypatch: pytest.MonkeyPatch, padded: bool, most_scores: int) -> None:
    monkeypatch.setattr(quick, "MOST_SCORES", most_scores)
    plain_loss, plain = gradients(model, a_batch(padded=padded))
    with quick_steps(model), torch.autocast("cpu", dtype=torch.bfloat16):
        loss, found = gradients(model, a_batch(padded=padded))
    assert loss == pytest.approx(plain_loss, rel=0.01)
    assert found.keys() == plain.keys()
    for name, gradient in plain.items():
        assert torch.nn.functional.cosine_similarity(found[name].flatten(), gradient.flatten(), dim=0) > 0.995, name
        assert float(found[name].norm() / gradient.norm()) == pytest.approx(1, abs=0.05), name


def test_the_model_is_left_as_it_was(model: PeftModel) -> None:
    before = gradients(model, a_batch(padded=True))
    with quick_steps(model):
        assert model.config._attn_implementation == quick.ATTENTION
    again = gradients(model, a_batch(padded=True))
    assert model.config._attn_implementation == "sdpa"
    assert again[0] == before[0]
    assert all(torch.equal(again[1][name], gradient) for name, gradient in before[1].items())
