"""Batches keep to their token budget and use every row once an epoch."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from engine.pack.batches import BatchStream, MixedStream, token_budget_batches
from engine.pack.ragged import pad_rows


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=200), budget=st.integers(60, 400), seed=st.integers(0, 5))
def test_every_row_is_in_exactly_one_batch_within_the_budget(lengths: list[int], budget: int, seed: int) -> None:
    batches = list(token_budget_batches(lengths, budget=budget, generator=np.random.default_rng(seed), pool=64))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)


def test_a_stream_repeats_itself_for_the_same_seed_and_differs_for_another() -> None:
    def first(seed: int) -> list[list[int]]:
        stream = BatchStream(list(range(1, 90)), lambda rows, _: {"rows": rows}, budget=100, seed=seed)
        return [batch["rows"] for batch, _ in zip(stream, range(20), strict=False)]

    assert first(1) == first(1) != first(2)


def test_padding_is_on_the_right() -> None:
    assert pad_rows([[1, 2, 3], [4]], value=-100).tolist() == [[1, 2, 3], [4, -100, -100]]


def test_streams_are_mixed_by_their_shares_and_each_batch_is_of_one_of_them() -> None:
    streams = [BatchStream([1] * 50, lambda rows, _, name=name: {"of": name}, budget=5) for name in "ab"]
    mixed = MixedStream(streams, shares=(0.8, 0.2), seed=3)
    drawn = [batch["of"] for batch, _ in zip(mixed, range(500), strict=False)]
    assert 0.75 < drawn.count("a") / 500 < 0.85
    assert drawn == [batch["of"] for batch, _ in zip(mixed, range(500), strict=False)]
