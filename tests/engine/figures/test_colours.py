"""Colours that say numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.figures.colours import Scale, even_places, ink_on, round_up, signed_scale, tick, weight_scale, written

# How a person without one kind of cones sees linear red, green and blue (Machado et al. 2009, severity 1).
DEFICIENCIES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def luminance(colour: tuple[float, float, float]) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_more_is_darker_on_both_sides_of_nothing() -> None:
    scale = Scale(low=-1.0, high=1.0)
    up = [luminance(scale.colour(value)) for value in np.linspace(0, 1, 30)]
    down = [luminance(scale.colour(value)) for value in np.linspace(0, -1, 30)]
    assert scale.colour(0.0) == (1.0, 1.0, 1.0)
    assert up == sorted(up, reverse=True)
    assert down == sorted(down, reverse=True)
    assert len(set(up)) == len(set(down)) == 30


@pytest.mark.parametrize("kind", DEFICIENCIES)
@pytest.mark.parametrize("size", [0.3, 0.6, 1.0])
def test_more_and_less_than_nothing_are_told_apart_without_one_kind_of_cones(kind: str, size: float) -> None:
    seen = []
    for value in (size, -size):
        linear = np.array(Scale(low=-1.0, high=1.0).colour(value)) ** 2.2
        seen.append(np.clip(np.array(DEFICIENCIES[kind]) @ linear, 0, 1) ** (1 / 2.2))
    assert np.abs(seen[0] - seen[1]).max() > 0.2


@given(value=st.floats(-1, 1))
def test_letters_on_a_colour_have_the_contrast_that_wcag_asks_for(value: float) -> None:
    colour = Scale(low=-1.0, high=1.0).colour(value)
    low, high = sorted((luminance(colour), luminance(ink_on(colour))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_what_is_beyond_the_scale_has_its_last_colour_and_what_is_no_number_none() -> None:
    scale = Scale(high=0.5)
    assert scale.colour(0.9) == scale.colour(0.5) == scale.colour(np.inf)
    assert scale.colour(-0.3) == scale.colour(np.nan) == (1.0, 1.0, 1.0)


@given(value=st.floats(1e-9, 1e9))
def test_a_scale_ends_at_a_round_number_that_is_not_far_above(value: float) -> None:
    assert value * (1 - 1e-6) <= round_up(value) <= value * 1.7


def test_a_scale_says_so_where_numbers_go_beyond_it() -> None:
    values = np.array([0.02, 0.03, 0.9])
    assert weight_scale(values, counted=np.array([True, True, False])) == Scale(high=0.03, more=True)
    assert weight_scale(values) == Scale(high=1.0)
    assert weight_scale(np.zeros(3)) == Scale(high=1.0)
    assert signed_scale(np.array([0.2, -0.7])) == Scale(low=-0.8, high=0.8)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.50"), (0.0123, "0.012"), (0.00123, "0.0012"), (-0.5, "−0.50"), (0.0, "0"), (-0.0, "0"), (1e-9, "0"), (12.5, "12.50")],
)
def test_numbers_are_written_for_people(value: float, shown: str) -> None:
    assert written(value) == shown


def test_a_sign_is_written_where_it_matters() -> None:
    assert [written(0.5, sign=True), written(-0.5, sign=True), tick(0.25, sign=True), tick(0.0, sign=True)] == [
        "+0.50",
        "−0.50",
        "+0.25",
        "0",
    ]


@pytest.mark.parametrize(
    ("first", "last", "places"),
    [
        (0, 511, [0, 150, 300, 450]),
        (100, 900, [200, 400, 600, 800]),
        (1, 1_300, [300, 600, 900, 1_200]),
        (3, 3, [3]),
        (0.5, 1.5, [1]),
        (1, 2, [1, 2]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 8, [2, 4, 6, 8]),
        (0, 12, [0, 3, 6, 9, 12]),
    ],
)
def test_places_along_an_edge_are_round_and_whole(first: float, last: float, places: list[int]) -> None:
    assert even_places(first, last) == places


@pytest.mark.parametrize("last", range(1, 60))
def test_there_are_never_more_places_than_fit_nor_none(last: int) -> None:
    places = even_places(1, last)
    assert 1 <= len(places) <= 6
    assert len({b - a for a, b in pairwise(places)}) <= 1
