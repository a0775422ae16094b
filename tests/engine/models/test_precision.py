"""What models compute in: chosen by the machine or by whoever runs it, and the answers stay the same."""

from __future__ import annotations

import pytest
import torch

from engine.catalog import Catalog
from engine.contract import (
    AskRequest,
    AskResult,
    EmbedRequest,
    EmbedResult,
    ExplainAttentionRequest,
    NerRequest,
    NerResult,
    Request,
    SentimentRequest,
    SentimentResult,
    Task,
)
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.models.precision import choose_dtype, computes_bf16

CPU = torch.device("cpu")
SENTENCES = (
    "I love this phone; the battery lasts two days.",
    "サポートの対応が遅くて困りました。",
    "会議は10時からです。",
    "The delivery was late and the box was broken.",
    "田中さんは大阪の日本電気で働いている。",
    "Angela Merkel visited Toyota in Nagoya.",
)
QUESTIONS = (
    AskRequest(question="東京タワーの高さは？", context="東京タワーは1958年に完成した。高さは333メートルである。"),
    AskRequest(question="Where was Marie Curie born?", context="Marie Curie was a physicist. She was born in Warsaw in 1867."),
)


@pytest.fixture(scope="module")
def engines() -> dict[str, Engine]:
    return {
        precision: Engine(Catalog.load(), ModelCache(memory_budget_bytes=2**31, device="cpu", precision=precision))
        for precision in ("fp32", "bf16")
    }


def both(engines: dict[str, Engine], *requests: Request) -> zip[tuple[object, object]]:
    return zip(engines["fp32"].run(requests), engines["bf16"].run(requests), strict=True)


def test_a_cpu_computes_in_bf16_only_where_it_has_units_for_it() -> None:
    expected = torch.bfloat16 if computes_bf16(CPU) else torch.float32
    assert choose_dtype(CPU) is expected


def test_what_has_no_units_for_bf16_computes_in_fp32() -> None:
    assert choose_dtype(torch.device("mps")) is torch.float32


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_a_precision_that_was_asked_for_is_taken(precision: str, dtype: torch.dtype) -> None:
    assert choose_dtype(CPU, precision=precision) is dtype


def test_feelings_are_the_same_in_both_precisions(engines: dict[str, Engine]) -> None:
    for exact, rounded in both(engines, *(SentimentRequest(text=text) for text in SENTENCES)):
        assert isinstance(exact, SentimentResult)
        assert isinstance(rounded, SentimentResult)
        assert rounded.label == exact.label
        assert rounded.probabilities == pytest.approx(exact.probabilities, abs=0.03)


def test_entities_are_the_same_in_both_precisions(engines: dict[str, Engine]) -> None:
    for exact, rounded in both(engines, *(NerRequest(text=text) for text in SENTENCES)):
        assert isinstance(exact, NerResult)
        assert isinstance(rounded, NerResult)
        assert [(entity.text, entity.label) for entity in rounded.entities] == [(entity.text, entity.label) for entity in exact.entities]


def test_answers_are_the_same_in_both_precisions(engines: dict[str, Engine]) -> None:
    for exact, rounded in both(engines, *QUESTIONS):
        assert isinstance(exact, AskResult)
        assert isinstance(rounded, AskResult)
        assert exact.answer is not None
        assert rounded.answer is not None
        assert rounded.answer.text == exact.answer.text


def test_vectors_point_the_same_way_in_both_precisions(engines: dict[str, Engine]) -> None:
    [(exact, rounded)] = both(engines, EmbedRequest(texts=SENTENCES))
    assert isinstance(exact, EmbedResult)
    assert isinstance(rounded, EmbedResult)
    assert torch.cosine_similarity(torch.tensor(exact.vectors), torch.tensor(rounded.vectors)).min() > 0.999


def test_an_explanation_is_computed_in_fp32_whatever_the_rest_is(engines: dict[str, Engine]) -> None:
    [(exact, other)] = both(engines, ExplainAttentionRequest(text=SENTENCES[0]))
    assert exact == other


def test_two_precisions_do_not_share_what_was_answered_before(engines: dict[str, Engine]) -> None:
    request = SentimentRequest(text=SENTENCES[0])
    assert engines["fp32"].model_of(request) != engines["bf16"].model_of(request)


def test_a_model_is_kept_once_for_each_precision() -> None:
    cache, entry = ModelCache(memory_budget_bytes=2**31, device="cpu", precision="bf16"), Catalog.load().entry(Task.NER, "ja")
    assert cache.get(entry).model.dtype is torch.bfloat16
    assert cache.get(entry, exact=True).model.dtype is torch.float32
    assert len(cache) == 2
