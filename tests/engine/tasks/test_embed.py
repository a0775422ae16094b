"""Tests the vectors that are given out, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.contract import EmbedRequest, EmbedResult, Failure, to_json
from engine.tasks.embed import MOST_TEXTS, run
from engine.tasks.pooling import text_vectors
from tests.engine.tasks.known_models import random_encoder


def embed(request: EmbedRequest) -> EmbedResult:
    [outcome] = run([request], ["ja"], random_encoder())
    assert isinstance(outcome, EmbedResult)
    return outcome


@pytest.mark.parametrize("pooling", [None, "mean", "max", "cls"])
def test_each_text_has_its_vector_of_unit_norm(pooling: str | None) -> None:
    texts = ("猫が好きです。", "I love this film")
    result = embed(EmbedRequest(texts=texts, pooling=pooling))
    assert result.width == 32
    assert result.pooling == (pooling or "mean")
    assert np.array(result.vectors).shape == (2, 32)
    assert np.linalg.norm(result.vectors, axis=1) == pytest.approx([1.0, 1.0], abs=1e-6)
    for vector, expected in zip(result.vectors, text_vectors(texts, random_encoder(), pooling=pooling), strict=True):
        assert vector == pytest.approx(expected, abs=1e-6)


def test_numbers_are_no_longer_than_their_precision() -> None:
    for number in json.dumps(to_json(embed(EmbedRequest(texts=("猫",))))["vectors"][0]).strip("[]").split(", "):
        assert len(number.lstrip("-")) <= len("0.1234567")


def test_requests_of_different_pooling_are_answered_in_order() -> None:
    requests = [EmbedRequest(texts=("猫",), pooling="max"), EmbedRequest(texts=("東京", "猫")), EmbedRequest(texts=("猫",), pooling="max")]
    assert run(requests, ["ja"] * 3, random_encoder()) == [embed(request) for request in requests]


@pytest.mark.parametrize(("count", "code"), [(0, "too_few_texts"), (MOST_TEXTS + 1, "too_many_texts")])
def test_a_wrong_number_of_texts_is_refused_with_the_right_one(count: int, code: str) -> None:
    [outcome] = run([EmbedRequest(texts=("猫",) * count)], ["ja"], random_encoder())
    assert isinstance(outcome, Failure)
    assert outcome.code == code
    assert str(MOST_TEXTS) in outcome.message.ja
    assert str(MOST_TEXTS) in outcome.message.en


def test_a_text_without_any_piece_is_named_by_its_place() -> None:
    [outcome] = run([EmbedRequest(texts=("猫", "東京", "\u200b"))], ["ja"], random_encoder())
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.details) == ("empty_text", {"index": "2"})


def test_twenty_thousand_characters_have_one_vector() -> None:
    text = ("この映画は本当に素晴らしかった。" * 1_300)[:20_000]
    assert np.isfinite(embed(EmbedRequest(texts=(text,))).vectors[0]).all()
