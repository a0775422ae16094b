"""Reads the attention of every layer and head off a model, with its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput

# Maps grow with the square of the tokens: smaller batches than elsewhere.
_TOKENS_PER_BATCH = 1_024


@dataclass(frozen=True)
class AttentionMaps:
    """How each token looks at each other, and the logits that came of it.

    *Shape:* weights (layers, heads, tokens, tokens), float32, each row sums to 1; logits (labels,), None where the model
    predicts nothing about a whole text.
    """

    weights: NDArray[np.float32]
    logits: NDArray[np.float32] | None


def attention_maps(inputs: Sequence[ModelInput], model: LoadedModel) -> list[AttentionMaps]:
    """The maps of each input, in order. A model loaded with another attention than "eager" is switched to it for good.

    Raises:
        ModelError: `no_attention_maps`.
    """
    if model.model.config._attn_implementation != "eager":
        # The fused kinds of attention never hold the whole map; results differ by rounding only.
        model.model.set_attn_implementation("eager")
    found: dict[int, AttentionMaps] = {}
    for indices, output in model.forward_batches(inputs, tokens_per_batch=_TOKENS_PER_BATCH, output_attentions=True):
        layers = _layers(output, model)
        logits = output.get("logits")
        judged = None if logits is None or logits.ndim != 2 else logits.float().cpu().numpy()
        for row, index in enumerate(indices):
            size = len(inputs[index])
            weights = np.stack([layer[row, :, :size, :size].float().cpu().numpy() for layer in layers])
            found[index] = AttentionMaps(weights=weights, logits=None if judged is None else judged[row])
    return [found[index] for index in range(len(inputs))]


def _layers(output: Any, model: LoadedModel) -> Sequence[torch.Tensor]:
    layers: Sequence[torch.Tensor] | None = output.get("attentions")
    if not layers or any(layer is None for layer in layers):
        raise ModelError(
            "no_attention_maps",
            ja=f"モデル {model.name} は注意の重みを出せません。BERT型のモデルを指定してください。",
            en=f"The model {model.name} gives no attention maps. Name a model of the BERT kind.",
        )
    return layers
