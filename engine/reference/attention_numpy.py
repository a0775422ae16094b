"""Attention in plain NumPy: who looks at whom, and what comes of it (Vaswani et al. 2017, §3.2.1).

Each query is compared with every key; the likeness, as shares that sum to 1, says how much of each value is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def softmax(scores: Array, axis: int = -1) -> Array:
    """Scores as shares, e^score / Σ e^score along `axis`: 0..1, of sum 1.

    A score of -inf gets the share 0. Where all of them are -inf nothing is left to share out, and all shares are 0.
    """
    highest = scores.max(axis=axis, keepdims=True, initial=-np.inf)  # (…, 1)
    # Less the highest, no power exceeds e⁰ and overflows; the shares stay the same, for e^-highest cancels out.
    powers = np.exp(scores - np.where(np.isneginf(highest), 0, highest))  # (…, n)
    total = powers.sum(axis=axis, keepdims=True)  # (…, 1)
    shares: Array = powers / np.where(total == 0, 1, total)  # (…, n)
    return shares


def scaled_dot_product_attention(query: Array, key: Array, value: Array, mask: NDArray[np.bool_] | None = None) -> tuple[Array, Array]:
    """Attention(Q, K, V) = softmax(QKᵀ / √d) V.

    A query that may look at nothing takes nothing: its weights and its output are 0. (Equal weights would let it take from the
    very keys that it must not see, and a bare softmax would give NaN.)

    Args:
        query: *Shape:* (…, queries, d).
        key: *Shape:* (…, keys, d).
        value: *Shape:* (…, keys, d_value).
        mask: True where a query may look at a key. *Shape:* any that broadcasts to (…, queries, keys).
    Returns:
        (output, weights): *Shapes:* (…, queries, d_value) and (…, queries, keys).
    Raises:
        TypeError: the mask holds numbers, which could mean the opposite.
    """
    # Dot products grow with √d; undivided, they would push the softmax to where it is flat and teaches nothing.
    scores = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5  # (…, queries, keys)
    if mask is not None:
        if mask.dtype != np.bool_:
            raise TypeError(f"the mask must be of bool (True: may look), got {mask.dtype}")
        scores = np.where(mask, scores, -np.inf)  # (…, queries, keys)
    weights = softmax(scores)  # (…, queries, keys)
    return weights @ value, weights  # (…, queries, d_value), (…, queries, keys)
