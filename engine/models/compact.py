"""Word embeddings that stay in 8 bits in memory: a fifth of what all bundled models together hold would be this one table else.

Only rows that are looked up are read into floating point; the numbers are those of `engine.models.int8.read_int8`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from engine.models.int8 import read_word_rows


class Int8Rows(nn.Module):
    """A table of `rows` in 8 bits, (pieces, width), with a fp32 scale for each row, (pieces,); called with ids it is an embedding.

    Its parameters have whole numbers for their type, so that `to(dtype)` leaves them as they are and models can share them.
    """

    _like: Tensor

    def __init__(self, rows: Tensor, scale: Tensor, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.rows = nn.Parameter(rows, requires_grad=False)
        self._scale_bits = nn.Parameter(scale.float().view(torch.int32), requires_grad=False)
        self.register_buffer("_like", torch.empty(0, dtype=dtype), persistent=False)  # what `to(dtype)` changes

    def forward(self, ids: Tensor) -> Tensor:
        """*Shape:* (…) → (…, width)."""
        scale = self._scale_bits[ids].view(torch.float32)
        return (self.rows[ids].float() * scale.unsqueeze(-1)).to(self._like.dtype)

    def dense(self) -> Tensor:
        """The whole table. *Shape:* (pieces, width)."""
        return (self.rows.float() * self._scale_bits.view(torch.float32)[:, None]).to(self._like.dtype)


class Int8Decoder(nn.Module):
    """Scores of all pieces by the table that they are embedded with; `table` is not a part of its own."""

    def __init__(self, table: Int8Rows, bias: nn.Parameter | None) -> None:
        super().__init__()
        self._table = [table]  # in a list: its parameters belong to the embedding
        self.bias = bias

    def forward(self, hidden: Tensor) -> Tensor:
        """*Shape:* (…, width) → (…, pieces)."""
        return functional.linear(hidden, self._table[0].dense(), self.bias)


def keep_words_in_int8(model: PreTrainedModel, folder: Path) -> None:
    """Put the table that lies in `folder` in 8 bits in place of the model's word embeddings, and of what scores pieces by them.

    Nothing is changed where there is none, or where an adapter changed it. Such a model is to answer, not to be trained or saved.
    """
    words: Any = model.get_input_embeddings()
    stored = read_word_rows(folder)
    if stored is None or not isinstance(words, nn.Embedding):
        return
    table = Int8Rows(*stored, dtype=words.weight.dtype).to(words.weight.device)
    if table.rows.shape != words.weight.shape or not torch.equal(table.dense(), words.weight):
        return
    model.set_input_embeddings(table)
    decoder: Any = model.get_output_embeddings()
    if isinstance(decoder, nn.Linear) and decoder.weight is words.weight:
        model.set_output_embeddings(Int8Decoder(table, decoder.bias))
