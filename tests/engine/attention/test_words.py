"""Words among pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.attention.words import continued, joined, occurrences, pieces_within
from engine.contract import Word


def words(*spans: tuple[int, int]) -> list[Word]:
    return [Word(start=start, end=end, text="", first_token=0, last_token=0) for start, end in spans]


@pytest.mark.parametrize(
    ("wanted", "text", "places"),
    [
        ("京都", "京都は京都だ。", [(0, 2), (3, 5)]),
        ("apple", "Apple and APPLE", [(0, 5), (10, 15)]),
        ("Apple", "Ａｐｐｌｅの本社", [(0, 5)]),
        ("ガ", "ｶﾞと本", [(0, 2)]),  # half-width kana with its mark
        ("が", "か\u3099と本", [(0, 2)]),  # typed as two characters
        ("株", "㈱猫", [(0, 1)]),
        ("strasse", "Die Straße", [(4, 10)]),
        ("👨‍👩‍👧", "家族👨‍👩‍👧です", [(2, 7)]),
        (" cat ", "the cat", [(4, 7)]),
        ("犬", "猫が鳴く", []),
        ("  ", "猫が 鳴く", []),
    ],
)
def test_a_word_is_found_whatever_its_width_and_case(wanted: str, text: str, places: list[tuple[int, int]]) -> None:
    assert occurrences(wanted, text, []) == places


def test_whole_words_go_before_the_same_letters_within_others() -> None:
    text = "concatenate the cat"
    assert occurrences("cat", text, words((0, 11), (12, 15), (16, 19))) == [(16, 19)]
    assert occurrences("cat", text[:11], words((0, 11))) == [(3, 6)]


def test_several_words_count_as_a_whole() -> None:
    assert occurrences("京都大学", "東京都大学の京都大学", words((0, 3), (3, 5), (5, 6), (6, 8), (8, 10))) == [(6, 10)]


def test_pieces_that_share_a_character_with_a_word_belong_to_it() -> None:
    offsets = [(0, 2), (2, 5), (5, 5), (5, 7), (7, 9)]
    assert pieces_within([(1, 3), (8, 9)], offsets) == [0, 1, 4]
    assert pieces_within([], offsets) == []


def test_words_that_share_a_piece_are_one() -> None:
    shared = [
        Word(start=0, end=2, text="", first_token=0, last_token=1),
        Word(start=2, end=4, text="", first_token=1, last_token=2),
        Word(start=4, end=6, text="", first_token=3, last_token=3),
    ]
    assert continued(shared, 4).tolist() == [False, True, True, False]


def test_joining_averages_rows_and_sums_columns() -> None:
    matrix = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]])
    assert joined(matrix, [[0, 1], [2]]) == pytest.approx(np.array([[0.45, 0.55], [0.75, 0.25]]))


def test_single_tokens_keep_their_numbers_to_the_bit() -> None:
    matrix = np.random.default_rng(0).random((2, 3, 3)).astype(np.float32)
    assert np.array_equal(joined(matrix, [[0], [1], [2]]), matrix)
    assert np.array_equal(joined(matrix, [[2], [0]]), matrix[:, [2, 0]][:, :, [2, 0]])
