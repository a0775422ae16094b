"""Masked words and next sentences: the shares of the paper, and what must never happen."""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from engine.reference.masking import NOT_ASKED, mask_words, next_sentence_pairs

# A vocabulary of 300 pieces; as in the English BERT's, the special ones are not its first.
PAD, UNK, CLS, SEP, MASK = SPECIAL = [0, 100, 101, 102, 103]
PIECES = 300
CONTINUES = np.arange(PIECES) >= 200
ROWS, LENGTH = 2_500, 64


def mask(ids: NDArray[np.int64], *, seed: int = 0, **options: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    masked, labels = mask_words(ids, continues=CONTINUES, special=SPECIAL, mask_id=MASK, generator=generator, **options)
    return masked.numpy(), labels.numpy()


@functools.cache
def sample() -> NDArray[np.int64]:
    """[CLS] pieces [SEP] and padding of any length. *Shape:* (ROWS, LENGTH)."""
    generator = np.random.default_rng(5)
    ids = generator.integers(104, PIECES, size=(ROWS, LENGTH))
    ids[:, 0] = CLS
    ends = generator.integers(LENGTH // 2, LENGTH, size=ROWS)
    ids[np.arange(ROWS), ends] = SEP
    ids[np.arange(LENGTH) > ends[:, None]] = PAD
    ids.flags.writeable = False
    return ids


def words_of(ids: NDArray[np.int64]) -> list[list[tuple[int, int]]]:
    """The (row, column) places of each word, special tokens left out."""
    words: list[list[tuple[int, int]]] = []
    for row, line in enumerate(ids):
        for column, piece in enumerate(line):
            if column == 0 or not CONTINUES[piece]:
                words.append([])
            if piece not in SPECIAL:
                words[-1].append((row, column))
    return [word for word in words if word]


def close_to(share: float, count: int) -> Any:
    """Within five standard deviations of a share of `count` free draws: one seed in a million falls outside."""
    return pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / count))


@pytest.mark.parametrize(("options", "share"), [({}, 0.15), ({"share": 0.4}, 0.4)], ids=["BERT's share", "another"])
@pytest.mark.parametrize("whole_words", [True, False])
def test_the_share_of_chosen_words_is_what_was_asked(options: dict[str, float], share: float, whole_words: bool) -> None:
    _, labels = mask(sample(), whole_words=whole_words, **options)
    chosen = labels != NOT_ASKED
    if whole_words:
        fates = [chosen[word[0]] for word in words_of(sample())]
        assert np.mean(fates) == close_to(share, len(fates))
    else:
        plain = ~np.isin(sample(), SPECIAL)
        assert chosen[plain].mean() == close_to(share, int(plain.sum()))


def test_eight_tenths_are_hidden_one_is_exchanged_and_one_stays() -> None:
    masked, labels = mask(sample())
    chosen = labels != NOT_ASKED
    count = int(chosen.sum())
    same_by_chance = 1 / (PIECES - len(SPECIAL))
    assert (masked[chosen] == MASK).mean() == close_to(0.8, count)
    assert (masked[chosen] == sample()[chosen]).mean() == close_to(0.1 + 0.1 * same_by_chance, count)
    exchanged = chosen & (masked != MASK) & (masked != sample())
    assert exchanged.sum() / count == close_to(0.1 * (1 - same_by_chance), count)


@pytest.mark.parametrize("whole_words", [True, False])
def test_all_but_the_special_tokens_and_padding_can_be_chosen(whole_words: bool) -> None:
    _, labels = mask(sample(), whole_words=whole_words, share=1.0)
    assert np.array_equal(labels != NOT_ASKED, ~np.isin(sample(), SPECIAL))


def test_any_plain_piece_is_put_in_and_none_that_is_special() -> None:
    masked, labels = mask(sample(), share=1.0)
    exchanged = masked[(labels != NOT_ASKED) & (masked != MASK) & (masked != sample())]
    assert set(exchanged.tolist()) == set(range(PIECES)) - set(SPECIAL)


def test_the_pieces_of_a_word_are_chosen_together() -> None:
    _, labels = mask(sample())
    chosen = labels != NOT_ASKED
    words = words_of(sample())
    assert max(map(len, words)) > 3
    assert all(len({bool(chosen[place]) for place in word}) == 1 for word in words)


def test_without_whole_words_pieces_are_chosen_apart() -> None:
    _, labels = mask(sample(), whole_words=False)
    chosen = labels != NOT_ASKED
    assert any(len({bool(chosen[place]) for place in word}) == 2 for word in words_of(sample()))


def test_a_row_that_begins_within_a_word_shares_none_with_the_row_before() -> None:
    ids = np.tile([150, 250], 500).reshape(-1, 1)  # rows of one piece: a word, and one that goes on
    _, labels = mask(ids, share=0.5)
    first, second = (labels[:, 0] != NOT_ASKED).reshape(-1, 2).T
    assert (first != second).any()


