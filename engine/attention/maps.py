"""Reads the attention of every layer and head off a model, and how the score of a prediction hangs on each weight."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.attention import attention_by
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput

Score = Callable[[Any], torch.Tensor]  # a model's output → the score that is explained, *Shape:* (batch,)
Map = NDArray[np.float32]  # *Shape:* (tokens, tokens): row looks at column
# One text is explained at a time: its maps are large, and how a model computes attention is switched for all who share it.
_EXPLAINING = threading.RLock()


@dataclass(frozen=True)
class AttentionMaps:
    """How each token of one input looks at each other.

    *Shape:* layers × (heads, tokens, tokens), float32, each row sums to 1; relevant: layers × (tokens, tokens), the mean over
    heads of what each weight adds to the score (Chefer et al. 2021, eq. 5), None where nothing is predicted.
    """

    layers: tuple[NDArray[np.float32], ...]
    relevant: tuple[Map, ...] | None


@contextmanager
def computing_attention(model: LoadedModel, kind: str) -> Iterator[None]:
    """Inside, `model` computes attention by `kind`: "eager" shows its maps, "sdpa" (where the model has it) is faster and smaller.

    Afterwards it does as before. Other threads may read with the model meanwhile: results differ by rounding only.
    """
    with _EXPLAINING:
        if kind == "sdpa" and not model.model._supports_sdpa:
            yield
            return
        with attention_by(model.model, kind):
            yield


def attention_maps(row: ModelInput, model: LoadedModel, score: Score | None = None) -> AttentionMaps:
    """The maps of one input and, with a `score`, which weights it hangs on.

    Memory: all maps, 4 bytes x layers x heads x tokens² (151 MB for 12 x 12 and 512 tokens), and with a `score` about three times
    that while it runs. Nothing is left on the model's weights.

    Raises:
        ModelError: `no_attention_maps`.
    """
    with computing_attention(model, "eager"), torch.set_grad_enabled(score is not None):
        output = model.model(**embedded(row, model), output_attentions=True)
        layers = _layers(output, model)
        relevant = None if score is None else _relevant(layers, score(output).sum())
    return AttentionMaps(layers=tuple(_array(layer[0]) for layer in layers), relevant=relevant)


def embedded(row: ModelInput, model: LoadedModel) -> dict[str, torch.Tensor]:
    """The model's input with word embeddings for ids, so that gradients flow although no weight asks for any.

    *Shape:* inputs_embeds (1, tokens, width), the others (1, tokens).
    """
    tensors = model.tensors([row])
    with torch.no_grad():
        words = model.model.get_input_embeddings()(tensors.pop("input_ids"))
    return {"inputs_embeds": words.detach().requires_grad_(torch.is_grad_enabled()), **tensors}


def _relevant(layers: Sequence[torch.Tensor], score: torch.Tensor) -> tuple[Map, ...]:
    gradients = torch.autograd.grad(score, list(layers), allow_unused=True, materialize_grads=True)
    return tuple(_array((layer * gradient)[0].clamp(min=0).mean(dim=0)) for layer, gradient in zip(layers, gradients, strict=True))


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return found


def _layers(output: Any, model: LoadedModel) -> Sequence[torch.Tensor]:
    layers: Sequence[torch.Tensor] | None = output.get("attentions")
    if not layers or any(layer is None for layer in layers):
        raise ModelError(
            "no_attention_maps",
            ja=f"モデル {model.name} は注意の重みを出せません。BERT 型のモデルを指定してください。",
            en=f"The model {model.name} gives no attention maps. Name a model of the BERT kind.",
        )
    return layers
