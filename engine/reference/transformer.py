"""The Transformer of "Attention Is All You Need" (Vaswani et al. 2017) in PyTorch; § numbers are the paper's.

Names of sizes: `width` is d_model, `inner` is d_ff, a head is width / heads wide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """softmax(QKᵀ / √d) V, §3.2.1; the same as in `attention_numpy`, where a query that may look at nothing takes nothing.

    Args:
        query: *Shape:* (…, queries, d).
        key: *Shape:* (…, keys, d).
        value: *Shape:* (…, keys, d_value).
        mask: of bool, True where a query may look at a key. *Shape:* any that broadcasts to (…, queries, keys).
    Returns:
        (output, weights): *Shapes:* (…, queries, d_value) and (…, queries, keys).
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (…, queries, keys)
    if mask is None:
        weights = scores.softmax(dim=-1)  # (…, queries, keys)
    else:
        # The lowest number instead of -inf: no NaN arises in a row that is masked as a whole, nor in its gradient.
        lowest = torch.finfo(scores.dtype).min
        weights = scores.masked_fill(~mask, lowest).softmax(dim=-1).masked_fill(~mask, 0.0)  # (…, queries, keys)
    return weights @ value, weights  # (…, queries, d_value), (…, queries, keys)


class MultiHeadAttention(nn.Module):
    """Several attentions beside each other, each in its own narrow space, §3.2.2.

    The paper's projections have no bias. These have one, as BERT's do; at 0 they are the paper's.

    Raises:
        ValueError: `width` is no multiple of `heads`.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads}")
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, hidden: Tensor, memory: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Let `hidden` look at `memory`, §3.2.3: at itself in self-attention, at the encoder's output in cross-attention.

        Args:
            hidden: *Shape:* (batch, queries, width).
            memory: *Shape:* (batch, keys, width).
            mask: True where one may look. *Shape:* any that broadcasts to (batch, heads, queries, keys).
        Returns:
            (output, weights): *Shapes:* (batch, queries, width) and (batch, heads, queries, keys).
        """
        query = self._split(self.query(hidden))  # (batch, heads, queries, width / heads)
        key = self._split(self.key(memory))  # (batch, heads, keys, width / heads)
        value = self._split(self.value(memory))  # (batch, heads, keys, width / heads)
        looked, weights = scaled_dot_product_attention(query, key, value, mask)  # as query; (batch, heads, queries, keys)
        joined = looked.transpose(1, 2).flatten(start_dim=2)  # (batch, queries, width)
        return self.output(joined), weights  # (batch, queries, width), (batch, heads, queries, keys)

    def _split(self, projected: Tensor) -> Tensor:
        """Cut the width into heads. *Shape:* (batch, seq, width) → (batch, heads, seq, width / heads)."""
        heads: Tensor = projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, heads, seq, width / heads)
        return heads


class PositionwiseFeedForward(nn.Module):
    """max(0, xW₁ + b₁)W₂ + b₂ at each place by itself, §3.3; BERT takes GELU in place of max(0, ·)."""

    def __init__(self, width: int, inner: int, *, activation: Activation = torch.relu) -> None:
        super().__init__()
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.activation = activation

    def forward(self, hidden: Tensor) -> Tensor:
        """*Shape:* (batch, seq, width) → (batch, seq, width)."""
        inner = self.activation(self.widen(hidden))  # (batch, seq, inner)
        output: Tensor = self.narrow(inner)  # (batch, seq, width)
        return output


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """Where each place is, as waves of ever greater length, §3.5; to be added to the embeddings.

    PE(place, 2i) = sin(place / 10000^(2i / width)) and PE(place, 2i + 1) = cos of the same. The row `k` places on is this row
    with each of its pairs turned by a fixed angle, whatever the place: so a distance looks the same everywhere.

    *Shape:* (length, width).

    Raises:
        ValueError: `width` is odd, and a wave would lack its cosine.
    """
    if width % 2:
        raise ValueError(f"width must be even, got {width}")
    # In double precision: the sine of an angle of some thousands would lose its last digits in single.
    places = torch.arange(length, dtype=torch.float64)  # (length,)
    speeds = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)  # (width / 2,)
    angles = torch.outer(places, speeds)  # (length, width / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(start_dim=1).float()  # (length, width)


