"""One vector for a text of any length: pooled over the pieces of each window, then over the windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.contract import Failure
from engine.models.loaded import LoadedModel
from engine.tasks import nothing_to_read
from engine.tokenization.pieces import ModelInput, Pieces, windows

# Neighbouring windows of a long text share this many pieces.
OVERLAP_PIECES = 16
_SMALLEST_NORM = 1e-12

Vectors = NDArray[np.float32]


def text_vectors(texts: Sequence[str], model: LoadedModel, *, pooling: str | None = None) -> list[Vectors | None]:
    """The vector of each text, of unit norm; None for a text without any piece. *Shape:* (width,) each.

    A text longer than the model's window is read in windows; its vector is the mean of theirs, each weighted by its
    pieces. Equal texts are read once and get the same vector.

    Args:
        pooling: "mean", "max" or "cls"; None: as the model was made.
    """
    distinct = list(dict.fromkeys(texts))
    cut = model.tokenizer.pieces(distinct)
    readable = [pieces for pieces in cut if len(pieces)]
    vectors = dict(zip([pieces.text for pieces in readable], _read(readable, model, pooling or model.pooling), strict=True))
    return [vectors.get(text) for text in texts]


def vectors_of_each(groups: Sequence[Sequence[str]], model: LoadedModel, *, pooling: str | None = None) -> list[Vectors | Failure]:
    """The vectors of several Requests' texts, read together. *Shape:* (texts, width) a Request.

    A Request with a text without any piece is a failure, `empty_text`, whose details hold the text's `index`.
    """
    found = iter(text_vectors([text for group in groups for text in group], model, pooling=pooling))
    results: list[Vectors | Failure] = []
    for group in groups:
        rows = [next(found) for _ in group]
        unread = [index for index, row in enumerate(rows) if row is None]
        results.append(nothing_to_read(index=str(unread[0])).as_failure() if unread else np.stack([row for row in rows if row is not None]))
    return results


def _read(cut: Sequence[Pieces], model: LoadedModel, pooling: str) -> Vectors:
    """*Shape:* (texts, width)."""
    room = model.window - model.tokenizer.special_count()
    inputs: list[ModelInput] = []
    owners: list[int] = []
    for owner, pieces in enumerate(cut):
        for part in windows(len(pieces), size=room, overlap=min(OVERLAP_PIECES, room // 2)):
            inputs.append(model.tokenizer.assemble(pieces.ids[part.start : part.stop]))
            owners.append(owner)
    summed = np.zeros((len(cut), model.vector_width))
    for indices, output in model.forward_batches(inputs):
        lengths = [len(inputs[index]) for index in indices]
        vectors = model.finish(pool(output.last_hidden_state.float(), lengths, how=pooling)).cpu().double().numpy()
        # One by one: a long text may have several windows in one batch.
        for index, vector, length in zip(indices, vectors, lengths, strict=True):
            summed[owners[index]] += vector * length
    norms = np.linalg.norm(summed, axis=1, keepdims=True)
    unit: Vectors = (summed / np.maximum(norms, _SMALLEST_NORM)).astype(np.float32)
    return unit


def pool(hidden: torch.Tensor, lengths: Sequence[int], *, how: str) -> torch.Tensor:
    """Pool each row's first `length` places, special tokens included, as sentence-transformers does.

    *Shape:* (batch, seq, width) → (batch, width).

    Raises:
        ValueError: `how` is not mean, max or cls.
    """
    if how == "cls":
        return hidden[:, 0]
    places = torch.arange(hidden.shape[1], device=hidden.device)
    mask = (places[None, :] < torch.tensor(lengths, device=hidden.device)[:, None]).unsqueeze(-1)
    if how == "max":
        return hidden.masked_fill(~mask, float("-inf")).amax(dim=1)
    if how == "mean":
        return (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    raise ValueError(f"pooling must be mean, max or cls, got {how!r}")
