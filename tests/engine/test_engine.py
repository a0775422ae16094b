"""Tests of the engine: any mix of requests, in order, each one's fault its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from transformers import BertForSequenceClassification

from engine.catalog import Catalog, CatalogEntry
from engine.contract import (
    RESULT_TYPES,
    AskRequest,
    EmbedRequest,
    EmbedResult,
    ExplainAttentionRequest,
    Failure,
    FillMaskRequest,
    NerRequest,
    NerResult,
    Request,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Task,
    TokensRequest,
    outcome_from_json,
    task_of,
    to_json,
)
from engine.drawing import Undrawn, drawn
from engine.engine import RUNNERS, Engine
from engine.errors import ModelError
from engine.models.cache import ModelCache
from tests.support.checkpoints import write_distilbert, write_english
from tests.support.jumanpp import jumanpp_on_path

JA = "この映画は本当に素晴らしかった。"
EN = "I love this service."
ONE_OF_EACH: list[Request] = [
    SentimentRequest(text=JA),
    NerRequest(text="Tim Cook is the CEO of Apple Inc."),
    AskRequest(question="When is the service?", context="The service is on the mat. Tim Cook sits."),
    SimilarRequest(texts=(EN, JA, "猫が犬です。")),
    ExplainAttentionRequest(text=JA),
    TokensRequest(text=EN),
    FillMaskRequest(text="I love [MASK] service."),
    EmbedRequest(texts=(JA, EN)),
]


def test_each_task_has_a_runner() -> None:
    assert set(RUNNERS) == set(Task)


def test_a_mix_of_all_tasks_is_answered_in_order_and_survives_json(tiny_engine: Engine) -> None:
    outcomes = tiny_engine.run([*ONE_OF_EACH, *reversed(ONE_OF_EACH)])
    expected = [RESULT_TYPES[task_of(request)] for request in [*ONE_OF_EACH, *reversed(ONE_OF_EACH)]]
    assert [type(outcome) for outcome in outcomes] == expected
    for outcome in outcomes:
        assert outcome_from_json(to_json(outcome)) == outcome


@pytest.mark.parametrize("texts", [(JA, EN, "猫が犬です。"), (EN, "Tim Cook sits.", JA)])
def test_what_is_read_is_drawn_afterwards_and_run_does_both(tiny_engine: Engine, texts: tuple[str, ...]) -> None:
    requests: list[Request] = [
        SentimentRequest(text=JA),
        SimilarRequest(texts=texts),
        ExplainAttentionRequest(text=""),
        SimilarRequest(texts=()),
    ]
    read = tiny_engine.read(requests)
    assert [type(outcome) for outcome in read] == [SentimentResult, Undrawn, Failure, Failure]
    similar = read[1]
    assert isinstance(similar, Undrawn)
    assert isinstance(similar.result, SimilarResult)
    assert similar.result.images == ()
    whole = tiny_engine.run(requests)
    assert whole == [drawn(outcome) for outcome in read]
    assert isinstance(whole[1], SimilarResult)
    assert [image.media_type for image in whole[1].images] == ["image/png"]


def test_a_batch_gives_the_answers_of_single_requests(tiny_engine: Engine) -> None:
    requests: list[Request] = [SentimentRequest(text=text) for text in (JA, EN, JA + EN * 30, "猫", "a")]
    together = tiny_engine.run(requests)
    for request, outcome in zip(requests, together, strict=True):
        [alone] = tiny_engine.run([request])
        assert isinstance(alone, SentimentResult)
        assert isinstance(outcome, SentimentResult)
        assert (alone.label, alone.language) == (outcome.label, outcome.language)
        assert alone.probability == pytest.approx(outcome.probability, abs=1e-4)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SentimentRequest(text=""), "empty_text"),
        (SentimentRequest(text=" \n　"), "empty_text"),
        (NerRequest(text="我们今天去北京看电影，这部电影非常好看。"), "unsupported_language"),
        (NerRequest(text="오늘은 날씨가 정말 좋습니다."), "unsupported_language"),
        (TokensRequest(text=JA, model="no/such/folder"), "no_such_model"),
    ],
)
def test_what_is_wrong_with_one_request_is_no_other_requests_failure(tiny_engine: Engine, request_: Request, code: str) -> None:
    before, failed, after = tiny_engine.run([SentimentRequest(text=JA), request_, SentimentRequest(text=EN)])
    assert isinstance(before, SentimentResult)
    assert isinstance(after, SentimentResult)
    assert isinstance(failed, Failure)
    assert failed.code == code
    assert failed.message.ja
    assert failed.message.en


def test_a_model_that_cannot_be_loaded_fails_only_those_who_asked_for_it(tiny_engine: Engine, tmp_path: Path) -> None:
    outcomes = tiny_engine.run([NerRequest(text=EN), NerRequest(text=EN, model=str(tmp_path)), NerRequest(text=JA, model=str(tmp_path))])
    assert isinstance(outcomes[0], NerResult)
    assert [outcome.code for outcome in outcomes[1:] if isinstance(outcome, Failure)] == ["model_not_found"] * 2


def test_a_text_that_ends_the_program_that_cuts_words_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=("positive", "negative"))
    row = CatalogEntry(task=Task.SENTIMENT, languages=("ja", "en"), model=folder, licence="MIT", window=64, tokenizer="jumanpp")
    engine = Engine(Catalog([row]), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    with jumanpp_on_path(tmp_path / "bin", monkeypatch):
        before, failed, after = engine.run([SentimentRequest(text=text) for text in (JA, "壊す", EN)])
    assert isinstance(before, SentimentResult)
    assert isinstance(after, SentimentResult)
    assert isinstance(failed, Failure)
    assert failed.code == "tokenizer_program_failed"


@pytest.mark.parametrize("text", [JA, EN])
def test_what_would_answer_is_told_by_the_weights_in_memory_as_long_as_they_are_there(tiny_pack: Path, tmp_path: Path, text: str) -> None:
    pack = shutil.copytree(tiny_pack, tmp_path / "models")
    engine = Engine(Catalog.load(models_dir=pack), ModelCache(memory_budget_bytes=1, device="cpu", precision="fp32"))
    similar = SimilarRequest(texts=(text, text))
    engine.read([EmbedRequest(texts=(text,))])  # by the same model
    loaded = engine.model_of(similar)
    for file in pack.rglob("*.safetensors"):
        os.utime(file, (1, 1))
    assert engine.model_of(similar) == loaded
    engine.read([SentimentRequest(text=text)])  # there is room for one model alone
    assert engine.model_of(similar) != loaded


def test_no_requests_give_no_outcomes(tiny_engine: Engine) -> None:
    assert tiny_engine.run([]) == []


def test_the_language_is_decided_from_all_texts_and_can_be_overridden(tiny_engine: Engine) -> None:
    requests: list[Request] = [
        SimilarRequest(texts=(JA, EN)),
        SimilarRequest(texts=(JA, "猫です。")),
        SimilarRequest(texts=(JA, EN), language="en"),
        SimilarRequest(texts=(EN,), query="猫が好きです。"),
        AskRequest(question="これは何ですか？", context="The cat sits on the mat."),
        EmbedRequest(texts=(EN,)),
    ]
    found = [outcome.language for outcome in tiny_engine.run(requests) if not isinstance(outcome, Failure)]
    assert found == ["mixed", "ja", "en", "mixed", "mixed", "en"]


class WithoutFloat64(TorchFunctionMode):
    """Refuses float64 as Apple's GPU does, except of what `.cpu()` gave."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        wanted = (*args[1:], *(kwargs or {}).values())
        double = func is torch.Tensor.double or any(each is torch.float64 for each in wanted)
        if double and not (args and getattr(args[0], "on_the_cpu", False)):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")
        found = func(*args, **(kwargs or {}))
        if func is torch.Tensor.cpu:
            found = found.view(found.shape)  # not the tensor itself: here it lay on the CPU before
            found.on_the_cpu = True
        return found


