"""Models that cut texts alike hold their tokenizer once, as long as it is needed and its files stay as they are."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

from transformers import BertModel

from engine.tokenization.sharing import SharedTokenizers
from tests.support.checkpoints import write_english


def test_a_tokenizer_is_loaded_once_and_cuts_as_before(tmp_path: Path) -> None:
    folder, shared = write_english(tmp_path, BertModel), SharedTokenizers()
    first = shared.load(folder, max_length=64)
    assert shared.load(folder, max_length=64) is first
    assert shared.load(folder, max_length=32) is not first


def test_a_tokenizer_whose_files_changed_is_read_anew(tmp_path: Path) -> None:
    folder, shared = write_english(tmp_path, BertModel), SharedTokenizers()
    first = shared.load(folder, max_length=64)
    os.utime(folder / "vocab.txt", ns=(1, 1))
    assert shared.load(folder, max_length=64) is not first


def test_new_weights_leave_the_tokenizer_as_it_is(tmp_path: Path) -> None:
    folder, shared = write_english(tmp_path, BertModel), SharedTokenizers()
    first = shared.load(folder, max_length=64)
    for weights in folder.glob("*.safetensors"):
        os.utime(weights, ns=(1, 1))
    assert shared.load(folder, max_length=64) is first


def test_a_tokenizer_that_nobody_holds_is_forgotten(tmp_path: Path) -> None:
    folder, shared = write_english(tmp_path, BertModel), SharedTokenizers()
    kept = weakref.ref(shared.load(folder, max_length=64))
    gc.collect()
    assert kept() is None
