"""What BERT learns from (Devlin et al. 2019, §3.1 and appendix A.1): words to guess, and sentences that follow or do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

MASK_SHARE = 0.15
# What becomes of a chosen piece. Some stay readable: [MASK] never occurs in the texts that are read later.
TO_MASK, TO_RANDOM = 0.8, 0.1
NOT_ASKED = -100  # the label that PyTorch's cross entropy leaves out


def mask_words(
    ids: NDArray[np.integer],
    *,
    continues: NDArray[np.bool_],
    special: Sequence[int],
    mask_id: int,
    generator: np.random.Generator,
    whole_words: bool = True,
    share: float = MASK_SHARE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hide some words of each row, to be guessed from the others.

    Each word is chosen by itself with the probability `share`, so the number of chosen ones varies, and a short row may have
    none. All pieces of a chosen word are asked for. Each of these pieces, again by itself, becomes [MASK] (80 %), any piece of
    the vocabulary that is not special (10 %, itself now and then), or stays (10 %).

    Args:
        ids: *Shape:* (batch, seq).
        continues: whether a piece goes on with the word before it (##). *Shape:* (vocabulary,).
        special: ids that are never chosen and never put in: [CLS], [SEP], padding and the like.
        whole_words: False: each piece is a word of its own, as in the paper.
    Returns:
        (masked ids, labels with NOT_ASKED where nothing is asked), int64. *Shape:* (batch, seq) each.
    """
    begins = ~continues[ids] if whole_words else np.ones(ids.shape, dtype=np.bool_)  # (batch, seq)
    begins[:, :1] = True  # a row that begins within a word begins one: rows share none
    word = np.cumsum(begins, axis=1) + np.arange(len(ids))[:, None] * ids.shape[1]  # (batch, seq), numbers of words
    chosen_words = generator.random(word.max(initial=0) + 1) < share  # (words,)
    chosen = chosen_words[word] & ~np.isin(ids, special)  # (batch, seq)
    fate = generator.random(ids.shape)  # (batch, seq), 0..1
    plain = np.delete(np.arange(len(continues)), special)  # (vocabulary - special,)
    random_pieces = plain[generator.integers(len(plain), size=ids.shape)]  # (batch, seq)
    masked = np.where(chosen & (fate < TO_MASK), mask_id, ids)  # (batch, seq)
    masked = np.where(chosen & (fate >= 1 - TO_RANDOM), random_pieces, masked)  # (batch, seq)
    labels = np.where(chosen, ids, NOT_ASKED)  # (batch, seq)
    return torch.from_numpy(masked.astype(np.int64)), torch.from_numpy(labels.astype(np.int64))  # (batch, seq) each


@dataclass(frozen=True, kw_only=True)
class SentencePair:
    """Two sentences, and whether the second stands behind the first: label 0 of BERT's head if so, else 1."""

    first: str
    second: str
    is_next: bool


def next_sentence_pairs(documents: Sequence[Sequence[str]], *, generator: np.random.Generator) -> list[SentencePair]:
    """One pair for each sentence that another follows, in order.

    With the probability ½ the second is the true next one. Else it is drawn from the sentences of all documents, each place as
    likely as another, but never one that stands behind the first sentence's words anywhere: no label is wrong by chance.

    Args:
        documents: the sentences of each, in order.
    Raises:
        ValueError: a sentence is followed by every sentence there is, and none is left to draw.
    """
    sentences = [sentence for document in documents for sentence in document]
    counts = Counter(sentences)
    followers: defaultdict[str, set[str]] = defaultdict(set)
    for document in documents:
        for first, second in pairwise(document):
            followers[first].add(second)
    pairs = []
    for document in documents:
        for first, second in pairwise(document):
            if sum(counts[follower] for follower in followers[first]) == len(sentences):
                raise ValueError(f"every sentence follows {first!r} somewhere, none is left to draw: give more documents")
            is_next = bool(generator.random() < 0.5)
            while not is_next and second in followers[first]:
                second = sentences[generator.integers(len(sentences))]
            pairs.append(SentencePair(first=first, second=second, is_next=is_next))
    return pairs
