"""Tokenizers that must read a text other than it was typed (spaces between words, no control characters); spans stay the typed text's."""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tokenizers.normalizers import Normalizer

from engine.surrogates import without_surrogates
from engine.tokenization.cutters import Cutter
from engine.tokenization.pieces import Pieces, TextTokenizer
from engine.tokenization.spans import Span


@dataclass(frozen=True)
class Rewritten:
    """A text as a tokenizer shall read it."""

    text: str
    origins: tuple[int, ...]  # for each of its characters, the one that was typed; a space has the end of the word before it
    word_starts: tuple[int, ...] | None = None  # where its words begin; None: as the tokenizer finds them


Rewrite = Callable[[str], Rewritten]


class RewritingTokenizer(TextTokenizer):
    """`inner` on texts as `rewrite` writes them."""

    def __init__(self, inner: TextTokenizer, rewrite: Rewrite) -> None:
        super().__init__(inner.backend, japanese_words=inner.japanese_words)
        self._inner = inner
        self._rewrite = rewrite

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut each text as a whole, however long. Lone surrogates are read as U+FFFD.

        Raises:
            ModelError: a word cutter failed.
        """
        rewritten = [self._rewrite(without_surrogates(text)) for text in texts]
        rows = self._inner.pieces([row.text for row in rewritten])
        return [_back(text, row, pieces) for text, row, pieces in zip(texts, rewritten, rows, strict=True)]


def _back(text: str, rewritten: Rewritten, pieces: Pieces) -> Pieces:
    """The pieces of a rewritten text, placed in the text as typed."""
    origins, starts = rewritten.origins, rewritten.word_starts
    offsets: list[Span] = []
    for start, end in pieces.offsets:
        if start < end:
            offsets.append((origins[start], origins[end - 1] + 1))
        else:
            place = origins[start - 1] + 1 if start else 0
            offsets.append((place, place))
    words = pieces.words
    if starts is not None:
        words = tuple(max(0, bisect_right(starts, start) - 1) for start, _ in pieces.offsets)
    return Pieces(text=text, ids=pieces.ids, tokens=pieces.tokens, offsets=tuple(offsets), words=words)


def spaced_words(cutter: Cutter, special_tokens: Iterable[str]) -> Rewrite:
    """Put one space between the cutter's words. Special tokens in a text ([MASK]) are left whole."""
    longest_first = sorted(filter(None, special_tokens), key=len, reverse=True)
    special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def words(text: str) -> list[Span]:
        spans: list[Span] = []
        position = 0
        for match in special.finditer(text):
            spans += [(position + start, position + end) for start, end in cutter(text[position : match.start()])]
            spans.append(match.span())
            position = match.end()
        return spans + [(position + start, position + end) for start, end in cutter(text[position:])]

    def rewrite(text: str) -> Rewritten:
        out: list[str] = []
        origins: list[int] = []
        starts: list[int] = []
        for start, end in words(text):
            if out:
                out.append(" ")
                origins.append(origins[-1] + 1)
            starts.append(len(origins))
            out.append(text[start:end])
            origins += range(start, end)
        return Rewritten("".join(out), tuple(origins), tuple(starts))

    return rewrite


def without_dropped(normalizer: Normalizer) -> Rewrite:
    """Leave out the control and format characters that `normalizer` drops.

    SentencePiece's normalisation, as `tokenizers` does it, drops them too, but shifts the offsets of all that follows.
    """

    @functools.lru_cache(maxsize=256)
    def dropped(character: str) -> bool:
        return unicodedata.category(character) in ("Cc", "Cf") and not normalizer.normalize_str(character)

    def rewrite(text: str) -> Rewritten:
        kept = [index for index, character in enumerate(text) if character.isalnum() or not dropped(character)]
        return Rewritten("".join(text[index] for index in kept), tuple(kept))

    return rewrite
