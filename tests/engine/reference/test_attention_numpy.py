"""Attention in NumPy: against PyTorch's own and the reference's, and what its mask means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from torch.nn import functional

from engine.reference import transformer
from engine.reference.attention_numpy import scaled_dot_product_attention, softmax

SHAPES = [(), (3,), (2, 4)]


def draw(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def inputs(leading: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(query, key, value) of 5 queries, 7 keys, d = 8, d_value = 6."""
    return draw(*leading, 5, 8), draw(*leading, 7, 8, seed=1), draw(*leading, 7, 6, seed=2)


def some_mask(*shape: int) -> NDArray[np.bool_]:
    """A mask that leaves each row something to look at."""
    mask = draw(*shape, seed=3) > 0
    mask[..., 0] = True
    return mask


@pytest.mark.parametrize("leading", SHAPES)
@pytest.mark.parametrize("mask", [None, some_mask(5, 7), some_mask(1, 7)], ids=["no mask", "each query's own", "the same for all"])
def test_it_equals_pytorchs_and_the_written_out_one(leading: tuple[int, ...], mask: NDArray[np.bool_] | None) -> None:
    query, key, value = inputs(leading)
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    tensors = [torch.from_numpy(array) for array in (query, key, value)]
    torch_mask = None if mask is None else torch.from_numpy(mask)
    fused = functional.scaled_dot_product_attention(*tensors, attn_mask=torch_mask)
    written_out, written_weights = transformer.scaled_dot_product_attention(*tensors, torch_mask)
    assert output.shape == (*leading, 5, 6)
    assert weights.shape == (*leading, 5, 7)
    assert output.dtype == weights.dtype == np.float32
    assert np.abs(output - fused.numpy()).max() <= 1e-6
    assert np.abs(output - written_out.numpy()).max() <= 1e-6
    assert np.abs(weights - written_weights.numpy()).max() <= 1e-6


def test_true_in_a_mask_means_may_look() -> None:
    query, key, value = inputs(())
    mask = np.zeros((5, 7), dtype=np.bool_)
    mask[:, 3] = True
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    assert np.array_equal(weights, mask.astype(np.float32))
    assert np.array_equal(output, np.broadcast_to(value[3], output.shape))


def test_what_is_masked_does_not_matter_however_large() -> None:
    query, key, value = inputs((2,))
    mask = some_mask(5, 7) & (np.arange(7) != 6)
    output, _ = scaled_dot_product_attention(query, key, value, mask)
    key[:, 6], value[:, 6] = 1e4, 1e4
    assert np.array_equal(output, scaled_dot_product_attention(query, key, value, mask)[0])


def test_who_may_look_at_nothing_takes_nothing_as_in_pytorch() -> None:
    query, key, value = inputs(())
    mask = some_mask(5, 7)
    mask[2] = False
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    assert not output[2].any()
    assert not weights[2].any()
    assert weights[[0, 1, 3, 4]].sum(axis=-1) == pytest.approx(1.0, abs=1e-6)
    fused = functional.scaled_dot_product_attention(*map(torch.from_numpy, (query, key, value)), attn_mask=torch.from_numpy(mask))
    assert np.abs(output - fused.numpy()).max() <= 1e-6


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_a_mask_of_numbers_is_refused(dtype: type[np.generic]) -> None:
    with pytest.raises(TypeError, match="must be of bool"):
        scaled_dot_product_attention(*inputs(()), np.ones((5, 7), dtype=dtype))  # type: ignore[arg-type]  # what is tested


@given(
    scores=arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=6), elements=st.floats(-1e300, 1e300)),
    shift=st.floats(-1e3, 1e3),
)
def test_a_softmax_gives_shares_of_any_scores(scores: NDArray[np.float64], shift: float) -> None:
    shares = softmax(scores)
    assert np.all((shares >= 0) & (shares <= 1))
    assert shares.sum(axis=-1) == pytest.approx(1.0)
    of_highest = np.take_along_axis(shares, scores.argmax(axis=-1, keepdims=True), axis=-1)
    assert np.array_equal(of_highest, shares.max(axis=-1, keepdims=True))
    small = np.clip(scores, -1e3, 1e3)
    assert softmax(small + shift) == pytest.approx(softmax(small), abs=1e-9)


def test_a_softmax_goes_along_any_axis_and_gives_minus_infinity_no_share() -> None:
    scores = np.array([[0.0, -np.inf], [0.0, -np.inf], [np.log(2.0), -np.inf]])
    assert softmax(scores, axis=0) == pytest.approx(np.array([[0.25, 0.0], [0.25, 0.0], [0.5, 0.0]]))
    assert softmax(scores) == pytest.approx(np.array([[1.0, 0.0]] * 3))
    assert softmax(np.zeros((2, 0))).shape == (2, 0)


def test_it_needs_no_torch() -> None:
    code = "import sys, engine.reference.attention_numpy\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "False"
