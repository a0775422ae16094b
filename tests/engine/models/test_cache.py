"""Tests of the model cache: once each, within the budget, also from many threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import BertForMaskedLM, BertForSequenceClassification

from engine.catalog import Catalog, CatalogEntry
from engine.contract import Task
from engine.errors import ModelError
from engine.models import cache as cache_module
from engine.models.cache import ModelCache
from engine.models.loading import load_model
from engine.models.sharing import share_storage, size_bytes
from tests.engine.models.entries import logits, row
from tests.support.checkpoints import SENTIMENTS, make, tiny_config, write_english, write_pack

PLENTY = 2**30


def different_models(folder: Path, count: int) -> list[CatalogEntry]:
    """Classifiers that share no weights, each of the same size."""
    rows = []
    for index in range(count):
        place = write_english(folder / str(index), BertForSequenceClassification, labels=SENTIMENTS)
        make(BertForSequenceClassification, tiny_config(labels=SENTIMENTS), seed=100 + index).save_pretrained(place)
        rows.append(row(Task.SENTIMENT, place))
    return rows


def own_bytes(entry: CatalogEntry) -> int:
    return size_bytes([load_model(entry, device=torch.device("cpu")).model])


def test_a_model_is_loaded_once_however_many_ask_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []

    def counted(entry: CatalogEntry, **options: object) -> object:
        loads.append(entry)
        return load_model(entry, **options)  # type: ignore[arg-type]  # as the cache calls it

    monkeypatch.setattr(cache_module, "load_model", counted)
    entries = different_models(tmp_path, 2)
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    gate = threading.Barrier(8)

    def ask(index: int) -> object:
        gate.wait()
        return cache.get(entries[index % 2])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(loads) == 2
    assert len({id(model) for model in found}) == 2
    assert all(model is found[index % 2] for index, model in enumerate(found))


def test_the_least_recently_used_model_goes_when_the_budget_is_spent(tmp_path: Path) -> None:
    first, second, third = different_models(tmp_path, 3)
    cache = ModelCache(memory_budget_bytes=int(own_bytes(first) * 2.5), device="cpu", precision="fp32")
    cache.warm_up([first, second])
    cache.get(first)  # used again: now the second is the oldest
    cache.get(third)
    assert (first in cache, second in cache, third in cache) == (True, False, True)
    assert cache.used_bytes <= own_bytes(first) * 2.5


def test_a_model_larger_than_the_budget_is_kept_alone(tmp_path: Path) -> None:
    first, second = different_models(tmp_path, 2)
    cache = ModelCache(memory_budget_bytes=1, device="cpu", precision="fp32")
    cache.warm_up([first, second])
    assert len(cache) == 1
    assert cache.get(second) is cache.get(second)


def test_a_model_that_was_dropped_still_answers_for_those_who_hold_it(tmp_path: Path) -> None:
    first, second = different_models(tmp_path, 2)
    cache = ModelCache(memory_budget_bytes=1, device="cpu", precision="fp32")
    held = cache.get(first)
    before = logits(held, "i love this")
    cache.get(second)
    assert first not in cache
    torch.testing.assert_close(logits(held, "i love this"), before)


def test_many_threads_with_a_small_budget_all_get_right_answers(tmp_path: Path) -> None:
    entries = different_models(tmp_path, 3)
    expected = [logits(load_model(entry, device=torch.device("cpu")), "i love this") for entry in entries]
    cache = ModelCache(memory_budget_bytes=own_bytes(entries[0]), device="cpu", precision="fp32")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda i: (i % 3, logits(cache.get(entries[i % 3]), "i love this")), range(18)))
    for index, answer in found:
        torch.testing.assert_close(answer, expected[index])


def test_the_models_of_the_pack_hold_their_embeddings_once(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=write_pack(tmp_path))
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    models = [cache.get(catalog.entry(task, "ja")).model for task in Task if task is not Task.TOKENS]
    matrices = {model.get_input_embeddings().weight.data_ptr() for model in models}
    assert len(matrices) == 1
    filling = cache.get(catalog.entry(Task.FILL_MASK, "ja")).model
    assert filling.get_output_embeddings().weight.data_ptr() in matrices
    alone = sum(size_bytes([load_model(catalog.entry(task, "ja"), device=torch.device("cpu")).model]) for task in Task)
    assert cache.used_bytes < alone * 0.7


def test_similar_and_embed_are_one_model_and_attention_shares_the_weights_of_sentiment(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=write_pack(tmp_path))
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    assert cache.get(catalog.entry(Task.SIMILAR, "ja")) is cache.get(catalog.entry(Task.EMBED, "en"))
    sentiment = cache.get(catalog.entry(Task.SENTIMENT, "ja")).model
    before = cache.used_bytes
    explained = cache.get(catalog.entry(Task.EXPLAIN_ATTENTION, "ja")).model
    assert explained is not sentiment
    assert cache.used_bytes - before < size_bytes([explained]) * 0.1


def test_shared_storage_changes_no_answer(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=write_pack(tmp_path))
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    for task in (Task.FILL_MASK, Task.NER, Task.SENTIMENT, Task.EXPLAIN_ATTENTION):
        entry = catalog.entry(task, "ja")
        alone = load_model(entry, device=torch.device("cpu"))
        for text in ("i love this .", "この映画は本当に素晴らしかった。"):
            torch.testing.assert_close(logits(cache.get(entry), text), logits(alone, text))


def test_a_hub_model_that_cannot_be_had_is_not_asked_for_at_once_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def unreachable(entry: CatalogEntry, **_: object) -> object:
        asked.append(entry.name)
        raise ModelError("model_not_found", ja="無い", en="none")

    monkeypatch.setattr(cache_module, "load_model", unreachable)  # the hub itself is in test_files
    clock = [100.0]
    monkeypatch.setattr(cache_module.time, "monotonic", lambda: clock[0])
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    entry = Catalog.load().entry(Task.NER, "ja", "owner/model")
    for _ in range(3):
        with pytest.raises(ModelError, match="none"):
            cache.get(entry)
    assert len(asked) == 1
    clock[0] += cache_module.RETRY_AFTER_S + 1
    with pytest.raises(ModelError, match="none"):
        cache.get(entry)
    assert len(asked) == 2


def test_a_folder_that_was_missing_is_looked_at_again_at_once(tmp_path: Path) -> None:
    cache = ModelCache(memory_budget_bytes=PLENTY, device="cpu", precision="fp32")
    entry = row(Task.FILL_MASK, tmp_path / "later")
    with pytest.raises(ModelError, match="holds no model"):
        cache.get(entry)
    write_english(tmp_path / "later", BertForMaskedLM)
    assert cache.get(entry).model is not None


def test_tied_weights_stay_tied_when_they_are_shared() -> None:
    first, second = (make(BertForMaskedLM, tiny_config()) for _ in range(2))
    share_storage(second, [first])
    assert second.get_output_embeddings().weight is second.get_input_embeddings().weight is first.get_input_embeddings().weight
    assert size_bytes([first, second]) < size_bytes([first]) * 1.1


def test_weights_that_differ_are_not_shared() -> None:
    first, second = (make(BertForMaskedLM, tiny_config(), seed=seed) for seed in (1, 2))
    share_storage(second, [first])
    assert second.get_input_embeddings().weight is not first.get_input_embeddings().weight


def test_a_size_counts_each_storage_once_and_nothing_without_data() -> None:
    layer = nn.Linear(8, 4, bias=False)
    assert size_bytes([layer]) == 8 * 4 * 4
    assert size_bytes([layer, layer]) == 8 * 4 * 4
    assert size_bytes([nn.Linear(8, 4, device="meta")]) == 0
