"""Word embeddings that stay in 8 bits answer as those that were read into floating point do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertModel

from engine.catalog import Catalog
from engine.contract import Task
from engine.models.cache import ModelCache
from engine.models.compact import Int8Decoder, Int8Rows, keep_words_in_int8
from engine.models.int8 import from_folder, write_int8
from engine.models.sharing import share_storage, size_bytes

IDS = torch.tensor([[2, 7, 9, 3], [2, 11, 3, 0]])
PRECISIONS = (torch.float32, torch.bfloat16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    model = BertForMaskedLM(config).eval()
    model.config.save_pretrained(tmp_path)
    write_int8(model, tmp_path)
    return tmp_path


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_hidden_states_are_the_very_same(folder: Path, dtype: torch.dtype) -> None:
    plain, compact = (from_folder(BertModel, folder, add_pooling_layer=False).to(dtype).eval() for _ in range(2))
    keep_words_in_int8(compact, folder)
    assert isinstance(compact.get_input_embeddings(), Int8Rows)
    with torch.inference_mode():
        assert torch.equal(compact(IDS).last_hidden_state, plain(IDS).last_hidden_state)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_scores_of_pieces_are_the_very_same(folder: Path, dtype: torch.dtype) -> None:
    plain, compact = (from_folder(BertForMaskedLM, folder).to(dtype).eval() for _ in range(2))
    keep_words_in_int8(compact, folder)
    assert isinstance(compact.get_output_embeddings(), Int8Decoder)
    with torch.inference_mode():
        assert torch.equal(compact(IDS).logits, plain(IDS).logits)


def test_the_table_is_a_quarter_as_large_and_there_once(folder: Path) -> None:
    plain, compact = (from_folder(BertForMaskedLM, folder) for _ in range(2))
    keep_words_in_int8(compact, folder)
    assert size_bytes([plain]) - size_bytes([compact]) == 300 * 32 * 3 - 300 * 4


def test_models_of_two_precisions_share_the_table(folder: Path) -> None:
    first, second = from_folder(BertModel, folder), from_folder(BertForMaskedLM, folder).to(torch.bfloat16)
    for model in (first, second):
        keep_words_in_int8(model, folder)
    share_storage(second, [first])
    tables = [model.get_input_embeddings() for model in (first, second)]
    assert len({table.rows.data_ptr() for table in tables if isinstance(table, Int8Rows)}) == 1


def test_a_table_that_was_trained_on_stays_as_it_is(folder: Path) -> None:
    model = from_folder(BertModel, folder)
    with torch.no_grad():
        model.get_input_embeddings().weight[7] += 1
    keep_words_in_int8(model, folder)
    assert isinstance(model.get_input_embeddings(), torch.nn.Embedding)


def test_a_folder_without_int8_changes_nothing(folder: Path, tmp_path: Path) -> None:
    model = from_folder(BertModel, folder)
    (empty := tmp_path / "empty").mkdir()
    keep_words_in_int8(model, empty)
    assert isinstance(model.get_input_embeddings(), torch.nn.Embedding)


def test_all_models_of_the_bundled_pack_hold_one_table() -> None:
    catalog, cache = Catalog.load(), ModelCache(memory_budget_bytes=2**31, device="cpu", precision="bf16")
    kept = [(Task.SENTIMENT, False), (Task.FILL_MASK, False), (Task.EXPLAIN_ATTENTION, True)]
    tables = [cache.get(catalog.entry(task, "ja"), exact=exact).model.get_input_embeddings() for task, exact in kept]
    assert all(isinstance(table, Int8Rows) for table in tables)
    assert len({table.rows.data_ptr() for table in tables}) == 1
