"""How a model tells places apart: its table of positions, and the paper's waves for comparison."""

from __future__ import annotations

import numpy as np
import torch

from engine.attention.explained import Positions
from engine.models.loaded import LoadedModel
from engine.reference.transformer import sinusoidal_positions


def positions_of(model: LoadedModel) -> Positions:
    """One row a place that the model can read; `learned` is None where it has no table (rotary or relative positions)."""
    table = _table(model)
    width = model.model.config.hidden_size if table is None else table.shape[1]
    waves = sinusoidal_positions(model.window, width + width % 2)[:, :width].numpy()
    return Positions(learned=table, sinusoidal=waves)


def _table(model: LoadedModel) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    embeddings = getattr(model.model.base_model, "embeddings", None)
    module = getattr(embeddings, "position_embeddings", None)
    if not isinstance(module, torch.nn.Embedding):
        return None
    # RoBERTa and its like count from behind the padding id; the rows up to it are never used.
    first = 0 if module.padding_idx is None else module.padding_idx + 1
    return module.weight[first : first + model.window].detach().float().cpu().numpy()
