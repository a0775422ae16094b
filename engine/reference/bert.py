"""BERT (Devlin et al. 2019): learnt embeddings under the Transformer's encoder, with a checkpoint's own weights.

It computes a model's attention a second time, by nothing but the code of this folder; the tests hold the engine's maps to it.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel

from engine.reference.transformer import Activation, Encoder, EncoderLayer

ACTIVATIONS: dict[str, Activation] = {
    "relu": torch.relu,
    "gelu": functional.gelu,
    "gelu_new": partial(functional.gelu, approximate="tanh"),
}
# What a checkpoint calls its parts, and what they are called here; replaced in this order.
NAMES = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "types",
    "embeddings.LayerNorm": "norm",
    "encoder.layer": "encoder.layers",
    "attention.self": "attention",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.widen",
    "output.dense": "feed_forward.narrow",
    "output.LayerNorm": "feed_forward_norm",
}


class Bert(nn.Module):
    """The body of a BERT, without pooler and heads."""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.layer_norm_eps
        self.words = nn.Embedding(config.vocab_size, width)
        self.places = nn.Embedding(config.max_position_embeddings, width)  # learnt, where the Transformer's are sinusoidal
        self.types = nn.Embedding(config.type_vocab_size, width)
        self.norm = nn.LayerNorm(width, eps=eps)
        sizes = (width, config.num_attention_heads, config.intermediate_size)
        activation = ACTIVATIONS[config.hidden_act]
        self.encoder = Encoder(EncoderLayer(*sizes, activation=activation, norm_eps=eps) for _ in range(config.num_hidden_layers))

    def forward(self, ids: Tensor, mask: Tensor, type_ids: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Read a batch of texts.

        Args:
            ids: *Shape:* (batch, seq).
            mask: True at pieces, False at padding. *Shape:* (batch, seq).
            type_ids: 0 in the first text, 1 in the second. *Shape:* (batch, seq).
        Returns:
            (hidden, each layer's attention): *Shapes:* (batch, seq, width) and layers × (batch, heads, seq, seq).
        """
        places = torch.arange(ids.shape[1], device=ids.device)  # (seq,)
        hidden = self.norm(self.words(ids) + self.places(places) + self.types(type_ids))  # (batch, seq, width)
        seen_by_all = mask[:, None, None, :]  # (batch, 1, 1, seq): no head looks at padding from anywhere
        output: tuple[Tensor, list[Tensor]] = self.encoder(hidden, seen_by_all)
        return output  # (batch, seq, width), layers × (batch, heads, seq, seq)


def reference_bert(model: PreTrainedModel) -> Bert:
    """The body of `model` written out, in fp32, ready to read; LoRA adapters must be merged into the weights before.

    Raises:
        ValueError: `model` is no BERT encoder, or has an activation that is not in `ACTIVATIONS`.
        RuntimeError: its weights are not those of a plain BERT.
    """
    config = model.config
    if config.model_type != "bert" or config.is_decoder:
        raise ValueError(f"only BERT encoders can be written out, got a model of the kind {config.model_type!r}")
    if config.hidden_act not in ACTIVATIONS:
        raise ValueError(f"the activation must be one of {', '.join(ACTIVATIONS)}, got {config.hidden_act!r}")
    with torch.device("meta"):  # without storage: the checkpoint's own is taken
        reference = Bert(config)
    weights = model.base_model.state_dict()
    renamed = {_renamed(name): tensor.float() for name, tensor in weights.items() if not name.startswith("pooler.")}
    reference.load_state_dict(renamed, assign=True)
    return reference.eval().requires_grad_(False)


def recompute_attention(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
) -> list[Tensor]:
    """The attention of every layer of `model`, by the code of this folder alone, in fp32.

    Args:
        model: a BERT of `transformers` with any head.
        input_ids: *Shape:* (batch, seq).
        attention_mask: 1 at pieces, 0 at padding; None: no padding. *Shape:* (batch, seq).
        token_type_ids: None: all of the first text. *Shape:* (batch, seq).
    Returns:
        First layer first; each row sums to 1. *Shape:* layers × (batch, heads, seq, seq).
    Raises:
        ValueError, RuntimeError: as `reference_bert`.
    """
    mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask  # (batch, seq)
    type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids  # (batch, seq)
    _, attention = reference_bert(model)(input_ids, mask.bool(), type_ids)  # layers × (batch, heads, seq, seq)
    layers: list[Tensor] = attention
    return layers


def _renamed(name: str) -> str:
    for old, new in NAMES.items():
        name = name.replace(old, new)
    return name
