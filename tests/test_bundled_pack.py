"""The bundled models give the sensible answer to plain examples in both languages, also for long texts."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from engine.catalog import Catalog
from engine.contract import (
    AskRequest,
    AskResult,
    EmbedRequest,
    EmbedResult,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    FillMaskRequest,
    FillMaskResult,
    NerRequest,
    NerResult,
    Request,
    Result,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    TokensRequest,
    TokensResult,
)
from engine.engine import Engine
from engine.models.cache import ModelCache

MODELS = Path(__file__).parents[1] / "models"
MEGABYTE = 1_000_000
Kind = TypeVar("Kind", bound=Result)
TRANSFORMER_EN = (
    "The Transformer is a neural network architecture based on attention. It was introduced in 2017 by researchers at Google in the "
    "paper Attention Is All You Need. Unlike recurrent networks, it reads all the words of a text at once."
)
TRANSFORMER_JA = (
    "Transformerは、注意機構に基づくニューラルネットワークである。2017年にGoogleの研究者らが論文で発表した。"
    "再帰型ネットワークとは異なり、文章のすべての単語を一度に読む。"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Catalog.load(), ModelCache(memory_budget_bytes=2**31, device="cpu", precision="fp32"))


def answer(engine: Engine, request: Request, kind: type[Kind]) -> Kind:
    [outcome] = engine.run([request])
    assert isinstance(outcome, kind), outcome
    return outcome


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("この映画は本当に素晴らしかった！", {"positive"}),
        ("全く面白くなくて時間の無駄だった。", {"negative"}),
        ("普通の映画でした。", {"neutral", "negative"}),
        ("良くも悪くもない。", {"neutral", "negative"}),
        ("とても満足しています。", {"positive"}),
        ("二度と買いません。", {"negative"}),
        ("The service was terrible.", {"negative"}),
        ("I love this.", {"positive"}),
        ("THANK YOU SO MUCH!", {"positive"}),
        ("SHE IS FROM NIGERIA.", {"neutral"}),
    ],
)
def test_sentiment_is_what_a_reader_would_say(engine: Engine, text: str, labels: set[str]) -> None:
    assert answer(engine, SentimentRequest(text=text), SentimentResult).label in labels


def test_each_sentence_of_a_longer_text_is_judged(engine: Engine) -> None:
    text = "The food was wonderful. The waiter was rude."
    result = answer(engine, SentimentRequest(text=text), SentimentResult)
    assert [(text[s.start : s.end], s.label) for s in result.sentences] == [
        ("The food was wonderful.", "positive"),
        ("The waiter was rude.", "negative"),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Apple Inc. is looking at buying U.K. startup for $1 billion. Tim Cook is the CEO.",
            {("Apple", "ORG"), ("U.K", "LOC"), ("Tim Cook", "PER")},
        ),
        (
            "山田太郎は2019年に京都大学を卒業し、トヨタ自動車に入社した。",
            {("山田太郎", "PER"), ("京都大学", "ORG"), ("トヨタ自動車", "ORG")},
        ),
        ("TIM COOK SPOKE IN CUPERTINO.", {("TIM COOK", "PER"), ("CUPERTINO", "LOC")}),
    ],
)
def test_entities_are_found_with_their_types(engine: Engine, text: str, wanted: set[tuple[str, str]]) -> None:
    entities = answer(engine, NerRequest(text=text), NerResult).entities
    assert all(text[e.start : e.end] == e.text for e in entities)
    for name, label in wanted:
        assert any(e.text.startswith(name) and e.label == label for e in entities), (name, entities)


@pytest.mark.parametrize(
    ("question", "context", "wanted"),
    [
        ("When was the Transformer introduced?", TRANSFORMER_EN, "2017"),
        ("Transformerが発表されたのはいつか。", TRANSFORMER_JA, "2017年"),
        ("WHO IS THE CEO?", "APPLE IS IN CUPERTINO. TIM COOK IS THE CEO.", "TIM COOK"),
    ],
)
def test_questions_are_answered_from_the_context(engine: Engine, question: str, context: str, wanted: str) -> None:
    found = answer(engine, AskRequest(question=question, context=context), AskResult).answer
    assert found is not None
    assert wanted in found.text
    assert context[found.start : found.end] == found.text
    assert found.text in context[found.sentence_start : found.sentence_end]


def test_a_paraphrase_and_a_translation_are_nearer_than_another_scene(engine: Engine) -> None:
    texts = ("A feline rests on a rug.", "猫がマットの上に座っている。", "The dog plays in the park.")
    result = answer(engine, SimilarRequest(query="The cat sits on the mat.", texts=texts), SimilarResult)
    paraphrase, translation, other = result.matrix[0]
    assert min(paraphrase, translation) > other
    assert result.ranking[-1].index == 2


@pytest.mark.parametrize("text", ["東京は日本の[MASK]です。", "Paris is the ___ of France."])
def test_blanks_get_candidates(engine: Engine, text: str) -> None:
    [blank] = answer(engine, FillMaskRequest(text=text), FillMaskResult).blanks
    assert len(blank.fillings) == 5
    assert blank.fillings[0].probability >= blank.fillings[-1].probability > 0


@pytest.mark.parametrize("text", ["この映画は本当に素晴らしかった！", "The service was terrible."])
def test_attention_comes_with_a_prediction_and_a_picture(engine: Engine, text: str) -> None:
    result = answer(engine, ExplainAttentionRequest(text=text), ExplainAttentionResult)
    assert result.attention.shape == (12, 12, len(result.tokens), len(result.tokens))
    assert result.prediction is not None
    assert result.images[0].data.startswith(b"\x89PNG")


LONG_JA = "山田太郎は京都大学を卒業し、トヨタ自動車に入社した。" * 770
LONG_EN = "Tim Cook said that Apple bought a startup in London last year. " * 318


@pytest.mark.parametrize("text", [LONG_JA[:20_000], LONG_EN[:20_000]], ids=["ja", "en"])
def test_a_text_of_twenty_thousand_characters_works_in_each_task(engine: Engine, text: str) -> None:
    assert len(text) == 20_000
    # In Japanese, where a token has fewer characters, a part of it: these compute longest, and know windows only, not languages.
    part = text if text.isascii() else text[:5_000]
    assert len(answer(engine, SentimentRequest(text=part), SentimentResult).sentences) > len(part) // 70
    assert len(answer(engine, NerRequest(text=part), NerResult).entities) > len(part) // 40
    assert answer(engine, AskRequest(question="Who?" if "Tim" in text else "誰が？", context=part), AskResult).candidates
    assert answer(engine, SimilarRequest(texts=(part, part)), SimilarResult).matrix[0][1] == pytest.approx(1.0, abs=1e-4)
    assert answer(engine, ExplainAttentionRequest(text=part), ExplainAttentionResult).windows > 10
    assert len(answer(engine, TokensRequest(text=text), TokensResult).tokens) > 3_000
    assert answer(engine, FillMaskRequest(text=text + "[MASK]"), FillMaskResult).blanks[0].start == 20_000
    assert answer(engine, EmbedRequest(texts=(text,)), EmbedResult).width == 384


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.text(max_size=40), cut=st.integers(0, 30))
def test_spans_hold_on_arbitrary_unicode(engine: Engine, noise: str, cut: int) -> None:
    base = "山田太郎はｶﾞ㈱トヨタ🚗e\u0301 Tim Cook\r\nです。"
    text = base[:cut] + noise + base[cut:]
    entities = answer(engine, NerRequest(text=text, language="mixed"), NerResult).entities
    assert all(text[e.start : e.end] == e.text and e.text.strip() == e.text != "" for e in entities)
    assert all(a.end <= b.start for a, b in itertools.pairwise(entities))
    asked = answer(engine, AskRequest(question="誰？", context=text, language="mixed"), AskResult)
    assert all(text[c.start : c.end] == c.text for c in asked.candidates)
    tokens = answer(engine, TokensRequest(text=text, language="mixed"), TokensResult).tokens
    assert all(0 <= t.start <= t.end <= len(text) for t in tokens)
    sentences = answer(engine, SentimentRequest(text=text, language="mixed"), SentimentResult).sentences
    assert all(text[s.start : s.end].strip() for s in sentences)


def test_the_pack_is_small_enough_to_ship_and_says_where_it_comes_from() -> None:
    files = [path for path in MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 70 * MEGABYTE
    assert max(path.stat().st_size for path in files) < 45 * MEGABYTE
    for name in ("encoder", "sentiment", "ner", "ask", "similar"):
        card = (MODELS / name / "README.md").read_text(encoding="utf-8")
        assert all(heading in card for heading in ("## Data", "## Scores", "make pack", "license:"))
