"""What the encoder learns from, cut into pieces once: running text, translations, sentences with the bilingual teacher's vectors, pairs in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from engine.pack.data import DataFolder, Row
from engine.pack.english import as_written
from engine.pack.goals import TEACHER_WIDTH
from engine.pack.ragged import Ragged, Stored
from engine.pack.teachers import Teacher
from engine.reference.masking import next_sentence_pairs

BLOCK_PIECES = 128
MOST_PIECES = 96  # of a sentence
ORDERED_DOCUMENTS = 30_000
SENTENCE_END = re.compile(r"(?<=[。！？])")
# How often running text is read in an epoch, and about how many lines of it: what is like what people ask about, before old fiction and manuals.
CORPORA = {
    "text/ja/wikipedia-jaquad": (3, 160_000),
    "text/ja/aozora-modern": (1, 160_000),
    "text/ja/microsoft-docs": (1, 60_000),
    "text/ja/python-docs": (1, 160_000),
}
ENTITY_SETS = ("ja/stockmark", "ja/gsd", "en/wnut17", "en/btc", "en/wikigold")


def sentences(lines: Iterable[str], *, limit: int, longest: int = 140) -> list[str]:
    """The first `limit` sentences of 8 to `longest` characters, cut at Japanese full stops."""
    found: list[str] = []
    for line in lines:
        found.extend(s for s in SENTENCE_END.split(line) if 8 <= len(s) <= longest)
        if len(found) >= limit:
            break
    return found[:limit]


def blocks_of(ids: Iterable[list[int]], *, first: int, separator: int) -> NDArray[np.uint16]:
    """Running text in blocks that begin with `first`, lines parted by `separator`. *Shape:* (blocks, BLOCK_PIECES)."""
    stream = np.array([piece for line in ids for piece in (*line, separator)], dtype=np.uint16)
    inner = BLOCK_PIECES - 1
    blocks = stream[: len(stream) // inner * inner].reshape(-1, inner)
    return np.concatenate([np.full((len(blocks), 1), first, dtype=np.uint16), blocks], axis=1)


def prepare_words(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> Stored:
    """Blocks of running text, and how often each is read in an epoch."""
    blocks, repeats = [], []
    for lines, times in _running_text(data):
        ids = tokenizer(list(lines), add_special_tokens=False, verbose=False)["input_ids"]
        found = blocks_of(ids, first=tokenizer.cls_token_id, separator=tokenizer.sep_token_id)
        blocks.append(found)
        repeats.append(np.full(len(found), times, dtype=np.uint8))
    return {"blocks": np.concatenate(blocks), "repeats": np.concatenate(repeats)}


def _running_text(data: DataFolder) -> Iterator[tuple[Iterable[str], int]]:
    for name, (times, lines) in CORPORA.items():
        yield _some(data.lines(name), lines), times
    yield (row["text"] for name in ENTITY_SETS for row in data.rows(f"ner/{name}-train")), 3
    yield (row["text"] for name in ("chabsa", "naist-dialogue") for row in data.rows(f"sentiment/ja/{name}-train")), 3
    contexts = (row["context"] for name in ("squadshifts", "tydiqa") for row in data.rows(f"qa/en/{name}-train"))
    yield dict.fromkeys(contexts), 3
    yield (row["en"] for row in data.rows("parallel/python-docs-train")), 1
    yield (row["text"] for name in ("sentence-polarity", "xed") for row in data.rows(f"sentiment/en/{name}-train")), 1


def _some(lines: Iterator[str], limit: int) -> Iterator[str]:
    """At most about `limit` lines, from all over the text."""
    every = list(lines)
    step = max(1, len(every) // limit)
    return iter(every[::step])


def prepare_translations(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> Stored:
    """Both sides of the parallel sets; STS-B's sides are among them."""
    rows = [row for name in ("parallel/en-ja-train", "parallel/python-docs-train") for row in data.rows(name)]
    written = as_written(data)
    return {
        "english": _cut(tokenizer, (written(row) for row in rows)),
        "japanese": _cut(tokenizer, (row["ja"] for row in rows)),
    }


def prepare_meaning(data: DataFolder, tokenizer: PreTrainedTokenizerFast, muse: Teacher) -> Stored:
    """Sentences of both languages with the bilingual teacher's vectors, reduced to their principal components."""
    texts = meaning_texts(data)
    return {"ids": _cut(tokenizer, texts), "teacher": reduced(muse(texts))}


def meaning_texts(data: DataFolder) -> list[str]:
    """Everyday, encyclopedic and technical sentences, each once."""
    english = [row["text"] for row in data.rows("sentiment/en/sst2-train")[::3]]
    english += [row["text"] for name in ("sentence-polarity", "xed") for row in data.rows(f"sentiment/en/{name}-train")]
    english += [row["question"] for row in data.rows("qa/en/squadshifts-train")]
    japanese = [row["text"] for name in ("chabsa", "naist-dialogue") for row in data.rows(f"sentiment/ja/{name}-train")]
    japanese += [row[side] for name in ("jsts", "stsb") for row in data.rows(f"similarity/ja/{name}-train") for side in "ab"]
    japanese += [row["question"] for row in data.rows("qa/ja/jaquad-train")]
    japanese += [row["ja"] for row in data.rows("parallel/en-ja-train")]
    japanese += sentences(data.lines("text/ja/wikipedia-jaquad"), limit=60_000)
    japanese += sentences(data.lines("text/ja/aozora-modern"), limit=40_000, longest=80)
    japanese += sentences(data.lines("text/ja/microsoft-docs"), limit=12_000)
    return list(dict.fromkeys(english + japanese))


def reduced(vectors: NDArray[np.float32], *, width: int = TEACHER_WIDTH) -> NDArray[np.int8]:
    """The first principal components, in steps of 1/127 of the largest. *Shape:* (texts, n) → (texts, width)."""
    sample = vectors[:: max(1, len(vectors) // 20_000)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    components = vectors @ directions[:, ::-1][:, :width].astype(np.float32)
    steps: NDArray[np.int8] = np.round(components * (127 / np.abs(components).max())).astype(np.int8)
    return steps


def prepare_order(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> Stored:
    """Pairs of neighbouring sentences, half of them torn apart."""
    lines = (SENTENCE_END.split(line) for line in _some(data.lines("text/ja/aozora-modern"), ORDERED_DOCUMENTS))
    japanese = [[s for s in line if 4 <= len(s) <= 140] for line in lines]
    english = [re.split(r"(?<=[.!?]) ", context) for context in dict.fromkeys(row["context"] for row in _english_contexts(data))]
    pairs = next_sentence_pairs([document for document in japanese + english if len(document) > 1], generator=np.random.default_rng(5))
    return {
        "first": _cut(tokenizer, (pair.first for pair in pairs)),
        "second": _cut(tokenizer, (pair.second for pair in pairs)),
        "labels": np.array([not pair.is_next for pair in pairs], dtype=np.uint8),
    }


def _english_contexts(data: DataFolder) -> list[Row]:
    return data.rows("qa/en/squadshifts-train") + data.rows("qa/en/tydiqa-train")


def _cut(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> Ragged:
    return Ragged.of(tokenizer(list(texts), truncation=True, max_length=MOST_PIECES, verbose=False)["input_ids"])