def test_the_same_seed_gives_the_same_result_and_another_seed_another() -> None:
    assert all(np.array_equal(one, other) for one, other in zip(mask(sample()), mask(sample()), strict=True))
    assert not np.array_equal(mask(sample())[1], mask(sample(), seed=1)[1])


def test_pytorch_leaves_out_what_is_not_asked() -> None:
    _, labels = mask(sample()[:4])
    logits = torch.randn(4 * LENGTH, PIECES, generator=torch.Generator().manual_seed(0))
    asked = torch.from_numpy(labels.ravel())
    chosen = asked != NOT_ASKED
    loss = torch.nn.functional.cross_entropy(logits, asked)
    assert float(loss) == pytest.approx(float(torch.nn.functional.cross_entropy(logits[chosen], asked[chosen])), abs=1e-6)


@given(
    ids=arrays.arrays(np.int64, st.tuples(st.integers(0, 4), st.integers(0, 12)), elements=st.integers(0, PIECES - 1)),
    seed=st.integers(0, 2**32),
    share=st.floats(0, 1),
    whole_words=st.booleans(),
)
def test_only_what_is_asked_changes_and_nothing_special_is_asked(
    ids: NDArray[np.int64], seed: int, share: float, whole_words: bool
) -> None:
    before = ids.copy()
    masked, labels = mask(ids, seed=seed, share=share, whole_words=whole_words)
    chosen = labels != NOT_ASKED
    assert np.array_equal(ids, before)
    assert masked.shape == labels.shape == ids.shape
    assert masked.dtype == labels.dtype == np.int64
    assert np.array_equal(labels[chosen], ids[chosen])
    assert np.array_equal(masked[~chosen], ids[~chosen])
    assert not chosen[np.isin(ids, SPECIAL)].any()
    assert not np.isin(masked[chosen], [special for special in SPECIAL if special != MASK]).any()


# --- next sentences ------------------------------------------------------------------------------------------------

DOCUMENTS = [
    ["吾輩は猫である。", "名前はまだ無い。", "はい。", "どこで生れたかとんと見当がつかぬ。"],
    ["The cat sits.", "はい。", "It sleeps.", "It dreams."],
    ["一文だけ。"],
    [],
]


def follows(documents: list[list[str]]) -> set[tuple[str, str]]:
    return {pair for document in documents for pair in pairwise(document)}


def test_each_sentence_with_a_next_one_begins_one_pair() -> None:
    pairs = next_sentence_pairs(DOCUMENTS, generator=np.random.default_rng(0))
    assert [pair.first for pair in pairs] == [sentence for document in DOCUMENTS for sentence in document[:-1]]


def test_half_of_the_second_sentences_are_the_next_ones() -> None:
    documents = [[f"{document}の{sentence}" for sentence in range(11)] for document in range(3_000)]
    pairs = next_sentence_pairs(documents, generator=np.random.default_rng(0))
    assert np.mean([pair.is_next for pair in pairs]) == close_to(0.5, len(pairs))
    assert {(pair.first, pair.second) for pair in pairs if pair.is_next} <= follows(documents)


def test_the_others_are_drawn_from_every_place_alike() -> None:
    documents = [["甲", "乙"], ["丙"], ["丁", "丁", "丁"]]
    generator = np.random.default_rng(0)
    firsts = [next_sentence_pairs(documents, generator=generator)[0] for _ in range(4_000)]
    drawn = [pair.second for pair in firsts if not pair.is_next]
    assert set(drawn) == {"甲", "丙", "丁"}
    assert drawn.count("丁") / len(drawn) == close_to(3 / 5, len(drawn))
    assert drawn.count("丙") / len(drawn) == close_to(1 / 5, len(drawn))


def test_the_same_seed_gives_the_same_pairs() -> None:
    first, second, other = (next_sentence_pairs(DOCUMENTS * 9, generator=np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == second != other


def test_where_no_other_sentence_is_left_it_says_so() -> None:
    with pytest.raises(ValueError, match="give more documents"):
        next_sentence_pairs([["はい。", "はい。"]], generator=np.random.default_rng(0))
    assert next_sentence_pairs([], generator=np.random.default_rng(0)) == []


@given(
    documents=st.lists(st.lists(st.sampled_from("あいうabc"), max_size=6), max_size=6),
    seed=st.integers(0, 2**32),
)
def test_no_label_is_wrong_by_chance(documents: list[list[str]], seed: int) -> None:
    documents.append(["甲", "乙"])  # nothing stands behind 乙, and 甲 behind nothing
    for pair in next_sentence_pairs(documents, generator=np.random.default_rng(seed)):
        assert pair.is_next == ((pair.first, pair.second) in follows(documents))
