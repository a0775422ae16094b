"""Rollout and relevance, held to the papers' formulas written out token by token."""

from __future__ import annotations

import numpy as np
import pytest

from engine.attention.flow import relevance, rollout

LAYERS, HEADS, TOKENS = 3, 4, 5


@pytest.fixture
def layers() -> list[np.ndarray]:
    numbers = np.random.default_rng(3).random((LAYERS, HEADS, TOKENS, TOKENS)).astype(np.float32)
    return list(numbers / numbers.sum(axis=-1, keepdims=True))


def test_rollout_follows_every_path_through_the_layers(layers: list[np.ndarray]) -> None:
    """Abnar & Zuidema 2020, eq. 1: each step is half attention, half staying where one is."""
    wanted = np.zeros((TOKENS, TOKENS))
    for top in range(TOKENS):
        share = {top: 1.0}
        for layer in reversed(layers):
            further = dict.fromkeys(range(TOKENS), 0.0)
            for place, has in share.items():
                for source in range(TOKENS):
                    looks = sum(float(head[place, source]) for head in layer) / HEADS
                    further[source] += has * (0.5 * looks + 0.5 * (place == source))
            share = further
        wanted[top] = [share[source] for source in range(TOKENS)]
    assert rollout(layers) == pytest.approx(wanted, abs=1e-6)
    assert rollout(layers).sum(axis=-1) == pytest.approx(1.0)


def test_rollout_of_one_token_is_one() -> None:
    assert rollout([np.ones((2, 1, 1), dtype=np.float32)]) == pytest.approx(np.ones((1, 1)))


def test_relevance_adds_what_each_layer_brings_and_leaves_out_what_was_there_before(layers: list[np.ndarray]) -> None:
    """Chefer et al. 2021, eq. 6 and 8, by sums over indices."""
    steps = [layer.mean(axis=0) * 0.3 for layer in layers]
    gathered = np.eye(TOKENS)
    for step in steps:
        before = gathered.copy()
        for i in range(TOKENS):
            for j in range(TOKENS):
                gathered[i, j] = before[i, j] + sum(float(step[i, k]) * before[k, j] for k in range(TOKENS))
    rest = gathered - np.eye(TOKENS)
    assert relevance(steps) == pytest.approx(rest / rest.sum(axis=-1, keepdims=True), abs=1e-6)


def test_what_draws_on_nothing_relevant_has_a_row_of_zeros() -> None:
    step = np.zeros((2, 2), dtype=np.float32)
    step[0, 1] = 0.4
    assert relevance([step]) == pytest.approx(np.array([[0.0, 1.0], [0.0, 0.0]]))
