"""What the tests of models share: a tiny checkpoint as the hub would have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import BertForSequenceClassification

from tests.support.checkpoints import SENTIMENTS, write_english


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_english(tmp_path_factory.mktemp("hub") / "feelings", BertForSequenceClassification, labels=SENTIMENTS)
    (folder / "README.md").write_text("a card", encoding="utf-8")
    (folder / "pytorch_model.bin").write_bytes(b"the same weights in the old form")
    return folder
