"""Chooses the pack's vocabulary: pieces of a multilingual model that Japanese and English texts are made of, and frequent Japanese words.

The model's pieces come from SentencePiece, where ▁ begins a word. Here they stand in BERT's form, where ## goes on with one: ▁word
becomes `word`, `ing` becomes `##ing`. Japanese has no spaces, so its pieces stand in both forms, with one row of the model for both.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece

from engine.pack.data import DataFolder
from engine.tokenization.bilingual import SPECIAL_TOKENS, bilingual_normalizer, bilingual_pre_tokenizer
from engine.tokenization.mecab import JAPANESE

VOCABULARY_SIZE, NEW_WORDS = 52_000, 9_000
RAREST_WORD, LONGEST_WORD = 60.0, 8  # weighted count; characters
WORD_BEGINS = "▁"
SPECIAL_ROWS = {"[PAD]": "<pad>", "[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
WRITING = ("LATIN", "GREEK", "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "MODIFIER", "MASCULINE", "FEMININE")
# How much a text counts: what is like what people ask about, before fiction of the last century and manuals.
CORPUS_WEIGHTS = {
    "text/ja/wikipedia-jaquad": 4.0,
    "text/ja/aozora-modern": 0.3,
    "text/ja/microsoft-docs": 0.3,
    "text/ja/python-docs": 0.3,
}
ROW_TEXTS = {
    "parallel/en-ja-train": ("ja", "en"),
    "parallel/python-docs-train": ("en",),
    "qa/ja/jaquad-train": ("question",),
    "qa/en/squadshifts-train": ("question", "context"),
    "qa/en/tydiqa-train": ("question", "context"),
    "ner/ja/stockmark-train": ("text",),
    "ner/ja/gsd-train": ("text",),
    "ner/en/wnut17-train": ("text",),
    "ner/en/btc-train": ("text",),
    "ner/en/wikigold-train": ("text",),
    "sentiment/ja/chabsa-train": ("text",),
    "sentiment/ja/naist-dialogue-train": ("text",),
    "sentiment/en/sst2-train": ("text",),
    "sentiment/en/xed-train": ("text",),
    "similarity/ja/jsts-train": ("a", "b"),
    "similarity/ja/stsb-train": ("a", "b"),
    "similarity/en/stsb-train": ("a", "b"),
}
ROW_WEIGHT = 4.0
# A word of BERT's English vocabulary counts as if it had been read so often, as it is and with a capital.
KNOWN_WORD, CAPITAL = 40.0, 12.0


def candidates(pieces: Sequence[str]) -> dict[str, int]:
    """Every piece in BERT's form, and the model's row for it; where two rows would fit, that of the one that begins a word."""
    begin: dict[str, int] = {}
    either: dict[str, int] = {}
    out: dict[str, int] = {}
    for row, piece in enumerate(pieces):
        text = piece.removeprefix(WORD_BEGINS)
        if not text or piece.startswith("<") or not _writes_either_language(text):
            continue
        if piece.startswith(WORD_BEGINS):
            begin[text] = row
        else:
            out[f"##{text}"] = row
            if JAPANESE.search(text) or not any(char.isalpha() for char in text):
                either[text] = row
    # Behind a space Japanese begins anew; elsewhere, and mostly, it does not: the row without ▁ knows more of it.
    return out | either | {text: row for text, row in begin.items() if text not in either}


def _writes_either_language(text: str) -> bool:
    letters = [unicodedata.name(char, "") for char in text if char.isalpha()]
    return all(name.startswith(WRITING) for name in letters)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words that the tokenizer cuts texts into, before it cuts pieces."""
    normalizer, pre_tokenizer = bilingual_normalizer(cased=True), bilingual_pre_tokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text)))
    return counts


def weighted_word_counts(data: DataFolder, known_words: Iterable[str]) -> dict[str, float]:
    """How often each word is read in all training text, weighted by how near it is to what people ask about."""
    total: dict[str, float] = {}

    def add(counts: Mapping[str, float], weight: float) -> None:
        for word, count in counts.items():
            total[word] = total.get(word, 0.0) + weight * count

    for name, weight in CORPUS_WEIGHTS.items():
        add(count_words(data.lines(name)), weight)
    for name, fields in ROW_TEXTS.items():
        add(count_words(dict.fromkeys(row[field] for row in data.rows(name) for field in fields)), ROW_WEIGHT)
    for word in known_words:
        add({word: KNOWN_WORD, word.capitalize(): CAPITAL}, 1.0)
    return total


def piece_counts(words: Mapping[str, float], vocabulary: Collection[str]) -> dict[str, float]:
    """How often each piece is used when `words` are cut greedily, longest piece first."""
    tokenizer = _cutter(vocabulary)
    every = list(words)
    used = dict.fromkeys(["[UNK]", *vocabulary], 0.0)
    for word, cut in zip(every, tokenizer.encode_batch(every), strict=True):
        for piece in cut.tokens:
            used[piece] += words[word]
    return used


def new_words(words: Mapping[str, float], vocabulary: Mapping[str, object], *, count: int) -> dict[str, list[str]]:
    """The Japanese words that would save most pieces if each were one, and the pieces that they are cut into without."""
    tokenizer = _cutter(vocabulary)
    every = [word for word, used in words.items() if used >= RAREST_WORD and word not in vocabulary and _is_japanese(word)]
    cuts = {word: cut.tokens for word, cut in zip(every, tokenizer.encode_batch(every), strict=True)}
    known = [word for word in every if "[UNK]" not in cuts[word] and len(word) <= LONGEST_WORD]
    known.sort(key=lambda word: -words[word] * (len(cuts[word]) - 1))
    return {word: cuts[word] for word in known[:count]}


def _is_japanese(word: str) -> bool:
    return all(JAPANESE.match(char) for char in word)


def _cutter(vocabulary: Iterable[str]) -> Tokenizer:
    ids = {piece: index for index, piece in enumerate(dict.fromkeys(["[UNK]", *vocabulary]))}
    return Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))


def build_vocabulary(data: DataFolder, pieces: Sequence[str], english_vocabulary_file: Path) -> dict[str, list[int]]:
    """All pieces of the pack in id order, and the model's rows of which each is the mean.

    First special tokens and single characters that are used (in both forms, so that no word of them is unknown), then the pieces that
    are used most, of one row each, then Japanese words that are several pieces of the model.
    """
    known = [word for word in english_vocabulary_file.read_text(encoding="utf-8").split("\n") if word.isascii() and word.isalpha()]
    possible = candidates(pieces)
    words = weighted_word_counts(data, known)
    used = piece_counts(words, possible)
    row_of = {piece: row for row, piece in enumerate(pieces)}
    chosen = {special: row_of[SPECIAL_ROWS[special]] for special in SPECIAL_TOKENS}
    characters = sorted({char for piece, count in used.items() if count and piece != "[UNK]" for char in piece.removeprefix("##")})
    chosen |= {form: possible[form] for char in characters for form in (char, f"##{char}") if form in possible}
    for piece in sorted(possible, key=lambda piece: -used[piece]):
        if len(chosen) >= VOCABULARY_SIZE - NEW_WORDS or not used[piece]:
            break
        chosen.setdefault(piece, possible[piece])
    made = new_words(words, chosen, count=VOCABULARY_SIZE - len(chosen))
    return {piece: [row] for piece, row in chosen.items()} | {word: [chosen[part] for part in parts] for word, parts in made.items()}
