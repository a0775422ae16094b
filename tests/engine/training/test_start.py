"""What is trained can be put back as it was at first, from memory or from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertForMaskedLM

from engine.training import start
from engine.training.lora import trainable
from engine.training.start import FILE, Start
from tests.support.checkpoints import make, tiny_config


@pytest.mark.parametrize("rank", [4, None], ids=["lora", "full"])
@pytest.mark.parametrize("in_memory", [True, False], ids=["memory", "disk"])
def test_trained_weights_are_put_back_as_they_were(
    rank: int | None, in_memory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "LARGEST_IN_MEMORY", 2**26 if in_memory else 0)
    model = trainable(make(BertForMaskedLM, tiny_config()), rank=rank, head=False)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    kept = Start.keep(model, tmp_path)
    assert (tmp_path / FILE).exists() != in_memory
    for weight in model.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight)
    assert not all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    kept.put_back(model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
