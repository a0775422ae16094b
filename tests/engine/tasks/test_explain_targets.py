"""The prediction that is explained is the one that the task itself gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import BertConfig, BertForTokenClassification

from engine.attention.attribution import attribute, with_blanks
from engine.attention.faithfulness import greatest, masked_count
from engine.catalog import Catalog
from engine.contract import (
    AskRequest,
    AskResult,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    NerRequest,
    NerResult,
    Request,
    Result,
    SentimentRequest,
    SentimentResult,
)
from engine.drawing import Undrawn
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel
from engine.tasks import ask, explain_reading
from engine.tasks.explain_reading import Reading
from engine.tasks.explain_targets import aim
from engine.tasks.span_search import best_spans
from tests.engine.tasks.explaining import explain
from tests.engine.tasks.known_models import knowing_tagger
from tests.engine.tasks.tiny_models import answering_model

CONTEXT = "The Transformer was published in 2017. It is an architecture of neural networks."
JAPANESE_CONTEXT = "トランスフォーマーは2017年にグーグルの研究者が発表した。翻訳の精度を大きく高めた。"


# --- with the bundled pack -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Catalog.load(), ModelCache(memory_budget_bytes=2**31, device="cpu", precision="fp32"))


def read(engine: Engine, request: Request) -> Result:
    [outcome] = engine.read([request])
    result = outcome.result if isinstance(outcome, Undrawn) else outcome
    assert not hasattr(result, "code"), result
    return result  # type: ignore[return-value]  # it is no Failure


def explained(engine: Engine, request: ExplainAttentionRequest) -> ExplainAttentionResult:
    result = read(engine, request)
    assert isinstance(result, ExplainAttentionResult)
    assert result.completeness_error is not None
    change = sum(score.attribution or 0 for score in result.scores) - result.completeness_error
    assert abs(result.completeness_error) <= max(0.05 * abs(change), 0.05)
    assert [effect.by for effect in result.faithfulness] == ["attention", "attribution", "random"]
    return result


@pytest.mark.parametrize("text", ["この映画は本当に素晴らしかった！", "The service was terrible.", "この店のpizzaは最高 🍕"])
def test_the_bundled_sentiment_is_that_of_the_task(engine: Engine, text: str) -> None:
    judged = read(engine, SentimentRequest(text=text))
    assert isinstance(judged, SentimentResult)
    result = explained(engine, ExplainAttentionRequest(text=text))
    assert result.prediction is not None
    assert result.prediction.label == judged.label
    assert result.prediction.probability == pytest.approx(judged.probability, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("山田太郎は京都大学を卒業し、東京のソニーに入社した。", None),
        ("山田太郎は京都大学を卒業し、東京のソニーに入社した。", "山田"),
        ("Tim Cook is the CEO of Apple Inc. in California.", None),
        ("Tim Cook is the CEO of Apple Inc. in California.", "california"),
    ],
)
def test_the_bundled_entity_is_the_surest_of_the_task_or_the_one_with_the_word(engine: Engine, text: str, word: str | None) -> None:
    found = read(engine, NerRequest(text=text))
    assert isinstance(found, NerResult)
    entities = [entity for entity in found.entities if word is None or word in entity.text.lower()]
    wanted = max(entities, key=lambda entity: entity.score)
    result = explained(engine, ExplainAttentionRequest(text=text, task="ner", word=word))
    assert result.prediction is not None
    assert (result.prediction.label, result.prediction.text) == (wanted.label, wanted.text)
    assert result.prediction.probability == pytest.approx(wanted.score, abs=1e-4)
    assert result.notes == ()
    assert bool(result.links) == (word is not None)


@pytest.mark.parametrize(
    ("question", "context"),
    [
        ("When was the Transformer published?", CONTEXT),
        ("トランスフォーマーはいつ発表されましたか？", JAPANESE_CONTEXT),
        ("When was the Transformer published?", "The cat sits on the mat. " * 60 + CONTEXT),
    ],
)
def test_the_bundled_answer_is_that_of_the_task(engine: Engine, question: str, context: str) -> None:
    asked = read(engine, AskRequest(question=question, context=context))
    assert isinstance(asked, AskResult)
    wanted = asked.candidates[0]
    result = explained(engine, ExplainAttentionRequest(text=question, second=context, task="ask"))
    assert result.prediction is not None
    assert result.prediction.label == wanted.text
    assert result.prediction.probability == pytest.approx(wanted.score, abs=1e-4)
    assert result.second_from is not None
    shown = [token for token in result.tokens[result.second_from :] if not token.special]
    assert shown[0].start <= wanted.start < wanted.end <= shown[-1].end


# --- entities ------------------------------------------------------------------------------------------------------


def test_where_no_entity_is_found_the_word_nearest_to_one_is_explained() -> None:
    model = _tagger_with_layers({"東京": {"O": 6.0, "B-LOC": 5.0}})
    result = explain(ExplainAttentionRequest(text="猫と東京", task="ner"), model)
    assert result.prediction is not None
    assert (result.prediction.label, result.prediction.text) == ("O", "東京")
    assert 0.5 < result.prediction.probability < 0.9
    assert "固有名は見つかりませんでした" in result.notes[0].ja
    assert "No entity was found" in result.notes[0].en


def test_a_word_that_is_no_entity_is_explained_as_none_though_there_are_others() -> None:
    model = _tagger_with_layers({"東京": {"B-LOC": 9.0}, "山田": {"B-PER": 7.0}})
    others = explain(ExplainAttentionRequest(text="東京と猫と山田", task="ner"), model)
    result = explain(ExplainAttentionRequest(text="東京と猫と山田", task="ner", word="猫"), model)
    named = explain(ExplainAttentionRequest(text="東京と猫と山田", task="ner", word="山田"), model)
    said = [(found.prediction.label, found.prediction.text) for found in (others, result, named) if found.prediction]
    assert said == [("LOC", "東京"), ("O", "猫"), ("PER", "山田")]
    assert "「猫」は固有名と判定されませんでした" in result.notes[0].ja
    assert "“猫” was not taken for an entity" in result.notes[0].en


def test_an_entity_in_the_second_text_of_a_pair_is_found_too() -> None:
    result = explain(ExplainAttentionRequest(text="猫", second="東京", task="ner"), _tagger_with_layers({"東京": {"B-LOC": 9.0}}))
    assert result.prediction is not None
    assert result.prediction.label == "LOC"


def test_a_sign_that_the_task_calls_no_entity_is_none_here_either() -> None:
    result = explain(
        ExplainAttentionRequest(text="、東京", task="ner"), _tagger_with_layers({"、": {"B-ORG": 9.0}, "東京": {"B-LOC": 5.0}})
    )
    assert result.prediction is not None
    assert (result.prediction.label, result.prediction.text) == ("LOC", "東京")


def _tagger_with_layers(pieces: dict[str, dict[str, float]]) -> LoadedModel:
    """What each piece is hangs on the piece alone; a layer whose output is nothing gives maps to show."""
    known = knowing_tagger(pieces)
    flat = known.model
    config = BertConfig.from_dict({**flat.config.to_dict(), "num_hidden_layers": 1, "intermediate_size": 4})
    model = BertForTokenClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    model.load_state_dict(flat.state_dict(), strict=False)
    model.bert.embeddings.LayerNorm = torch.nn.Identity()
    for layer in model.bert.encoder.layer:
        layer.attention.output.LayerNorm = layer.output.LayerNorm = torch.nn.Identity()
    return replace(known, model=model)


# --- answers -------------------------------------------------------------------------------------------------------


def test_a_question_without_an_answer_is_explained_by_what_is_nearest_to_one() -> None:
    model = answering_model(no_answer_threshold=-1e9)
    result = explain(ExplainAttentionRequest(text="何？", second="猫が鳴く", task="ask"), model)
    [asked] = ask.run([AskRequest(question="何？", context="猫が鳴く")], ["ja"], model)
    assert isinstance(asked, AskResult)
    assert asked.answer is None
    assert result.prediction is not None
    assert (result.prediction.label, result.prediction.probability) == (asked.candidates[0].text, pytest.approx(asked.candidates[0].score))
    assert "答えはない" in result.notes[-1].ja
    assert "no answer" in result.notes[-1].en


def test_a_part_without_the_answer_is_explained_by_its_best_candidate_and_says_so() -> None:
    model = answering_model(window=64)
    request = ExplainAttentionRequest(text="何？", second="猫が鳴く。東京です。" * 20, task="ask")
    whole = explain(request, model)
    others = [explain(ExplainAttentionRequest(**{**vars(request), "window": n}), model) for n in (0, whole.windows - 1)]
    elsewhere = [other for other in others if "別の部分" in other.notes[-1].ja]
    assert elsewhere
    for other in elsewhere:
        assert other.prediction is not None
        assert whole.prediction is not None
        assert other.prediction.probability <= whole.prediction.probability


def test_the_probability_after_masking_is_the_tasks_own_with_the_other_windows_as_they_were() -> None:
    model = answering_model(window=48)
    question, context = "何？", "猫が鳴く。東京です。" * 8
    result = explain(ExplainAttentionRequest(text=question, second=context, task="ask"), model)
    [question_pieces, context_pieces] = model.tokenizer.pieces([question, context])
    reading = ask.prepare(AskRequest(question=question, context=context, answers=1), "ja", question_pieces, context_pieces, model)
    assert len(reading.windows) > 1
    logits = ask.forward(reading.inputs, model)
    verdict = ask.judge(reading, logits, model)
    [span] = best_spans(verdict.scores, n_best=1)
    owner = next(number for number, owned in enumerate(ask.owned_pieces(reading.windows)) if span.first in owned)
    row = reading.inputs[owner]
    text = [*row.first, *row.second]
    aimed = aim(ExplainAttentionRequest(text=question, second=context, task="ask"), read_texts(question, context, model), model, [owner])
    assert aimed.target is not None
    values = attribute(row, model, aimed.target.score).values
    masked = with_blanks(row, greatest(values, text, masked_count(len(text))), model)
    logits[owner] = ask.forward([masked], model)[0]
    after = ask.judge(reading, logits, model)
    by = {effect.by: effect for effect in result.faithfulness}
    assert by["attribution"].probability == pytest.approx(after.probability(after.scores[span.first, span.last - span.first]), abs=1e-5)
    assert by["attribution"].change == pytest.approx(by["attribution"].probability - verdict.probability(span.score), abs=1e-5)


def read_texts(question: str, context: str, model: LoadedModel) -> Reading:
    return explain_reading.read(ExplainAttentionRequest(text=question, second=context, task="ask"), context, "ja", model)
