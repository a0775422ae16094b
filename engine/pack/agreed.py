"""What both sides of a translation feel: the sentiment adapter is asked about each, and Japanese learns the mean of its answers.

A sentence and its translation feel the same, but the adapter is wrong about different ones, and more often about Japanese: English it knows
from people's reviews and subtitles, Japanese mostly from what was carried over. (Two views of one example: Blum and Mitchell 1998, "co-training".)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel

from engine.pack.adapters import encoder_with_head
from engine.pack.batches import of_like_length
from engine.pack.ragged import Arrays, Ids, Ragged, Stored, pad_rows
from engine.pack.sentiment import LABELS, SoftLabelClassifier
from engine.pack.similar import TEXTS_AT_ONCE

ENGLISH_SHARE = 0.75  # of the mean
POWER = 2  # to which shares are raised, as a mean is less sure than either
REPEATS = 2  # of each sentence in an epoch


def agreed_feelings(pairs: Arrays, *, encoder: Path, sentiment: Path) -> Stored:
    """Pieces and targets of the Japanese sides of all translations among `pairs`."""
    first, second = pairs.ragged("first"), pairs.ragged("second")
    rows = np.flatnonzero(np.isnan(pairs.array("grades").astype(np.float32))).tolist()
    english, japanese = [first[row] for row in rows], [second[row] for row in rows]
    bare = encoder_with_head(SoftLabelClassifier, encoder, labels=LABELS)
    model: Any = PeftModel.from_pretrained(bare, str(sentiment)).merge_and_unload()
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    mean = ENGLISH_SHARE * shares_of_labels(model, english) + (1 - ENGLISH_SHARE) * shares_of_labels(model, japanese)
    raised = mean**POWER
    return {"ids": Ragged.of(japanese * REPEATS), "targets": np.tile(raised / raised.sum(1, keepdims=True), (REPEATS, 1))}


def shares_of_labels(model: Any, texts: Sequence[Ids]) -> NDArray[np.float32]:
    """What a classifier says of each text. *Shape:* (texts, classes), 0..1."""
    found = np.empty((len(texts), model.config.num_labels), dtype=np.float32)
    with torch.no_grad():
        for places in of_like_length([*map(len, texts)], at_once=TEXTS_AT_ONCE):
            input_ids = pad_rows([texts[place] for place in places]).to(model.device)
            logits = model(input_ids=input_ids, attention_mask=(input_ids != 0).long()).logits
            found[places] = logits.float().softmax(-1).cpu().numpy()
    return found
