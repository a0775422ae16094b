"""Tests how texts are compared, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import Failure, SimilarRequest, SimilarResult
from engine.models.loaded import LoadedModel
from engine.tasks.pooling import text_vectors
from engine.tasks.similar import MOST_TEXTS, MOST_TEXTS_IN_MATRIX, run
from tests.engine.tasks.known_models import random_encoder

CAT, MAT, TOKYO = "猫がマットの上に座っている。", "the cat sits on the mat", "東京は日本の首都です。"


def compare(request: SimilarRequest, model: LoadedModel | None = None) -> SimilarResult:
    [outcome] = run([request], ["mixed"], model or random_encoder())
    assert isinstance(outcome, SimilarResult)
    return outcome


def test_a_matrix_holds_the_cosine_of_every_two_texts() -> None:
    result = compare(SimilarRequest(texts=(CAT, MAT, TOKYO)))
    vectors = np.stack([vector for vector in text_vectors((CAT, MAT, TOKYO), random_encoder()) if vector is not None])
    assert np.array(result.matrix) == pytest.approx(vectors @ vectors.T, abs=1e-5)
    assert result.ranking == ()
    assert result.pooling == "mean"


def test_texts_are_ranked_by_their_nearness_to_the_query() -> None:
    result = compare(SimilarRequest(texts=(MAT, TOKYO, CAT), query=CAT))
    assert [len(row) for row in result.matrix] == [3]
    assert result.ranking[0].index == 2
    assert [ranked.similarity for ranked in result.ranking] == sorted(result.matrix[0], reverse=True)
    assert all(ranked.similarity == result.matrix[0][ranked.index] for ranked in result.ranking)


def test_one_text_is_enough_beside_a_query() -> None:
    assert [ranked.index for ranked in compare(SimilarRequest(texts=(MAT,), query=CAT)).ranking] == [0]


def test_equally_near_texts_keep_their_order() -> None:
    assert [ranked.index for ranked in compare(SimilarRequest(texts=(MAT, MAT, MAT), query=CAT)).ranking] == [0, 1, 2]


def test_identical_texts_have_a_similarity_of_one() -> None:
    result = compare(SimilarRequest(texts=(CAT, MAT, CAT)))
    assert result.matrix[0][2] == result.matrix[2][0] == 1.0
    assert all(result.matrix[index][index] == 1.0 for index in range(3))


@pytest.mark.parametrize("pooling", ["mean", "max", "cls"])
def test_the_pooling_that_is_asked_for_is_used_and_named(pooling: str) -> None:
    model = random_encoder(pooling="max")
    result = compare(SimilarRequest(texts=(CAT, MAT), pooling=pooling), model)
    first, second = text_vectors((CAT, MAT), model, pooling=pooling)
    assert first is not None
    assert second is not None
    assert result.pooling == pooling
    assert result.matrix[0][1] == pytest.approx(float(first @ second), abs=1e-5)


def test_requests_of_different_pooling_are_answered_in_order() -> None:
    requests = [
        SimilarRequest(texts=(CAT, MAT), pooling="max"),
        SimilarRequest(texts=(CAT,)),
        SimilarRequest(texts=(MAT, TOKYO), query=CAT),
    ]
    first, second, third = run(requests, ["mixed"] * 3, random_encoder())
    assert first == compare(requests[0])
    assert isinstance(second, Failure)
    assert third == compare(requests[2])


@pytest.mark.parametrize(
    ("request_", "code", "number"),
    [
        (SimilarRequest(texts=()), "too_few_texts", "2"),
        (SimilarRequest(texts=(CAT,)), "too_few_texts", "2"),
        (SimilarRequest(texts=(), query=CAT), "too_few_texts", "1"),
        (SimilarRequest(texts=(CAT,) * (MOST_TEXTS_IN_MATRIX + 1)), "too_many_texts", str(MOST_TEXTS_IN_MATRIX)),
        (SimilarRequest(texts=(CAT,) * (MOST_TEXTS + 1), query=CAT), "too_many_texts", str(MOST_TEXTS)),
    ],
)
def test_a_wrong_number_of_texts_is_refused_with_the_right_one(request_: SimilarRequest, code: str, number: str) -> None:
    [outcome] = run([request_], ["ja"], random_encoder())
    assert isinstance(outcome, Failure)
    assert outcome.code == code
    assert number in outcome.message.ja
    assert number in outcome.message.en


def test_a_text_without_any_piece_is_named_by_its_place() -> None:
    [outcome] = run([SimilarRequest(texts=(CAT, "\u200b"))], ["ja"], random_encoder())
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.details) == ("empty_text", {"index": "1"})


def test_twenty_thousand_characters_are_compared() -> None:
    long = ("この映画は本当に素晴らしかった。" * 1_300)[:20_000]
    assert compare(SimilarRequest(texts=(long, long, CAT)), random_encoder(window=256)).matrix[0][1] == 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=2, max_size=4))
def test_similarities_are_numbers_from_minus_one_to_one(texts: list[str]) -> None:
    [outcome] = run([SimilarRequest(texts=tuple(texts))], ["en"], random_encoder(window=8))
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
        return
    for row, text in enumerate(texts):
        for column, other in enumerate(texts):
            value = outcome.matrix[row][column]
            assert math.isfinite(value)
            assert -1.0 <= value <= 1.0
            assert value == outcome.matrix[column][row]
            assert value == 1.0 or text != other
