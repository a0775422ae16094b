"""Folders as `yomite train` writes them, with tiny random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import BertForSequenceClassification

from engine.catalog.described import Description, write_description
from engine.contract import Task
from tests.support.checkpoints import SENTIMENTS, ask_for_too_much, make, tiny_config, write_vocabulary


def write_trained(folder: Path, *, seed: int = 0, too_large: bool = False, **options: Any) -> Path:
    """A sentiment model of a team's own; `seed` gives its weights. One that is `too_large` asks for more memory than there is."""
    make(BertForSequenceClassification, tiny_config(labels=SENTIMENTS), seed=seed).save_pretrained(folder)
    write_vocabulary(folder)
    if too_large:
        ask_for_too_much(folder)
    given = {"task": Task.SENTIMENT, "tokenizer": "bilingual", "window": 64, "licence": "MIT", "base": "yomite/sentiment", **options}
    write_description(folder, Description(**given))
    return folder