class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward; each is added to what went in, and the sum is normalised after it, §3.1.

    Dropout takes some of what each part adds (§5.4), in training only.
    """

    def __init__(
        self, width: int, heads: int, inner: int, *, activation: Activation = torch.relu, dropout: float = 0.0, norm_eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width, eps=norm_eps)
        self.feed_forward = PositionwiseFeedForward(width, inner, activation=activation)
        self.feed_forward_norm = nn.LayerNorm(width, eps=norm_eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """*Shapes:* (batch, seq, width) → the same, with the weights (batch, heads, seq, seq)."""
        looked, weights = self.attention(hidden, hidden, mask)  # (batch, seq, width), (batch, heads, seq, seq)
        hidden = self.attention_norm(hidden + self.dropout(looked))  # (batch, seq, width)
        hidden = self.feed_forward_norm(hidden + self.dropout(self.feed_forward(hidden)))  # (batch, seq, width)
        return hidden, weights  # (batch, seq, width), (batch, heads, seq, seq)


class Encoder(nn.Module):
    """Layers on top of each other, §3.1; six in the paper: `Encoder(EncoderLayer(512, 8, 2048) for _ in range(6))`."""

    def __init__(self, layers: Iterable[EncoderLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """*Shapes:* (batch, seq, width) → the same, with each layer's weights (batch, heads, seq, seq), first layer first."""
        every_layers: list[Tensor] = []
        for layer in self.layers:
            hidden, weights = layer(hidden, mask)  # (batch, seq, width), (batch, heads, seq, seq)
            every_layers.append(weights)
        return hidden, every_layers  # (batch, seq, width), layers × (batch, heads, seq, seq)


def causal_mask(length: int) -> Tensor:
    """Each place may look at itself and back, never ahead, §3.2.3. *Shape:* (length, length)."""
    return torch.ones(length, length, dtype=torch.bool).tril()  # (length, length)


class DecoderLayer(nn.Module):
    """What writes: attends to what it has written so far, then to the encoder's memory, then feeds forward, §3.1."""

    def __init__(self, width: int, heads: int, inner: int, *, dropout: float = 0.0, norm_eps: float = 1e-5) -> None:
        super().__init__()
        self.self_attention, self.cross_attention = MultiHeadAttention(width, heads), MultiHeadAttention(width, heads)
        self.feed_forward = PositionwiseFeedForward(width, inner)
        self.self_norm, self.cross_norm, self.feed_forward_norm = (nn.LayerNorm(width, eps=norm_eps) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, written: Tensor, memory: Tensor, memory_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One layer on.

        Args:
            written: *Shape:* (batch, target, width).
            memory: the encoder's output. *Shape:* (batch, source, width).
            memory_mask: True where the memory may be looked at. *Shape:* any that broadcasts to (batch, heads, target, source).
        Returns:
            (output, cross-attention weights): *Shapes:* (batch, target, width) and (batch, heads, target, source).
        """
        so_far = causal_mask(written.shape[1]).to(written.device)  # (target, target)
        looked, _ = self.self_attention(written, written, so_far)  # (batch, target, width)
        written = self.self_norm(written + self.dropout(looked))  # (batch, target, width)
        looked, weights = self.cross_attention(written, memory, memory_mask)  # as written; (batch, heads, target, source)
        written = self.cross_norm(written + self.dropout(looked))  # (batch, target, width)
        written = self.feed_forward_norm(written + self.dropout(self.feed_forward(written)))  # (batch, target, width)
        return written, weights  # (batch, target, width), (batch, heads, target, source)
