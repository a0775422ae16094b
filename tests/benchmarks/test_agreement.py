"""Contestants that do not compute the same are refused before they are timed."""

from __future__ import annotations

import pytest

from benchmarks.agreement import check_same, check_vectors
from benchmarks.errors import BenchmarkError


def test_vectors_of_the_same_direction_agree() -> None:
    assert check_vectors("peer", [[0.6, 0.8]], [[3.0, 4.0]]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "found",
    [[[1.0, 0.0], [0.0, 1.0], [0.6, 0.9]], [[1.0, 0.0], [0.0, 1.0]], [[1.0], [0.0], [0.6]], [[1.0, 0.0], [0.0, 1.0], [float("nan"), 0.8]]],
    ids=["one is turned", "one is missing", "narrower", "no number"],
)
def test_other_vectors_are_refused(found: list[list[float]]) -> None:
    with pytest.raises(BenchmarkError) as caught:
        check_vectors("peer", found, [[1.0, 0.0], [0.0, 1.0], [0.8, 0.6]])
    assert caught.value.message.en.startswith("peer does not answer as the others do")
    assert "peer の答えがほかと一致しません" in caught.value.message.ja


def test_a_contestant_that_is_known_to_lose_something_may_differ_by_as_much_and_no_more() -> None:
    assert check_vectors("int8", [[1.0, 0.1]], [[1.0, 0.0]], least=0.99) == pytest.approx(0.995, abs=1e-3)
    with pytest.raises(BenchmarkError):
        check_vectors("int8", [[1.0, 0.1]], [[1.0, 0.0]], least=0.999)


def test_too_few_answers_that_are_alike_are_refused() -> None:
    assert check_same("peer", ["a", "b", "c", "d"], ["a", "b", "c", "x"], least=0.75) == 0.75
    with pytest.raises(BenchmarkError):
        check_same("peer", ["a", "b", "c", "d"], ["a", "b", "x", "x"], least=0.75)
    with pytest.raises(BenchmarkError):
        check_same("peer", ["a"], ["a", "b"], least=0.0)
