"""Quicker steps on a CPU that computes bf16: linear layers with their LoRA matrices in one product, and attention that stays in the cache.

Of the layers' dropout those of hidden states alone are computed: attention's and LoRA's are none in the pack (engine/pack/adapters.py).

What is computed is the same up to rounding. PyTorch's own attention for CPUs takes a third of a step, most of it in its gradient, and peft
multiplies by the two thin matrices of each layer beside the layer's own (docs/en/pack.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

from engine.models.attention import attention_by

ATTENTION = "yomite_quick"
ADAPTER = "default"  # peft's name of the only adapter
MOST_SCORES = 1_500_000  # of attention, worked on at once: 3 MB
MOST_NEGATIVE = -1e4  # what masks a score; no infinity, so that a row of nothing but padding has no NaN


@contextmanager
def quick_steps(model: nn.Module) -> Iterator[None]:
    """Inside, `model` takes quicker steps under bf16 autocast; nothing changes for one that is not of transformers or peft."""
    if not isinstance(model, PreTrainedModel | PeftModel):
        yield
        return
    adapted = [module for module in model.modules() if isinstance(module, LoraLinear)]
    AttentionInterface.register(ATTENTION, _attention)
    AttentionMaskInterface.register(ATTENTION, eager_mask)
    for module in adapted:
        module.forward = partial(_adapted_linear, module)  # type: ignore[method-assign]  # of this object alone
    try:
        with attention_by(model, ATTENTION):
            yield
    finally:
        for module in adapted:
            del module.forward


def _adapted_linear(layer: LoraLinear, x: Tensor) -> Tensor:
    base: Any = layer.get_base_layer()
    down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
    found: Tensor = AdaptedLinear.apply(x.bfloat16(), base.weight, base.bias, down, up, layer.scaling[ADAPTER])  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
    return found


class AdaptedLinear(torch.autograd.Function):
    """x (W + s·B·A)ᵀ + b, in bf16; W and b are frozen, and the gradients of A and B go through their rank.

    *Shapes:* x (…, columns), weight (rows, columns), bias (rows,), down A (rank, columns), up B (rows, rank) → (…, rows).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, down: Tensor, up: Tensor, scale: float) -> Tensor:
        merged = torch.addmm(weight, up, down, alpha=scale).bfloat16()
        flat = x.reshape(-1, x.shape[-1])
        ctx.save_for_backward(flat, merged, down, up)
        ctx.scale = scale
        return torch.addmm(bias.bfloat16(), flat, merged.T).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, None, Tensor, Tensor, None]:
        flat, merged, down, up = ctx.saved_tensors
        of_rows = gradient.reshape(-1, gradient.shape[-1])
        of_x = (of_rows @ merged).view(*gradient.shape[:-1], -1) if ctx.needs_input_grad[0] else None
        of_down = (of_rows @ up.bfloat16()).T @ flat
        of_up = of_rows.T @ (flat @ down.bfloat16().T)
        return of_x, None, None, ctx.scale * of_down.float(), ctx.scale * of_up.float(), None


class ChunkedAttention(torch.autograd.Function):
    """softmax(q·kᵀ/√d + mask)·v, of a few texts at a time (Vaswani et al. 2017; the gradient of softmax as in any textbook).

    *Shapes:* q, k, v (batch, heads, seq, d); mask (batch, 1, 1, seq), added to scores, or None → (batch, seq, heads, d).
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        batch, heads, seq, d = q.shape
        q = q * d**-0.5
        at_once = max(1, MOST_SCORES // (heads * seq * seq))
        found = torch.empty(batch, seq, heads, d, dtype=q.dtype)
        weights = []
        for start in range(0, batch, at_once):
            part = slice(start, start + at_once)
            scores = q[part] @ k[part].transpose(-1, -2)
            if mask is not None:
                scores += mask[part]
            weights.append(scores.softmax(-1))
            found[part] = (weights[-1] @ v[part]).transpose(1, 2)
        ctx.save_for_backward(q, k, v, *weights)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, *weights = ctx.saved_tensors
        gradient = gradient.transpose(1, 2)
        of_q, of_k, of_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        start = 0
        for weight in weights:
            part = slice(start, start + len(weight))
            of_v[part] = weight.transpose(-1, -2) @ gradient[part]
            of_weight = gradient[part] @ v[part].transpose(-1, -2)
            of_scores = torch._softmax_backward_data(of_weight, weight, -1, weight.dtype)
            of_q[part] = of_scores @ k[part]
            of_k[part] = of_scores.transpose(-1, -2) @ q[part]
            start += len(weight)
        return of_q * q.shape[-1] ** -0.5, of_k, of_v, None


def _attention(_: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **__: Any) -> tuple[Tensor, None]:
    """As transformers calls it."""
    mask = None
    if attention_mask is not None:  # (batch, 1, seq or 1, seq): padding alone, so all rows are alike
        mask = attention_mask[:, :, :1, :].clamp(min=MOST_NEGATIVE).to(query.dtype)
    found: Tensor = ChunkedAttention.apply(query, key, value, mask)  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
    return found, None
