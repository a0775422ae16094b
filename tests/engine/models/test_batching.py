"""Inputs of like length go through the model together, wherever that costs least."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from engine.models.batching import MOST_ROWS, batches_by_length, pass_cost_tokens

LENGTHS = st.lists(st.integers(1, 60), max_size=9)


def cost(lengths: list[int], batches: list[list[int]], pass_cost: int) -> int:
    return sum(pass_cost + len(batch) * max(lengths[index] for index in batch) for batch in batches)


def all_cuts(order: list[int]) -> list[list[list[int]]]:
    """Every way to cut a list into runs."""
    if not order:
        return [[]]
    return [[order[:size], *rest] for size in range(1, len(order) + 1) for rest in all_cuts(order[size:])]


def test_a_short_input_is_not_padded_to_a_long_one() -> None:
    assert batches_by_length([200, 5, 6, 190], most_tokens=4_096, pass_cost=48) == [[0, 3], [2, 1]]


def test_inputs_of_nearly_one_length_go_together() -> None:
    assert batches_by_length([20, 22, 21], most_tokens=4_096, pass_cost=48) == [[1, 2, 0]]


def test_where_passes_are_dear_all_go_together() -> None:
    [batch] = batches_by_length([200, 5, 6, 190], most_tokens=4_096, pass_cost=pass_cost_tokens("cuda"))
    assert sorted(batch) == [0, 1, 2, 3]


def test_an_input_longer_than_a_batch_may_be_goes_alone() -> None:
    assert batches_by_length([600, 600, 4], most_tokens=512, pass_cost=48) == [[0], [1], [2]]


def test_nothing_makes_no_batch() -> None:
    assert batches_by_length([], most_tokens=512, pass_cost=48) == []


@pytest.mark.parametrize("count", [MOST_ROWS, MOST_ROWS + 1, 3 * MOST_ROWS])
def test_a_batch_has_a_bounded_number_of_rows(count: int) -> None:
    batches = batches_by_length([1] * count, most_tokens=10**6, pass_cost=48)
    assert max(map(len, batches)) <= MOST_ROWS
    assert sorted(index for batch in batches for index in batch) == list(range(count))


@given(LENGTHS, st.integers(1, 200), st.integers(1, 120))
@settings(max_examples=150, deadline=None)
def test_no_other_way_to_cut_costs_less(lengths: list[int], most_tokens: int, pass_cost: int) -> None:
    found = batches_by_length(lengths, most_tokens=most_tokens, pass_cost=pass_cost)
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    allowed = [cut for cut in all_cuts(order) if all(len(batch) == 1 or len(batch) * lengths[batch[0]] <= most_tokens for batch in cut)]
    assert found in allowed
    assert cost(lengths, found, pass_cost) == min(cost(lengths, cut, pass_cost) for cut in allowed)


@given(LENGTHS)
def test_the_longest_come_first(lengths: list[int]) -> None:
    batches = batches_by_length(lengths, most_tokens=100, pass_cost=10)
    assert all(lengths[first] >= lengths[second] for first, second in pairwise(index for batch in batches for index in batch))
