"""Words are found again in their text, slices are the same however long the text, and offsets are made fit for readers."""

from __future__ import annotations

import pytest
from tokenizers import NormalizedString

from engine.tokenization.spans import Span, place_words, slice_spans, tidy_offsets


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("猫がいる", ["猫", "が", "いる"], ["猫", "が", "いる"]),
        ("the cat", ["the", "cat"], ["the", "cat"]),
        ("  猫\n\0犬 ", ["猫", "犬"], ["猫", "犬"]),
        ("猫\u3000犬", ["猫", "\u3000", "犬"], ["猫", "\u3000", "犬"]),
        ("猫〇犬", ["猫", "犬"], ["猫", "〇", "犬"]),
        ("猫〇", ["猫"], ["猫", "〇"]),
        ("猫猫", ["猫", "猫"], ["猫", "猫"]),
        ("猫犬", ["猫", "鳥", "犬"], ["猫", "犬"]),
        ("猫" + " " * 2_000 + "犬", ["猫", "犬"], ["猫", "犬"]),
        ("", [], []),
    ],
)
def test_words_are_placed_in_order_and_no_letter_is_lost(text: str, words: list[str], expected: list[str]) -> None:
    assert [text[start:end] for start, end in place_words(text, words)] == expected


def test_slices_of_a_long_text_are_those_that_were_asked_for_and_know_their_place() -> None:
    text = "".join(chr(0x4E00 + index % 5_000) for index in range(3_000))
    spans = [(start, start + 1 + start % 7) for start in range(0, 2_950, 9)] + [(2_960, 2_999)]

    slices = slice_spans(NormalizedString(text), spans)

    assert [str(part) for part in slices] == [text[start:end] for start, end in spans]


def test_a_word_longer_than_a_block_is_sliced_whole() -> None:
    text = "a" * 2_000 + "b" * 100 + "c"

    slices = slice_spans(NormalizedString(text), [(0, 2_000), (2_000, 2_100), (2_100, 2_101)])

    assert [len(str(part)) for part in slices] == [2_000, 100, 1]


@pytest.mark.parametrize(
    ("text", "tokens", "offsets", "expected"),
    [
        ("a cat", ["a", "▁cat"], [(0, 1), (1, 5)], [(0, 1), (2, 5)]),
        ("猫", ["▁", "猫"], [(0, 1), (0, 1)], [(0, 0), (0, 1)]),
        ("a  b", ["a", "Ġ", "Ġb"], [(0, 1), (1, 2), (2, 4)], [(0, 1), (1, 2), (3, 4)]),
        ("か\u3099き", ["が", "き"], [(0, 1), (2, 3)], [(0, 2), (2, 3)]),
        ("ｶﾞ", ["ガ"], [(0, 1)], [(0, 2)]),
        ("e\u0301\u0302s", ["e", "##s"], [(0, 1), (3, 4)], [(0, 3), (3, 4)]),
        ("か\u3099", ["か", "\u3099"], [(0, 1), (1, 2)], [(0, 1), (1, 2)]),
        ("㈱猫", ["(", "株", ")", "猫"], [(0, 1), (0, 1), (0, 1), (1, 2)], [(0, 1), (0, 1), (0, 1), (1, 2)]),
        ("ab", ["a", "b"], [(1, 2), (0, 9)], [(1, 2), (1, 2)]),
        ("", [], [], []),
    ],
)
def test_offsets_are_brought_into_reading_order_without_white_space(
    text: str, tokens: list[str], offsets: list[Span], expected: list[Span]
) -> None:
    assert list(tidy_offsets(text, tokens, offsets)) == expected
