"""Tests how texts, long texts and their sentences are judged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from engine.contract import Failure, Language, SentimentRequest, SentimentResult
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.sentences import sentence_spans
from engine.tasks.sentiment import label_columns, run
from tests.engine.tasks.known_models import random_judge, two_label_judge

TEXT = "この映画は本当に素晴らしかった！猫が好きです。 I love this film. The cat sits on the mat."


def judge(text: str, model: LoadedModel, *, language: Language = "ja") -> SentimentResult:
    [outcome] = run([SentimentRequest(text=text)], [language], model)
    assert isinstance(outcome, SentimentResult)
    return outcome


def probabilities(model: LoadedModel, ids: tuple[int, ...]) -> np.ndarray:
    """One input, alone in its batch: negative, neutral, positive."""
    row = model.tokenizer.assemble(ids)
    with torch.inference_mode():
        logits = model.model(input_ids=torch.tensor([row.ids]), token_type_ids=torch.tensor([row.type_ids])).logits
    return torch.softmax(logits.double(), dim=-1)[0].numpy()


def given_odds(result: SentimentResult) -> list[float]:
    return [result.probabilities[label] for label in ("negative", "neutral", "positive")]


@pytest.mark.parametrize("text", ["とても素晴らしかった", "I love this film", TEXT])
def test_a_text_that_fits_is_judged_as_a_whole(text: str) -> None:
    model = random_judge()
    result = judge(text, model)
    expected = probabilities(model, model.tokenizer.pieces([text])[0].ids)
    assert given_odds(result) == pytest.approx(expected, abs=1e-5)
    assert result.label == ("negative", "neutral", "positive")[expected.argmax()]
    assert result.probability == result.probabilities[result.label]
    assert sum(result.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


def test_each_sentence_is_judged_by_itself() -> None:
    model = random_judge()
    result = judge(TEXT, model)
    assert [(s.start, s.end) for s in result.sentences] == sentence_spans(TEXT)
    for sentence in result.sentences:
        alone = judge(TEXT[sentence.start : sentence.end], model)
        assert sentence.label == alone.label
        assert sentence.probability == pytest.approx(alone.probability, abs=1e-5)


def test_the_only_sentence_is_judged_as_its_text() -> None:
    result = judge(" 猫が好きです。 ", random_judge())
    [sentence] = result.sentences
    assert (sentence.start, sentence.end) == (1, 8)
    assert (sentence.label, sentence.probability) == (result.label, result.probability)


def test_a_text_longer_than_the_window_is_the_mean_of_windows_of_whole_sentences() -> None:
    model = random_judge(window=19)  # 17 pieces of text
    sentences = ["この映画は本当に素晴らしかった。", "猫が好きです。", "the cat sits on the mat.", "東京は日本の首都です。"]
    ids = [row.ids for row in model.tokenizer.pieces(sentences)]
    lengths = [len(row) for row in ids]
    assert lengths[0] + lengths[1] <= 17 < lengths[0] + lengths[1] + lengths[2]
    assert lengths[2] + lengths[3] <= 17
    windows = [ids[0] + ids[1], ids[2] + ids[3]]
    expected = np.average([probabilities(model, row) for row in windows], axis=0, weights=[len(row) for row in windows])
    assert given_odds(judge("".join(sentences), model)) == pytest.approx(expected, abs=1e-5)


def test_a_sentence_longer_than_the_window_is_read_to_its_end() -> None:
    model = random_judge(window=24)
    sentence = "猫が" * 30 + "鳴く"
    other = "猫が" * 30 + "素晴らしかった"
    assert judge(sentence, model).probabilities != judge(other, model).probabilities


def test_a_model_without_neutral_gives_its_two_labels() -> None:
    result = judge("I love this film.", two_label_judge(), language="en")
    assert result.probabilities.keys() == {"positive", "negative"}
    assert sum(result.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("labels", "mapping", "columns"),
    [
        (("negative", "neutral", "positive"), {}, {"positive": [2], "neutral": [1], "negative": [0]}),
        (("POSITIVE", "NEUTRAL", "NEGATIVE"), {}, {"positive": [0], "neutral": [1], "negative": [2]}),
        (("ネガティブ", "ポジティブ"), {}, {"positive": [1], "negative": [0]}),
        (("LABEL_0", "LABEL_1"), {"LABEL_0": "negative", "LABEL_1": "positive"}, {"positive": [1], "negative": [0]}),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), {}, {"positive": [3, 4], "neutral": [2], "negative": [0, 1]}),
    ],
)
def test_labels_get_their_meaning_from_their_names_or_the_catalog(
    labels: tuple[str, ...], mapping: dict[str, str], columns: dict[str, list[int]]
) -> None:
    assert label_columns(random_judge(labels=labels, mapping=mapping)) == columns


def test_outputs_of_one_meaning_are_added_up() -> None:
    model = random_judge(labels=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"))
    stars = probabilities(model, model.tokenizer.pieces(["猫が好きです"])[0].ids)
    assert given_odds(judge("猫が好きです", model)) == pytest.approx([stars[:2].sum(), stars[2], stars[3:].sum()], abs=1e-5)


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1"), ("positive", "other"), ("positive", "POSITIVE")])
def test_labels_of_unknown_meaning_are_refused_with_the_names(labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelError) as caught:
        run([SentimentRequest(text="猫")], ["ja"], random_judge(labels=labels))
    assert caught.value.code == "unknown_labels"
    assert labels[1] in caught.value.message.ja
    assert "positive, neutral or negative" in caught.value.message.en


def test_a_text_without_any_piece_is_that_requests_failure_only() -> None:
    first, second = run([SentimentRequest(text="\u200b"), SentimentRequest(text="猫")], ["ja", "ja"], random_judge())
    assert isinstance(first, Failure)
    assert first.code == "empty_text"
    assert isinstance(second, SentimentResult)


def test_requests_in_one_batch_do_not_touch_each_other() -> None:
    model = random_judge(window=24)
    texts = [TEXT, "猫", "I love this film." * 9]
    for text, outcome in zip(texts, run([SentimentRequest(text=text) for text in texts], ["ja"] * 3, model), strict=True):
        assert isinstance(outcome, SentimentResult)
        assert given_odds(outcome) == pytest.approx(given_odds(judge(text, model)), abs=1e-5)


def test_twenty_thousand_characters_are_judged_sentence_by_sentence() -> None:
    text = ("この映画は本当に素晴らしかった。" * 1_300)[:20_000]
    result = judge(text, random_judge(window=256))
    assert [(s.start, s.end) for s in result.sentences] == sentence_spans(text)


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(list("猫。！\r\n\u200b👩e\u0301\u3099ﾊﾟ㈱ .?「」 \ud800"))).map("".join)))
def test_sentences_are_spans_of_any_text_in_order(text: str) -> None:
    [outcome] = run([SentimentRequest(text=text)], ["ja"], random_judge(window=8))
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
        return
    spans = [(sentence.start, sentence.end) for sentence in outcome.sentences]
    assert spans
    assert set(spans) <= set(sentence_spans(text) or [(0, len(text))])
    assert spans == sorted(spans)
    assert sum(outcome.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
