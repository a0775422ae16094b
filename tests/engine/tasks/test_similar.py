"""Tests how texts are compared, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.contract import Failure, Language, SimilarRequest, SimilarResult
from engine.drawing import Undrawn, drawn
from engine.figures.similarity import MAX_TEXTS
from engine.models.loaded import LoadedModel
from engine.tasks.pooling import text_vectors
from engine.tasks.similar import MOST_TEXTS, MOST_TEXTS_IN_MATRIX, run
from tests.engine.tasks.known_models import random_encoder

CAT, MAT, TOKYO = "猫がマットの上に座っている。", "the cat sits on the mat", "東京は日本の首都です。"


def compare(request: SimilarRequest, model: LoadedModel | None = None) -> SimilarResult:
    [outcome] = run([request], ["mixed"], model or random_encoder())
    result = outcome.result if isinstance(outcome, Undrawn) else outcome
    assert isinstance(result, SimilarResult)
    return result


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
    result = outcome.result if isinstance(outcome, Undrawn) else outcome
    assert isinstance(result, SimilarResult)
    for row, text in enumerate(texts):
        for column, other in enumerate(texts):
            value = result.matrix[row][column]
            assert math.isfinite(value)
            assert -1.0 <= value <= 1.0
            assert value == result.matrix[column][row]
            assert value == 1.0 or text != other


@pytest.mark.parametrize(("language", "texts"), [("ja", ("猫がいる。", "犬が走る。", TOKYO)), ("en", (MAT, "dogs run", "Tokyo is large"))])
def test_a_matrix_has_a_picture_that_is_drawn_later(language: Language, texts: tuple[str, ...]) -> None:
    [outcome] = run([SimilarRequest(texts=texts)], [language], random_encoder())
    assert isinstance(outcome, Undrawn)
    result = drawn(outcome)
    assert isinstance(result, SimilarResult)
    [image] = result.images
    assert image.data.startswith(b"\x89PNG")
    for alt in (image.alt.ja, image.alt.en):
        assert sum(text in alt for text in texts) == 2  # the nearest
    assert result.matrix == compare(SimilarRequest(texts=texts)).matrix


@pytest.mark.parametrize(
    "request_",
    [SimilarRequest(texts=(CAT, MAT)), SimilarRequest(texts=(CAT, MAT, TOKYO), query=CAT), SimilarRequest(texts=(CAT,) * (MAX_TEXTS + 1))],
    ids=["two texts", "a ranking", "too many texts to read in a picture"],
)
def test_there_is_no_picture_where_it_would_say_nothing(request_: SimilarRequest) -> None:
    [outcome] = run([request_], ["mixed"], random_encoder())
    assert isinstance(outcome, SimilarResult)
    assert outcome.images == ()
