"""The layer over sentence vectors: a linear map, near to none, under which a text lies nearest to its own translation.

What sets the two languages apart, and other directions in which translations differ, become shorter. Only this map is learnt, on vectors
that stand: the ranking loss of Henderson et al. 2017 over large batches, in which each pair's negatives are all other pairs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from torch import Tensor
from torch.nn import functional

from engine.models.dense import Dense
from engine.models.sentence_folder import SentenceFolder, write_modules
from engine.pack.adapters import encoder_with_head
from engine.pack.ragged import Arrays
from engine.pack.similar import MAX_PIECES, PairModel, pooled_vectors

EVERY = 4  # of the translations, one in so many is learnt from: more pairs change little
STEPS, BATCH, RATE = 200, 2_500, 3e-3
SCALE = 30.0  # of cosines
NEARNESS = 0.03  # how much it costs to be another map than none: without, similarity of texts in one language suffers


def learn_layer(
    first: Tensor, second: Tensor, *, steps: int = STEPS, batch: int = BATCH, nearness: float = NEARNESS, seed: int = 15
) -> Dense:
    """Learn the map from the vectors of translations. *Shapes:* (pairs, width) twice, a row of each is a pair."""
    generator = torch.Generator(first.device).manual_seed(seed)
    none = torch.eye(first.shape[1], device=first.device)
    change = torch.zeros_like(none, requires_grad=True)
    optimizer = torch.optim.Adam([change], lr=RATE)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        rows = torch.randperm(len(first), generator=generator, device=first.device)[:batch]
        loss = ranking_loss(first[rows], second[rows], none + change) + nearness * change.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Dense(weight=(none + change).detach().cpu())


def ranking_loss(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """How far each text is from being the nearest to its partner, both ways. *Shapes:* (pairs, width) twice, (width, width) → ()."""
    a, b = functional.normalize(first @ weight.T, dim=-1), functional.normalize(second @ weight.T, dim=-1)
    scores = SCALE * a @ b.T  # (pairs, pairs)
    own = torch.arange(len(a), device=a.device)
    return functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)


def train_layer(texts: Arrays, *, encoder: Path, out: Path) -> None:
    """Learn the layer over the similarity adapter in `out`, and lay it beside it."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bare: Any = encoder_with_head(PairModel, encoder, add_pooling_layer=False)
    model: Any = PeftModel.from_pretrained(bare, str(out)).merge_and_unload().to(device)
    translations = np.flatnonzero(np.isnan(texts.array("grades").astype(np.float32)))[::EVERY]
    sides = [pooled_vectors(model, [texts.ragged(side)[int(row)] for row in translations]) for side in ("first", "second")]
    made = SentenceFolder(transformer=out, dense=learn_layer(*sides), max_length=MAX_PIECES)
    write_modules(out, made, hidden_size=model.config.hidden_size)
