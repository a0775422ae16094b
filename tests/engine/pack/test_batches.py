"""Batches have few shapes, keep to their token budget and use every row once an epoch."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.pack.batches import WIDTHS, BatchStream, MixedStream, full_batches
from engine.pack.ragged import pad_rows


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=200), budget=st.integers(64, 400), seed=st.integers(0, 5))
def test_batches_are_full_fit_their_rows_and_keep_to_the_budget(lengths: list[int], budget: int, seed: int) -> None:
    batches = list(islice(full_batches(lengths, budget=budget, generator=np.random.default_rng(seed)), 40))
    assert all(len(rows) == budget // width for width, rows in batches)
    assert all(lengths[row] <= width for width, rows in batches for row in rows)
    assert {width for width, _ in batches} <= set(WIDTHS)


def test_every_row_comes_once_in_each_epoch() -> None:
    lengths = [1 + row % 60 for row in range(240)]
    rows = [row for _, rows in islice(full_batches(lengths, budget=128, generator=np.random.default_rng(0)), 2_000) for row in rows]
    counts = np.bincount(rows, minlength=240)
    assert counts.max() - counts.min() <= 2
    assert counts.min() > 10


def test_a_row_with_two_texts_takes_the_room_of_both() -> None:
    width, rows = next(full_batches([16] * 50, budget=128, generator=np.random.default_rng(0), texts=2))
    assert (width, len(rows)) == (16, 4)


def test_a_row_that_no_batch_is_wide_enough_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="has 513 pieces"):
        next(full_batches([4, 513], budget=128, generator=np.random.default_rng(0)))


def test_a_stream_repeats_itself_for_the_same_seed_and_differs_for_another() -> None:
    def first(seed: int) -> list[list[int]]:
        stream = BatchStream(list(range(1, 90)), lambda rows, _, *, width: {"rows": rows}, budget=100, seed=seed)
        return [batch["rows"] for batch, _ in zip(stream, range(20), strict=False)]

    assert first(1) == first(1) != first(2)


def test_padding_is_on_the_right() -> None:
    assert pad_rows([[1, 2, 3], [4]], value=-100).tolist() == [[1, 2, 3], [4, -100, -100]]


def test_streams_are_mixed_by_their_shares_and_each_batch_is_of_one_of_them() -> None:
    streams = [BatchStream([1] * 50, lambda rows, _, *, width, name=name: {"of": name}, budget=40) for name in "ab"]
    mixed = MixedStream(streams, shares=(0.8, 0.2), seed=3)
    drawn = [batch["of"] for batch, _ in zip(mixed, range(500), strict=False)]
    assert 0.75 < drawn.count("a") / 500 < 0.85
    assert drawn == [batch["of"] for batch, _ in zip(mixed, range(500), strict=False)]
