"""Sentences in capitals alone are read in small letters: a vocabulary that tells the two apart has hardly a word in capitals.

Giving text the case that its words mostly have is called truecasing (Lita et al. 2003); here only sentences without any small letter get it,
and by rule. Spans stay those of the text as typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.sentences import sentence_spans
from engine.tokenization.pieces import Pieces, TextTokenizer
from engine.tokenization.wrapping import BERT_SPECIALS

# Fewer letters are mostly an abbreviation: OK, LGTM, NASA.
LEAST_LETTERS = 5
# Most texts hold no such run of Latin, Greek or Cyrillic letters, and are not cut into sentences for this.
_SHOUTED = re.compile(rf"(?:[A-ZＡ-Ｚ\u00c0-\u052f][\W\d_]*){{{LEAST_LETTERS}}}")
# What stays as it is and says nothing of how the rest is typed: [MASK] and its like, mentions, channels, addresses and names of emoji.
_AS_IT_IS = re.compile(
    "|".join(
        (
            *map(re.escape, BERT_SPECIALS.values()),
            r"<(?:[@#!]|a?:)[^<>\s]+>",
            r"https?://\S+",
            r"(?<![\w.+-])[\w.+-]+@\w[\w.-]*",
            r"(?<!\w)[@＠#＃][\w.-]+",
            r":\w[\w+-]*:",
        )
    )
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ALONE = re.compile(r"(?<![\w'’])i(?!\w)")  # "I" is a capital wherever it stands


class CapitalsTokenizer(TextTokenizer):
    """`inner` on texts whose sentences in capitals are in small letters; with `names`, each word's first letter stays large."""

    def __init__(self, inner: TextTokenizer, *, names: bool = False) -> None:
        super().__init__(inner.backend, japanese_words=inner.japanese_words)
        self._inner = inner
        self._names = names

    def for_names(self) -> CapitalsTokenizer:
        """The same for finding names, which small letters alone would hide."""
        return CapitalsTokenizer(self, names=True)  # which finds nothing in capitals any more; whoever shares it, keeps it

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut each text as a whole, however long. Lone surrogates are read as U+FFFD."""
        rows = self._inner.pieces([without_shouting(text, names=self._names) for text in texts])
        return [replace(row, text=text) for text, row in zip(texts, rows, strict=True)]


def without_shouting(text: str, *, names: bool = False) -> str:
    """The text, as long as it was, with small letters in sentences that have none: only their first letter stays large, or each word's."""
    if not _SHOUTED.search(text):
        return text
    parts, place = [], 0
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        parts += [text[place:start], _in_small_letters(sentence, names=names) if _is_shouted(sentence) else sentence]
        place = end
    return "".join([*parts, text[place:]])


def _is_shouted(sentence: str) -> bool:
    letters = [character for character in _AS_IT_IS.sub("", sentence) if character.isalpha()]
    return len(letters) >= LEAST_LETTERS and all(map(str.isupper, letters))


def _in_small_letters(sentence: str, *, names: bool) -> str:
    parts, place, first = [], 0, True
    for start, end in [*(found.span() for found in _AS_IT_IS.finditer(sentence)), (len(sentence), len(sentence))]:
        words = sentence[place:start]
        parts += [_small(words, names=names, first=first), sentence[start:end]]
        place, first = end, first and not _WORD.search(words)
    return "".join(parts)


def _small(words: str, *, names: bool, first: bool) -> str:
    if names:
        return _WORD.sub(lambda word: word[0][0] + letter_by_letter(word[0][1:], str.lower), words)
    word = _WORD.search(words) if first else None
    begin = word.start() + 1 if word else 0
    return words[:begin] + _ALONE.sub("I", letter_by_letter(words[begin:], str.lower))


def letter_by_letter(text: str, change: Callable[[str], str]) -> str:
    """The text with each letter changed, as long as it was: one that would become two (İ in small letters, ß in capitals) stays."""
    return "".join(changed if len(changed := change(letter)) == 1 else letter for letter in text)
