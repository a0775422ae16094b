"""Which weights are trained: LoRA matrices (Hu et al. 2021) on every linear layer and the head in full, or all of them."""

from __future__ import annotations

import warnings
from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

DROPOUT = 0.0  # on a CPU it would cost a fifth of the time


def trainable(model: PreTrainedModel, *, rank: int | None, head: bool = True) -> PreTrainedModel | PeftModel:
    """The model with the weights released that are to be trained; LoRA matrices are put into `model` itself.

    Args:
        rank: of the LoRA matrices; None: everything is trained.
        head: whether what stands on the body is trained in full. Else its inner layers get matrices as the body's.
    """
    if rank is None:
        model.requires_grad_(True)
        return model
    heads = head_names(model) if head else []
    targets = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and not _inside(name, heads)]
    output = model.get_output_embeddings()
    targets = [name for name in targets if model.get_submodule(name) is not output and "pooler" not in name]
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=DROPOUT, target_modules=targets, modules_to_save=heads or None)
    model.name_or_path = ""  # else peft asks the hub about it whenever a checkpoint is written
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a name that is about to change
        return get_peft_model(model, lora)


def merged(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """The model with its LoRA matrices added to its weights."""
    plain: Any = model.merge_and_unload() if isinstance(model, PeftModel) else model
    found: PreTrainedModel = plain.eval().requires_grad_(False)
    return found


def head_names(model: PreTrainedModel) -> list[str]:
    """The modules with weights that stand on the model's body; a pooler that the head reads is one of them."""
    body = model.base_model
    if body is model:
        return []
    names = [name for name, child in model.named_children() if child is not body and any(True for _ in child.parameters())]
    pooler = getattr(body, "pooler", None)
    return [*names, f"{model.base_model_prefix}.pooler"] if isinstance(pooler, nn.Module) else names


def _inside(name: str, heads: list[str]) -> bool:
    return any(name == head or name.startswith(f"{head}.") for head in heads)
