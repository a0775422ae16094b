"""The GPU's contestants compute what the engine does, which a CPU shows as well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from transformers import pipeline

from benchmarks.agreement import check_vectors
from benchmarks.gpu import infinity_loop, piped_vectors
from benchmarks.texts import made_sentences
from engine.catalog import Catalog
from engine.contract import EmbedRequest, EmbedResult, Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel

SENTENCES = made_sentences(5, languages=("en", "ja"))


def piped(loaded: LoadedModel, texts: list[str]) -> list[list[float]]:
    plain = pipeline("feature-extraction", model=loaded.model, tokenizer=loaded.tokenizer.backend, device=loaded.device)
    return piped_vectors(plain, loaded, texts, [len(ids) for ids in loaded.tokenizer.backend(texts)["input_ids"]])


@pytest.mark.parametrize("contestant", [infinity_loop, piped])
def test_a_contestant_on_the_gpu_answers_as_the_engine_does(contestant: Callable[..., list[list[float]]]) -> None:
    catalog, cache = Catalog.load(), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    loaded = cache.get(catalog.entry(Task.EMBED, "en", None))
    [result] = Engine(catalog, cache).run([EmbedRequest(texts=tuple(SENTENCES))])
    assert isinstance(result, EmbedResult)
    check_vectors(contestant.__name__, contestant(loaded, list(SENTENCES)), result.vectors)
