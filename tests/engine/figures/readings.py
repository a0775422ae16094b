"""Readings to draw: true attention shapes (rows that sum to 1), made from a seed, with all that an explanation may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.attention.explained import Explained, Positions
from engine.contract import MaskingEffect, Prediction, TellingHead, Token, TokenScores, WordLink

JAPANESE = ("[CLS]", "京都", "の", "紅葉", "は", "本当", "に", "素晴らしかっ", "た", "##よー", "。", "[SEP]")
ENGLISH = ("[CLS]", "the", "service", "was", "sur", "##pris", "##ingly", "good", ",", "but", "slow", "[SEP]")
MIXED = ("[CLS]", "BERT", "は", "Transformer", "の", "##エンコーダー", "です", "！", "[SEP]")
ODD = ("[CLS]", "😀", "$x^2$", "_{a}", "\x00\x1b", "ไทย", "\u202e猫", "w" * 90, "あ" * 60, "", "[SEP]")
ONE = ("猫",)
LONG = (*((JAPANESE + ENGLISH)[number % 24] for number in range(63)), "[SEP]")
TEXTS = {"ja": JAPANESE, "en": ENGLISH, "mixed": MIXED, "odd": ODD, "one": ONE, "64": LONG}


def tokens(words: Sequence[str]) -> tuple[Token, ...]:
    """The words as tokens, with a space before each that begins with a Latin letter."""
    made, at = [], 0
    for number, word in enumerate(words):
        special = word in ("[CLS]", "[SEP]")
        at += 1 if word[:1].isascii() and not word.startswith("##") else 0
        end = at if special else at + len(word.removeprefix("##"))
        made.append(Token(text=word, id=number, start=at, end=end, special=special))
        at = end
    return tuple(made)


def reading(words: Sequence[str], *, layers: int = 3, heads: int = 4, seed: int = 0, **changed: Any) -> Explained:
    """A reading of the words; any field can be `changed`."""
    random, count = np.random.default_rng(seed), len(words)
    maps = random.dirichlet(np.full(count, 0.3), size=(layers, heads, count)).astype(np.float32)
    rollout, relevance = (random.dirichlet(np.full(count, 0.5), size=count) for _ in range(2))
    scores = tuple(
        TokenScores(rollout=float(rollout[0, index]), relevance=float(relevance[0, index]), attribution=float(random.normal()))
        for index in range(count)
    )
    effects = (("attention", 0.62, -0.35), ("attribution", 0.31, -0.66), ("random", 0.95, -0.02))
    made = Explained(
        model="models/sentiment",
        language="ja",
        task="sentiment",
        tokens=tokens(words),
        second_from=None,
        maps=maps,
        rollout=rollout,
        relevance=relevance,
        prediction=Prediction(label="positive", probability=0.97),
        scores=scores,
        completeness_error=0.002,
        faithfulness=tuple(MaskingEffect(by=by, masked=3, probability=after, change=change) for by, after, change in effects),  # type: ignore[arg-type]  # they are
        telling=(
            TellingHead(kind="focused", layer=0, head=0, value=0.4),
            TellingHead(kind="distant", layer=layers - 1, head=heads - 1, value=5.1),
            TellingHead(kind="separator", layer=layers - 1, head=0, value=0.8),
        ),
        links=(),
        word=None,
        window=0,
        windows=1,
        chosen=False,
        positions=_positions(),
    )
    return replace(made, **changed)


def with_word(read: Explained, index: int) -> Explained:
    """The reading with one token asked for, which is the word's wherever it stands."""
    mean, word = read.maps[-1].mean(axis=0), read.tokens[index].text
    links = tuple(
        WordLink(token=other, looks_at=float(mean[index, other]), looked_by=float(mean[other, index]), own=token.text == word)
        for other, token in enumerate(read.tokens)
    )
    return replace(read, word=word, links=links)


def _positions() -> Positions:
    places, width = np.arange(40)[:, None], 16
    angles = places / 10_000 ** (np.arange(0, width, 2) / width)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(40, width)
    return Positions(learned=waves + np.random.default_rng(0).normal(size=waves.shape) * 0.2, sinusoidal=waves)
