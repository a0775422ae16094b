"""Tests how a model's labels are read and how the best sequence of tags is found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.tasks.entity_tags import Tag, read_tags

BIO = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC", 4: "I-LOC"}
BILOU = {0: "O", 1: "B-PER", 2: "I-PER", 3: "L-PER", 4: "U-PER"}


def test_types_of_known_sets_are_taken_to_the_four_labels() -> None:
    names = ["人名", "B-法人名", "I-政治的組織名", "E-地名", "S-イベント名", "corporation", "GPE", "DATE"]
    tags = read_tags(dict(enumerate(names)), {})
    assert [tags.tags[next(i for i, columns in enumerate(tags.columns) if column in columns)] for column in range(8)] == [
        Tag("X", "PER"),
        Tag("B", "ORG"),
        Tag("I", "ORG"),
        Tag("L", "LOC"),
        Tag("U", "MISC"),
        Tag("X", "ORG"),
        Tag("X", "LOC"),
        Tag("O"),
    ]


def test_types_that_are_one_label_of_ours_are_added_up() -> None:
    tags = read_tags({0: "O", 1: "B-法人名", 2: "B-その他の組織名", 3: "I-法人名"}, {})
    assert tags.gather(np.array([[0.4, 0.3, 0.25, 0.05]], dtype=np.float32)).round(6).tolist() == [[0.4, 0.55, 0.05]]


def test_a_mapping_takes_types_and_whole_labels_to_ours() -> None:
    assert read_tags({0: "O", 1: "B-ORG-P"}, {"ORG-P": "ORG"}).tags == (Tag("O"), Tag("B", "ORG"))
    assert read_tags({0: "LABEL_0", 1: "LABEL_1"}, {"LABEL_1": "B-PER"}).tags == (Tag("O"), Tag("B", "PER"))
    assert read_tags({0: "O", 1: "B-PER", 2: "I-PER"}, {"I-PER": "PER"}).tags == (Tag("O"), Tag("B", "PER"), Tag("X", "PER"))


def test_an_entity_that_begins_inside_is_mended() -> None:
    """O is likeliest first, I-PER second: O, I-PER makes no sense, B-PER, I-PER is the best that does."""
    tags = read_tags(BIO, {})
    probabilities = np.array([[0.5, 0.4, 0.05, 0.03, 0.02], [0.05, 0.02, 0.9, 0.02, 0.01]])
    assert [(first, last, label) for first, last, label, _ in tags.entities(probabilities)] == [(0, 1, "PER")]


def test_an_entity_does_not_change_its_type_within() -> None:
    tags = read_tags(BIO, {})
    probabilities = np.array([[0.02, 0.9, 0.03, 0.03, 0.02], [0.02, 0.02, 0.4, 0.06, 0.5]])
    assert [(first, last, label) for first, last, label, _ in tags.entities(probabilities)] == [(0, 1, "PER")]


def test_neighbours_of_one_type_stay_two_entities() -> None:
    tags = read_tags(BIO, {})
    probabilities = np.eye(5)[[1, 2, 1, 2]]
    assert [(first, last) for first, last, _, _ in tags.entities(probabilities)] == [(0, 1), (2, 3)]


def test_tags_without_a_beginning_join_neighbours() -> None:
    tags = read_tags({0: "O", 1: "PER", 2: "LOC"}, {})
    probabilities = np.eye(3)[[1, 1, 2, 0, 2]]
    assert [(first, last, label) for first, last, label, _ in tags.entities(probabilities)] == [(0, 1, "PER"), (2, 2, "LOC"), (4, 4, "LOC")]


def test_conll_entities_may_begin_with_inside_where_the_mapping_says_so() -> None:
    tags = read_tags({0: "O", 1: "B-PER", 2: "I-PER"}, {"I-PER": "PER"})
    probabilities = np.eye(3)[[0, 2, 2, 1, 2]]
    assert [(first, last) for first, last, _, _ in tags.entities(probabilities)] == [(1, 2), (3, 4)]


def test_entities_end_with_last_where_the_model_knows_it() -> None:
    tags = read_tags(BILOU, {})
    probabilities = np.full((3, 5), 0.01)
    probabilities[[0, 1, 2], [1, 2, 0]] = 0.9  # B I O: the second must end the entity, so it is L
    probabilities[1, 3] = 0.09
    assert [(first, last) for first, last, _, _ in tags.entities(probabilities)] == [(0, 1)]


def test_the_score_is_the_mean_probability_of_the_label_in_any_position() -> None:
    tags = read_tags(BIO, {})
    probabilities = np.array([[0.1, 0.6, 0.2, 0.05, 0.05], [0.2, 0.1, 0.5, 0.1, 0.1]])
    [(_, _, _, score)] = tags.entities(probabilities)
    assert score == pytest.approx((0.8 + 0.6) / 2)


def test_no_pieces_hold_no_entity() -> None:
    assert list(read_tags(BIO, {}).entities(np.zeros((0, 5)))) == []


def makes_sense(path: list[int], scheme: dict[int, str]) -> bool:
    """The rules written down once more, label by label."""
    names = ["O", *(scheme[tag] for tag in path), "O"]
    last_known = any(name.startswith("L") for name in scheme.values())
    for before, now in itertools.pairwise(names):
        if now[0] in "IL" and not (before[0] in "BI" and before[2:] == now[2:]):
            return False
        if last_known and before[0] in "BI" and now[0] not in "IL":
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([BIO, BILOU]), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_no_sequence_that_makes_sense_is_more_probable(scheme: dict[int, str], length: int, seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.full(5, 0.5), size=length) + 1e-6
    found = read_tags(scheme, {}).best_path(probabilities)
    paths = [list(path) for path in itertools.product(range(5), repeat=length) if makes_sense(list(path), scheme)]
    best = max(np.log(probabilities[range(length), path]).sum() for path in paths)
    assert makes_sense(found, scheme)
    assert np.log(probabilities[range(length), found]).sum() == pytest.approx(best)
