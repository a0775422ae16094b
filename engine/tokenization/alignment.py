"""Gives a tokenizer without offsets its offsets: its pieces are laid over the text again, through what normalisation did."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from engine.surrogates import without_surrogates
from engine.tokenization.pieces import Pieces, Template, TextTokenizer, japanese_pieces_as_words
from engine.tokenization.spans import SPACE_MARKS, Span, tidy_offsets

# How far a single piece is looked for beyond where it should stand, in letters.
_REACH = 64
_SPACES = tuple(SPACE_MARKS)


@dataclass(frozen=True)
class Skeleton:
    """The letters of a text without case, width, accents and white space, and where each came from."""

    letters: str
    origins: tuple[int, ...]  # for each letter, the character of the text

    @classmethod
    def of(cls, text: str) -> Skeleton:
        """The skeleton of `text`."""
        letters: list[str] = []
        origins: list[int] = []
        for index, character in enumerate(text):
            folded = fold(character)
            letters.append(folded)
            origins += [index] * len(folded)
        return cls("".join(letters), tuple(origins))

    def span(self, start: int, end: int) -> Span:
        """The characters of the text that the letters `start` to `end` came from."""
        if start < end:
            return self.origins[start], self.origins[end - 1] + 1
        place = self.origins[start - 1] + 1 if start else 0
        return place, place


def fold(text: str) -> str:
    """Letters and signs alone, character by character: compatibility forms, case, accents, sound marks and blanks go."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower()).replace("ς", "σ")
    return "".join(char for char in plain if not char.isspace() and unicodedata.category(char)[0] not in "MC")


def piece_letters(token: str) -> str:
    """The letters of a piece, without the marks of vocabularies (##, ▁, @@, </w>)."""
    if len(token) > 2:
        token = token.removeprefix("##").removesuffix("@@")
    return fold(token.removesuffix("</w>").strip(SPACE_MARKS))


def align(text: str, tokens: Sequence[str], *, unknown: str | None) -> list[Span]:
    """The span of each token in `text`, which a tokenizer cut into `tokens`.

    Tokens between two unknown ones stand together, so they are looked for together; what is left between is the
    unknown ones' (several of them share it). A token that is not found is empty.
    """
    skeleton = Skeleton.of(text)
    runs = [(is_unknown, list(group)) for is_unknown, group in groupby(tokens, key=lambda token: token == unknown)]
    latest = _latest_starts(skeleton, runs)
    spans: list[Span] = []
    position = waiting = 0  # unknown tokens wait for the next known ones to show where they end
    for (is_unknown, run), limit in zip(runs, latest, strict=True):
        if is_unknown:
            waiting = len(run)
            continue
        letters = [piece_letters(token) for token in run]
        start = _start(skeleton, "".join(letters), position, limit, waiting=bool(waiting))
        spans += [skeleton.span(position, start)] * waiting
        position, placed = _place(skeleton, letters, start)
        spans += placed
        waiting = 0
    return spans + [skeleton.span(position, len(skeleton.letters))] * waiting


def _start(skeleton: Skeleton, letters: str, position: int, latest: int, *, waiting: bool) -> int:
    """Where a run begins: at least a letter after the last one if unknown tokens wait between, if the rest still fits then."""
    start = skeleton.letters.find(letters, position + waiting)
    if 0 <= start <= latest:
        return start
    return position  # the unknown ones have no letters (a lone accent), or the run is not there as it is written


def _latest_starts(skeleton: Skeleton, runs: Sequence[tuple[bool, list[str]]]) -> list[int]:
    """For each run, where it may begin at the latest so that all that follow still fit."""
    latest: list[int] = []
    limit = len(skeleton.letters)
    for is_unknown, run in reversed(runs):
        if not is_unknown:
            found = skeleton.letters.rfind("".join(map(piece_letters, run)), 0, limit)
            limit = found if found >= 0 else limit
        latest.append(limit)
    return latest[::-1]


def _place(skeleton: Skeleton, run: Sequence[str], position: int) -> tuple[int, list[Span]]:
    """Place one token after another from `position` on; return where the last ended, and the spans."""
    spans = []
    for letters in run:
        start = skeleton.letters.find(letters, position, position + _REACH + len(letters))
        if letters and start >= 0:
            position = start + len(letters)
            spans.append(skeleton.span(start, position))
        else:
            spans.append(skeleton.span(position, position))
    return position, spans


class AlignedTokenizer(TextTokenizer):
    """A slow (Python) tokenizer, its pieces placed by `align`."""

    backend: Any

    def __init__(self, backend: Any, *, japanese_words: bool = False) -> None:
        super().__init__(backend, japanese_words=japanese_words)

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut each text as a whole, however long. Lone surrogates are read as U+FFFD."""
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Pieces:
        tokens = self.backend.tokenize(without_surrogates(text))
        ids = self.backend.convert_tokens_to_ids(tokens)
        offsets = tidy_offsets(text, tokens, align(text, tokens, unknown=self.backend.unk_token))
        words = _words(text, tokens, offsets)
        if not self.japanese_words:
            words = japanese_pieces_as_words(text, offsets, words)
        return Pieces(text=text, ids=tuple(ids), tokens=tuple(tokens), offsets=offsets, words=words)

    def _learn_template(self, first: str, second: str | None) -> Template:
        inner = self.backend(first, add_special_tokens=False)["input_ids"]
        encoding = self.backend(first, second, return_token_type_ids=True)
        owners: list[int | None] = [None] * len(encoding["input_ids"])
        begin = 0
        for owner in range(1 if second is None else 2):
            begin = _find(encoding["input_ids"], inner, begin)
            owners[begin : begin + len(inner)] = [owner] * len(inner)
            begin += len(inner)
        return Template.read(encoding["input_ids"], encoding["token_type_ids"], owners)


def _find(row: Sequence[int], part: Sequence[int], begin: int) -> int:
    for start in range(begin, len(row) - len(part) + 1):
        if list(row[start : start + len(part)]) == list(part):
            return start
    raise ValueError("the tokenizer cuts a text otherwise when it adds special tokens")


def _words(text: str, tokens: Sequence[str], offsets: Sequence[Span]) -> tuple[int, ...]:
    """Number the words as the vocabulary marks them: ## goes on, @@ is gone on after, ▁ begins where there is any."""
    marked = any(token.startswith(_SPACES) for token in tokens)
    numbers = [0] if tokens else []
    for index in range(1, len(tokens)):
        token, between = tokens[index], text[offsets[index - 1][1] : offsets[index][0]]
        joined = token.startswith("##") or tokens[index - 1].endswith("@@") or (marked and not token.startswith(_SPACES))
        goes_on = joined and between == between.strip()
        numbers.append(numbers[-1] + (not goes_on))
    return tuple(numbers)
