"""How a text (or a pair) is read to be explained: the windows that the model reads, and the parts that are shown of them.

Parts are numbered from 0 over the whole text; of a pair, over the second text, beside which the first is shown. Each part lies
within a window as a whole, so that what is shown was read at once, with the text around it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from engine.attention.explained import Array
from engine.attention.explaining import Shown
from engine.attention.words import continued, occurrences, pieces_within
from engine.contract import AskRequest, ExplainAttentionRequest, Language, Token, Word
from engine.errors import BadInputError
from engine.models.loaded import LoadedModel
from engine.tasks import ask, ner, nothing_to_read
from engine.tasks.tokens import words_of
from engine.tokenization.pieces import ModelInput, Pieces, case_types, windows

# Maps take room by the square: a model that could read more is read in windows of so many, special tokens included.
TOKENS_READ = 512
# A map of more tokens than this cannot be read on a phone; neighbouring parts share some.
TOKENS_SHOWN = 40
OVERLAP_PIECES = 8


@dataclass(frozen=True)
class Side:
    """One of the texts."""

    pieces: Pieces
    words: tuple[Word, ...]  # their tokens are pieces of this text
    _found: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)  # of the words that were looked for

    def pieces_of(self, word: str) -> list[int]:
        """The pieces of all occurrences of a word, ascending; each word is looked for once."""
        if word not in self._found:
            self._found[word] = pieces_within(occurrences(word, self.pieces.text, self.words), self.pieces.offsets)
        return self._found[word]

    @cached_property
    def units(self) -> list[range]:
        """What is judged together, as `ner.word_units` finds it: once."""
        return ner.word_units(self.pieces)

    def units_from(self, read: range) -> list[range]:
        """The units that begin within a range of pieces."""
        return self.units[bisect_left(self.units, read.start, key=_start) : bisect_left(self.units, read.stop, key=_start)]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One text or two, cut. `windows` and `parts` are ranges of pieces of the last text; `inputs` has one entry a window."""

    sides: tuple[Side, ...]
    windows: tuple[range, ...]
    inputs: tuple[ModelInput, ...]
    parts: tuple[range, ...]
    beside: int  # how many pieces of the first text of a pair are shown
    asked: ask.Reading | None = None

    def windows_with(self, parts: Sequence[int]) -> list[int]:
        """The windows in which one of these parts lies as a whole, in order."""
        wanted = [self.parts[number] for number in parts]
        return [number for number, window in enumerate(self.windows) if any(within(part, window) for part in wanted)]

    def places(self, window: int) -> Iterator[tuple[Side, range, int]]:
        """Of each text: its pieces that are read in a window, and what to add to a piece's number for its place in the input."""
        row = self.inputs[window]
        for side, where in zip(self.sides, (row.first, row.second), strict=False):
            read = self.windows[window] if side is self.sides[-1] else range(len(side.pieces))
            yield side, read, where.start - read.start

    def places_of(self, word: str, window: int) -> list[int]:
        """Where a word stands in the input of a window."""
        return [piece + shift for side, read, shift in self.places(window) for piece in _those_in(read, side.pieces_of(word))]


def _those_in(read: range, pieces: Sequence[int]) -> Sequence[int]:
    """Of ascending pieces those in a range."""
    return pieces[bisect_left(pieces, read.start) : bisect_left(pieces, read.stop)]


def _start(unit: range) -> int:
    return unit.start


def within(part: range, whole: range) -> bool:
    """Whether one range lies in another."""
    return whole.start <= part.start and part.stop <= whole.stop


def stretches(pieces: Sequence[int]) -> list[range]:
    """Ascending pieces, those side by side together."""
    found: list[range] = []
    for piece in pieces:
        if found and piece == found[-1].stop:
            found[-1] = range(found[-1].start, piece + 1)
        else:
            found.append(range(piece, piece + 1))
    return found


