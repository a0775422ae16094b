"""Builds the pack's vocabulary: BERT's English pieces, then Japanese pieces learnt inside MeCab words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers, trainers
from tokenizers.models import WordPiece

from engine.tokenization.bilingual import SPECIAL_TOKENS, bilingual_normalizer, bilingual_pre_tokenizer
from engine.tokenization.mecab import JAPANESE
from engine.training.data import DataFolder

VOCABULARY_SIZE = 43_500
JAPANESE_ALPHABET = 3_000

# How much a corpus counts: encyclopedic and everyday text before fiction of the last century and manuals.
CORPUS_WEIGHTS = {
    "text/ja/wikipedia-jaquad": 4.0,
    "text/ja/aozora-modern": 0.3,
    "text/ja/microsoft-docs": 0.3,
    "text/ja/python-docs": 0.3,
}
ROW_TEXTS = {
    "parallel/en-ja-train": ("ja",),
    "qa/ja/jaquad-train": ("question",),
    "ner/ja/stockmark-train": ("text",),
    "ner/ja/gsd-train": ("text",),
    "sentiment/ja/chabsa-train": ("text",),
    "sentiment/ja/naist-dialogue-train": ("text",),
    "similarity/ja/jsts-train": ("a", "b"),
    "similarity/ja/stsb-train": ("a", "b"),
}
ROW_WEIGHT = 4.0


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the pre-tokenised words that hold Japanese characters."""
    normalizer, pre_tokenizer = bilingual_normalizer(), bilingual_pre_tokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        words = pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text))
        counts.update(word for word, _ in words if JAPANESE.search(word))
    return counts


def weighted_word_counts(data: DataFolder) -> dict[str, float]:
    """Word frequencies over all Japanese training text, weighted by how near it is to what people ask about."""
    total: dict[str, float] = {}

    def add(counts: Counter[str], weight: float) -> None:
        for word, count in counts.items():
            total[word] = total.get(word, 0.0) + weight * count

    for name, weight in CORPUS_WEIGHTS.items():
        add(count_words(data.lines(name)), weight)
    for name, fields in ROW_TEXTS.items():
        add(count_words(row[field] for row in data.rows(name) for field in fields), ROW_WEIGHT)
    return total


def keep_english_piece(piece: str) -> bool:
    """Whether a piece of BERT's English vocabulary is of use for English and Japanese text.

    Placeholders and letters of other scripts (Cyrillic, Arabic, …) go; their room is used for Japanese.
    """
    if piece in SPECIAL_TOKENS:
        return True
    if piece.startswith("[unused"):
        return False
    letters = [unicodedata.name(char, "") for char in piece.removeprefix("##") if char.isalpha()]
    return all(name.startswith(("LATIN", "GREEK", "CJK", "HIRAGANA", "KATAKANA")) for name in letters)


def learn_japanese_pieces(word_counts: dict[str, float], *, size: int) -> list[str]:
    """WordPiece training over words with their weighted counts, most useful pieces first."""
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, limit_alphabet=JAPANESE_ALPHABET, special_tokens=["[UNK]"], min_frequency=2, show_progress=False
    )

    def repeated() -> Iterator[str]:
        for word, count in word_counts.items():
            times = round(count / 4)
            if times:
                yield " ".join([word] * min(times, 20_000))

    tokenizer.train_from_iterator(repeated(), trainer)
    vocabulary = tokenizer.get_vocab()
    return sorted((piece for piece in vocabulary if piece != "[UNK]"), key=vocabulary.__getitem__)


def build_vocabulary(data: DataFolder, english_vocabulary_file: Path) -> list[str]:
    """All pieces of the pack in id order: the special tokens and English first, Japanese after."""
    english = [p for p in english_vocabulary_file.read_text(encoding="utf-8").split("\n") if p and keep_english_piece(p)]
    specials = list(SPECIAL_TOKENS)
    pieces = specials + [piece for piece in english if piece not in SPECIAL_TOKENS]
    known = set(pieces)
    wanted = VOCABULARY_SIZE - len(pieces)
    candidates = learn_japanese_pieces(weighted_word_counts(data), size=wanted + 1_500)
    new = [piece for piece in candidates if piece not in known and JAPANESE.search(piece)]
    return pieces + new[:wanted]
