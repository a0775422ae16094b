"""Starts the embeddings of new Japanese pieces from the English pieces that translate them.

Word alignment is IBM model 1 (Brown et al. 1993, "The Mathematics of Statistical Machine Translation") in both
directions over word pieces; a dictionary (EDICT) and the pieces' characters fill what the parallel text leaves open.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from engine.training.data import DataFolder

PARALLEL_SETS = ("parallel/en-ja-train", "parallel/python-docs-train")
MAX_PAIR_PIECES = 60
IBM_ITERATIONS = 6
SMALLEST_PROBABILITY = 0.03
GLOSS = re.compile(r"\([^)]*\)|\{[^}]*\}")

Translations = dict[int, dict[int, float]]
IdPairs = Sequence[tuple[list[int], list[int]]]


def ibm_model_1(pairs: IdPairs, *, iterations: int = IBM_ITERATIONS) -> Translations:
    """Lexical translation probabilities t(target | source) by expectation maximisation.

    Args:
        pairs: (source piece ids, target piece ids) of each sentence pair.
    Returns:
        source id → {target id: probability}; a source's probabilities sum to 1.
    """
    sources, targets, owners = [], [], []
    owner = 0
    for source, target in pairs:
        unique_source = np.unique(np.asarray(source, dtype=np.int64))
        for piece in target:
            sources.append(unique_source)
            targets.append(np.full(len(unique_source), piece, dtype=np.int64))
            owners.append(np.full(len(unique_source), owner, dtype=np.int64))
            owner += 1
    source_ids, target_ids, owner_ids = map(np.concatenate, (sources, targets, owners))
    keys, cells = np.unique(source_ids << 32 | target_ids, return_inverse=True)
    cell_source, cell_target = keys >> 32, keys & 0xFFFFFFFF
    probability = np.ones(len(keys))
    for _ in range(iterations):
        share = probability[cells]
        share /= np.bincount(owner_ids, weights=share)[owner_ids]
        expected = np.bincount(cells, weights=share, minlength=len(keys))
        probability = expected / np.bincount(cell_source, weights=expected)[cell_source]
    table: Translations = defaultdict(dict)
    for source, target, value in zip(cell_source.tolist(), cell_target.tolist(), probability.tolist(), strict=True):
        if value >= SMALLEST_PROBABILITY:
            table[source][target] = value
    return dict(table)


def agreed_translations(pairs: IdPairs) -> Translations:
    """Japanese piece → English pieces on which both directions agree, weighted by the geometric mean of the two."""
    to_english = ibm_model_1(pairs)
    to_japanese = ibm_model_1([(english, japanese) for japanese, english in pairs])
    agreed: Translations = {}
    for japanese, candidates in to_english.items():
        weights = {
            english: (value * to_japanese[english][japanese]) ** 0.5
            for english, value in candidates.items()
            if japanese in to_japanese.get(english, {})
        }
        if weights:
            agreed[japanese] = weights
    return agreed


def parallel_ids(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> IdPairs:
    """(Japanese ids, English ids) of the parallel sets, pairs of moderate length only."""
    rows = [row for name in PARALLEL_SETS for row in data.rows(name)]
    japanese = tokenizer([row["ja"] for row in rows], add_special_tokens=False, verbose=False)["input_ids"]
    english = tokenizer([row["en"] for row in rows], add_special_tokens=False, verbose=False)["input_ids"]
    return [(j, e) for j, e in zip(japanese, english, strict=True) if 0 < len(j) <= MAX_PAIR_PIECES and 0 < len(e) <= MAX_PAIR_PIECES]


def read_edict(path: Path) -> dict[str, list[str]]:
    """Japanese word (written form and reading) → its English glosses, from an EDICT file (EUC-JP)."""
    glosses: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="euc-jp", errors="replace") as lines:
        for line in lines:
            head, _, body = line.partition("/")
            written, _, reading = head.strip().partition(" [")
            meanings = [text for part in body.split("/") if (text := GLOSS.sub("", part).strip()) and not text.startswith("Ent")]
            for word in {written, reading.rstrip("] ")} - {""}:
                glosses[word].extend(meanings[:3])
    return glosses


def gloss_translations(edict_file: Path, tokenizer: PreTrainedTokenizerFast) -> Translations:
    """Vocabulary piece that is a dictionary word → the pieces of its first glosses, weighted equally."""
    glosses = read_edict(edict_file)
    vocabulary = tokenizer.get_vocab()
    known = [(vocabulary[word], meanings[:3]) for word, meanings in glosses.items() if word in vocabulary]
    ids = tokenizer(["; ".join(m).replace("to ", "") for _, m in known], add_special_tokens=False, verbose=False)["input_ids"]
    separators = {tokenizer.convert_tokens_to_ids(mark) for mark in (";", ",", ".", "-", "'")}
    translations: Translations = {}
    for (piece, _), gloss_ids in zip(known, ids, strict=True):
        kept = [i for i in gloss_ids if i not in separators][:8]
        if kept:
            translations[piece] = {i: 1.0 / len(kept) for i in kept}
    return translations


def start_embeddings(
    english: NDArray[np.float32],
    *,
    vocabulary: Sequence[str],
    translations: Sequence[Translations],
    seed: int = 0,
) -> NDArray[np.float32]:
    """Embedding rows for the whole vocabulary.

    Args:
        english: rows of the English pieces. *Shape:* (english pieces, width).
        vocabulary: all pieces in id order, English first.
        translations: new piece id → weighted English ids, best source first.
    Returns:
        *Shape:* (pieces, width). New rows have the norm usual for the English ones.
    """
    first_new, width = english.shape
    rows = np.zeros((len(vocabulary), width), dtype=np.float32)
    rows[:first_new] = english
    mean = english.mean(axis=0)
    by_piece = {piece: index for index, piece in enumerate(vocabulary)}
    done = set(range(first_new))
    for index in range(first_new, len(vocabulary)):
        weights = _first_translation(index, vocabulary[index], by_piece, translations, first_new)
        if weights:
            ids, shares = np.array(list(weights)), np.array(list(weights.values()))
            rows[index] = (shares[:, None] * (english[ids] - mean)).sum(axis=0) / shares.sum()
            done.add(index)
    known = np.array(sorted(done))
    in_character: dict[str, list[int]] = defaultdict(list)
    for index in known[known >= first_new].tolist():
        for character in set(vocabulary[index].removeprefix("##")):
            in_character[character].append(index)
    generator = np.random.default_rng(seed)
    for index in range(first_new, len(vocabulary)):
        if index not in done:
            near = [i for character in vocabulary[index].removeprefix("##") for i in in_character.get(character, [])[:20]]
            rows[index] = rows[near].mean(axis=0) if near else generator.normal(size=width)
    new = rows[first_new:]
    new += generator.normal(scale=0.02, size=new.shape).astype(np.float32)
    usual = np.linalg.norm(english - mean, axis=1).mean()
    rows[first_new:] = mean + new * (usual / np.maximum(np.linalg.norm(new, axis=1, keepdims=True), 1e-6))
    return rows


def _first_translation(
    index: int, piece: str, by_piece: dict[str, int], translations: Sequence[Translations], first_new: int
) -> dict[int, float]:
    """The best source's weights for a piece, else for the same letters in the other position of a word."""
    twin = by_piece.get(piece.removeprefix("##") if piece.startswith("##") else f"##{piece}", index)
    for candidate in (index, twin):
        for table in translations:
            weights = {i: w for i, w in table.get(candidate, {}).items() if i < first_new}
            if weights:
                return weights
    return {}
