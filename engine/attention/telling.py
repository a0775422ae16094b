"""Finds the heads that stand out (after Clark et al. 2019): focused, far-sighted, or bent on the separator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.attention.explained import Array
from engine.contract import TellingHead


def telling_heads(layers: Sequence[Array], *, text: Sequence[int], separators: Sequence[int]) -> tuple[TellingHead, ...]:
    """The most telling head of each kind, over all tokens that were read. *Shape:* layers × (heads, tokens, tokens).

    "focused": the least mean entropy of a token's attention. "distant": the greatest mean distance at which tokens of the text look
    at each other, a look at a special token counting as 0; left out where there is one token. "separator": the greatest share of
    the text's attention that goes to separators; left out where there are none.

    Args:
        text: where tokens of the text stand.
        separators: where separators stand.
    """
    places = np.array(text)
    found = [_extreme("focused", [_entropy(layer) for layer in layers], least=True)]
    if len(places) > 1:
        found.append(_extreme("distant", [_distance(layer, places) for layer in layers]))
    if separators:
        found.append(_extreme("separator", [layer[:, places][:, :, list(separators)].sum(axis=-1).mean(axis=-1) for layer in layers]))
    return tuple(found)


def _extreme(kind: Literal["focused", "distant", "separator"], values: Sequence[Array], *, least: bool = False) -> TellingHead:
    table = np.stack(values)  # (layers, heads)
    layer, head = np.unravel_index(int(table.argmin() if least else table.argmax()), table.shape)
    return TellingHead(kind=kind, layer=int(layer), head=int(head), value=float(table[layer, head]))


def _entropy(layer: Array) -> Array:
    """The mean entropy of each head's rows, in nats. *Shape:* (heads,)."""
    means = [-float((head * np.log(np.maximum(head, 1e-12))).sum(axis=-1).mean()) for head in layer]  # one head at a time: maps are large
    return np.maximum(means, 0.0)


def _distance(layer: Array, places: NDArray[np.intp]) -> Array:
    """*Shape:* (heads,)."""
    apart = np.abs(places[:, None] - places)
    return np.array([float((head[np.ix_(places, places)] * apart).sum(axis=-1).mean()) for head in layer])
