"""An encoder so small that training it takes no time, and pairs to train it on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from transformers import BertForMaskedLM

from engine.models.int8 import write_int8
from engine.pack.ragged import Arrays, Ragged, save_arrays
from tests.support.checkpoints import VOCABULARY, make, tiny_config, write_vocabulary


def write_encoder(folder: Path) -> Path:
    folder.mkdir()
    model = make(BertForMaskedLM, tiny_config())
    model.config.save_pretrained(folder)
    write_int8(model, folder)
    write_vocabulary(folder)
    return folder


def write_pairs(path: Path) -> Arrays:
    """40 graded pairs, ten of each set, and 40 translations, of 3 to 9 pieces."""
    generator = np.random.default_rng(0)
    sides = [[[2, *generator.integers(5, len(VOCABULARY), size=generator.integers(1, 8)).tolist(), 3] for _ in range(80)] for _ in "ab"]
    grades = np.array([*generator.uniform(0, 5, size=40), *[np.nan] * 40], dtype=np.float32)
    sets = np.repeat(np.arange(5, dtype=np.uint8), [10, 10, 10, 10, 40])
    save_arrays(path, {"first": Ragged.of(sides[0]), "second": Ragged.of(sides[1]), "grades": grades, "sets": sets})
    return Arrays(path)
