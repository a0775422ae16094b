"""From the maps of single layers to what each token draws on through all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.attention.explained import Array


def rollout(layers: Sequence[Array]) -> Array:
    """Attention rolled out (Abnar & Zuidema 2020): the mean over heads with the residual connection, multiplied through.

    *Shape:* layers × (heads, tokens, tokens) → (tokens, tokens); row draws on column, each row sums to 1.
    """
    reached = np.eye(layers[0].shape[-1])  # (tokens, tokens)
    for layer in layers:
        step = layer.mean(axis=0, dtype=np.float64) + np.eye(len(reached))  # (tokens, tokens)
        reached = step / step.sum(axis=-1, keepdims=True) @ reached
    return reached


def relevance(relevant: Sequence[Array]) -> Array:
    """Relevance (Chefer et al. 2021, eqs. 5, 6 and 8): R ← R + Ā R, where Ā is attention weighted by its gradient.

    What a token has from itself by the residual connection alone is taken out, and the rest is shared out.
    *Shape:* layers × (tokens, tokens) → (tokens, tokens); each row sums to 1, or is 0 where nothing is relevant.
    """
    gathered = np.eye(len(relevant[0]))  # (tokens, tokens)
    for step in relevant:
        gathered = gathered + step.astype(np.float64) @ gathered
    rest = gathered - np.eye(len(gathered))
    total = rest.sum(axis=-1, keepdims=True)
    shares: Array = rest / np.where(total > 0, total, 1.0)
    return shares