def test_each_task_answers_on_a_device_that_has_no_float64(tiny_engine: Engine) -> None:
    text = "Tim Cook is the CEO of Apple Inc."
    explained = [ExplainAttentionRequest(text=text, task="ner"), ExplainAttentionRequest(text=EN, second=text, task="ask")]
    requests: list[Request] = [*ONE_OF_EACH, *explained]
    expected = tiny_engine.run(requests)
    with WithoutFloat64():
        assert tiny_engine.run(requests) == expected


def test_similar_and_embed_use_one_model_and_are_not_confused(tiny_engine: Engine) -> None:
    outcomes = tiny_engine.run([EmbedRequest(texts=(JA, EN)), SimilarRequest(texts=(JA, EN)), EmbedRequest(texts=(EN,))])
    assert [type(outcome) for outcome in outcomes] == [EmbedResult, SimilarResult, EmbedResult]
    embed, similar = outcomes[:2]
    assert isinstance(embed, EmbedResult)
    assert isinstance(similar, SimilarResult)
    cosine = sum(a * b for a, b in zip(*embed.vectors, strict=True))
    assert similar.matrix[0][1] == pytest.approx(cosine, abs=1e-3)


def test_a_request_may_name_a_folder(tiny_engine: Engine, tmp_path: Path) -> None:
    folder = write_english(tmp_path / "mine", BertForSequenceClassification, labels=("positive", "negative"))
    [outcome] = tiny_engine.run([SentimentRequest(text=EN, model=str(folder))])
    assert isinstance(outcome, SentimentResult)
    assert outcome.model == str(folder)
    assert set(outcome.probabilities) == {"positive", "negative"}


def test_a_users_row_decides_what_the_models_labels_mean(tiny_pack: Path, tmp_path: Path) -> None:
    write_distilbert(tmp_path / "mine")
    rows = '[[models]]\ntask = "sentiment"\nlanguages = ["en"]\nfolder = "mine"\nlicence = "MIT"\nwindow = 64\n'
    own = tmp_path / "own.toml"
    for meaning in ("positive", "negative"):
        other = {"positive": "negative", "negative": "positive"}[meaning]
        own.write_text(f'{rows}labels = {{ POSITIVE = "{meaning}", NEGATIVE = "{other}" }}\n', encoding="utf-8")
        catalog = Catalog.load(user_file=own, models_dir=tiny_pack)
        [outcome] = Engine(catalog, ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")).run([SentimentRequest(text=EN)])
        assert isinstance(outcome, SentimentResult)
        if meaning == "positive":
            first = outcome
    assert first.label != outcome.label
    assert first.probability == pytest.approx(outcome.probability)


def test_warming_up_loads_the_models_and_says_what_is_missing(tiny_pack: Path, tmp_path: Path) -> None:
    cache = ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    Engine(Catalog.load(models_dir=tiny_pack), cache).warm_up([Task.SENTIMENT, Task.NER], ["ja", "en"])
    assert len(cache) == 2
    with pytest.raises(ModelError, match="holds no model"):
        Engine(Catalog.load(models_dir=tmp_path), cache).warm_up([Task.ASK], ["ja"])