def read(request: ExplainAttentionRequest, second: str | None, language: Language, model: LoadedModel) -> Reading:
    """Cut the request's text, and `second` with it.

    Raises:
        BadInputError: `empty_text`, `text_too_long` (of a pair's first text), and those of the task "ask".
    """
    model = replace(model, window=min(model.window, TOKENS_READ))
    sides = tuple(_side(text, model) for text in ([request.text] if second is None else [request.text, second]))
    specials = model.tokenizer.special_count(pair=len(sides) > 1)
    room, shown = model.window - specials, min(TOKENS_SHOWN, model.window) - specials
    beside = min(len(sides[0].pieces), max(shown // 2, shown - len(sides[1].pieces))) if len(sides) > 1 else 0
    if request.task == "ask" and second is not None:
        asked = ask.prepare(AskRequest(question=request.text, context=second, answers=1), language, sides[0].pieces, sides[1].pieces, model)
        parts = _parts(len(sides[1].pieces), asked.windows, size=shown - beside)
        return Reading(sides=sides, windows=asked.windows, inputs=asked.inputs, parts=parts, beside=beside, asked=asked)
    if not all(side.pieces for side in sides):
        raise nothing_to_read()
    size = room - (len(sides[0].pieces) if len(sides) > 1 else 0)
    _check_room(size, room, sides[0].pieces)
    read_windows = _windows(len(sides[-1].pieces), size=size, part=shown - beside)
    parts = _parts(len(sides[-1].pieces), read_windows, size=shown - beside)
    inputs = tuple(_assemble(sides, window, model) for window in read_windows)
    return Reading(sides=sides, windows=read_windows, inputs=inputs, parts=parts, beside=beside)


def _side(text: str, model: LoadedModel) -> Side:
    [pieces] = model.tokenizer.pieces([text])
    return Side(pieces=pieces, words=tuple(words_of(pieces, by_tokenizer=model.tokenizer.japanese_words, shift=0)))


def _check_room(size: int, room: int, first: Pieces) -> None:
    least = max(1, int(room * ask.LEAST_CONTEXT_SHARE))
    if size < least:
        raise BadInputError(
            "text_too_long",
            ja=f"1 つ目の文章が長すぎます（{len(first)} トークン）。2 つ目と並べて読むには {room - least} トークン以内に短くしてください。",
            en=f"The first text is too long ({len(first)} tokens) to be read beside the second. Keep it within {room - least} tokens.",
            tokens=str(len(first)),
            limit=str(room - least),
        )


def _windows(count: int, *, size: int, part: int) -> tuple[range, ...]:
    """Windows of `size` pieces; neighbours share as much as a part that is shown, so that each part lies within one."""
    overlap = max(part, size // ner.OVERLAP_SHARE) if size > part else min(OVERLAP_PIECES, size // 2)
    return tuple(windows(count, size=size, overlap=overlap))


def _parts(count: int, read_windows: Sequence[range], *, size: int) -> tuple[range, ...]:
    if len(read_windows) > 1:
        if len(read_windows[0]) <= size:
            return tuple(read_windows)
        size = min(size, read_windows[0].stop - read_windows[1].start)
    return tuple(windows(count, size=size, overlap=min(OVERLAP_PIECES, size // 2)))


def _assemble(sides: Sequence[Side], window: range, model: LoadedModel) -> ModelInput:
    rows = [side.pieces.ids for side in sides[:-1]] + [sides[-1].pieces.ids[window.start : window.stop]]
    row = model.tokenizer.assemble(*rows)
    if not model.case_types:
        return row
    *first, last = (case_types(side.pieces) for side in sides)
    inside = last[window.start : window.stop]
    return ner.mark_case(row, first[0], inside) if first else ner.mark_case(row, inside)


def show(reading: Reading, window: int, part: range, weights: Array, model: LoadedModel, *, joined: bool, special: bool) -> Shown:
    """The tokens of a part and, of a pair, those of the first text that matter most; with or without special tokens.

    With `joined`, words stand for their pieces; a word that is cut at the edge of the part is left out. *Shape:* weights (tokens,).
    """
    row = reading.inputs[window]
    names = model.tokenizer.backend.convert_ids_to_tokens(list(row.ids))
    tokens: list[Token] = []
    groups: list[tuple[int, ...]] = []
    edge, reached, second_from = 0, 0, None

    def add_specials(stop: int) -> None:
        if special:
            tokens.extend(Token(text=names[i], id=row.ids[i], start=edge, end=edge, special=True) for i in range(reached, stop))
            groups.extend((i,) for i in range(reached, stop))

    for number, (side, pieces_read, shift) in enumerate(reading.places(window)):
        chosen = part if side is reading.sides[-1] else _heaviest(pieces_read, shift, weights, reading.beside)
        found = _groups(side, chosen) if joined else [(piece,) for piece in chosen]
        if number == 0:
            edge = side.pieces.offsets[found[0][0]][0]
        add_specials(pieces_read.start + shift)
        if number == 1:
            second_from = len(tokens)
        tokens.extend(_token(side, group, row, shift, joined=joined) for group in found)
        groups.extend(tuple(piece + shift for piece in group) for group in found)
        edge, reached = side.pieces.offsets[found[-1][-1]][1], pieces_read.stop + shift
    add_specials(len(row))
    return Shown(tokens=tuple(tokens), groups=tuple(groups), second_from=second_from)


def _heaviest(read_pieces: range, shift: int, weights: Array, size: int) -> range:
    """The `size` pieces side by side that weigh most together."""
    sums = np.concatenate([[0.0], np.cumsum(weights[read_pieces.start + shift : read_pieces.stop + shift])])
    start = int((sums[size:] - sums[: len(sums) - size]).argmax())
    return range(start, start + size)


def _groups(side: Side, part: range) -> list[tuple[int, ...]]:
    """The pieces of each word within `part`; of words that go on beyond it, none, unless there is no other."""
    carries_on = continued(side.words, len(side.pieces))
    found: list[tuple[int, ...]] = []
    for piece in part:
        if found and carries_on[piece]:
            found[-1] = (*found[-1], piece)
        else:
            found.append((piece,))
    if len(found) > 1 and part.stop < len(side.pieces) and carries_on[part.stop]:
        found.pop()
    return found[1:] if len(found) > 1 and carries_on[part.start] else found


def _token(side: Side, group: Sequence[int], row: ModelInput, shift: int, *, joined: bool) -> Token:
    pieces = side.pieces
    start, end = pieces.offsets[group[0]][0], max(pieces.offsets[piece][1] for piece in group)
    text = pieces.text[start:end] if joined and start < end else pieces.tokens[group[0]]
    return Token(text=text, id=row.ids[group[0] + shift], start=start, end=end)
