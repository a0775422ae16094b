"""Places in a text: of words, of slices of a normalised string, and of pieces, tidied for readers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from tokenizers import NormalizedString

Span = tuple[int, int]  # characters, end exclusive

# What vocabularies put for a space or for the beginning of a word.
SPACE_MARKS = "\u2581\u0120\u010a"
_BLOCK = 512
_HALF_WIDTH_MARKS = "\uff9e\uff9f"


def place_words(text: str, words: Iterable[str]) -> list[Span]:
    """Find `words`, which come in reading order, in `text`.

    What stands between two words belongs to no word if it is blank (white space or NUL), else it is a word too: nothing
    is lost. A word that is blank itself counts where a cutter gives one.
    """
    spans: list[Span] = []
    position = 0
    for word in words:
        if not word:
            continue
        begin = position if _is_blank(word[0]) else _skip_blanks(text, position)
        # A word stands near the end of the last one: looking further would cost a quadratic time where it is not found.
        start = text.find(word, begin, begin + len(word) + _BLOCK)
        if start < 0:
            continue
        spans += _gap(text, begin, start)
        position = start + len(word)
        spans.append((start, position))
    return spans + _gap(text, _skip_blanks(text, position), len(text))


def _gap(text: str, start: int, end: int) -> list[Span]:
    length = len(text[start:end].rstrip())
    return [(start, start + length)] if length else []


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and _is_blank(text[position]):
        position += 1
    return position


def _is_blank(character: str) -> bool:
    return character.isspace() or character == "\0"


def slice_spans(run: NormalizedString, spans: Sequence[Span]) -> list[NormalizedString]:
    """Slices of `run`, one a span. `spans` are ordered and do not overlap.

    A slice costs time by its distance from the beginning: slices of blocks keep a long text linear.
    """
    if not spans or spans[-1][1] <= _BLOCK:
        return [_slice(run, start, end) for start, end in spans]
    slices: list[NormalizedString] = []
    block, base, reach = run, 0, -1
    for index, (start, end) in enumerate(spans):
        if end > reach:
            reach = max(end, _last_end(spans, index, start + _BLOCK))
            block, base = _slice(run, start, reach), start
        slices.append(_slice(block, start - base, end - base))
    return slices


def _slice(run: NormalizedString, start: int, end: int) -> NormalizedString:
    part = run[start:end]
    if part is None:
        raise IndexError(f"no characters {start}..{end} in {run!r}")
    return part


def _last_end(spans: Sequence[Span], index: int, limit: int) -> int:
    """The last end from `index` on that is not beyond `limit`; 0 where there is none."""
    last = 0
    while index < len(spans) and spans[index][1] <= limit:
        last = spans[index][1]
        index += 1
    return last


def tidy_offsets(text: str, tokens: Sequence[str], offsets: Sequence[Span]) -> tuple[Span, ...]:
    """Make a tokenizer's offsets fit for readers: one span a token, inside the text, starts and ends in reading order.

    White space around a piece is left out (a piece that is white space alone keeps it), a piece that is only the mark
    of a space is empty, and marks that normalisation composed or dropped (が typed as か and a sound mark) belong to
    the piece before them.
    """
    tidy: list[Span] = []
    floor = ceiling = 0
    for token, (start, end) in zip(tokens, offsets, strict=True):
        start = min(max(start, floor), len(text))
        end = min(max(end, start), len(text))
        floor, end = _trim(text, token, start, end)
        ceiling = max(end, ceiling)
        tidy.append((floor, ceiling))
    return tuple(_with_marks(text, tidy))


def _trim(text: str, token: str, start: int, end: int) -> Span:
    if start < end and (text[start].isspace() or text[end - 1].isspace()):
        inner = text[start:end].strip()
        if not inner:
            return start, end
        start = text.index(inner, start)
        end = start + len(inner)
    if not token.strip(SPACE_MARKS):
        return start, start
    return start, end


def _with_marks(text: str, spans: list[Span]) -> list[Span]:
    """Let each span run on over the marks that follow it and begin no other piece."""
    marked = list(spans)
    beyond = len(text)  # where the next piece begins that starts after this one
    for index in range(len(spans) - 1, -1, -1):
        start, end = spans[index]
        if index + 1 < len(spans) and spans[index + 1][0] > start:
            beyond = spans[index + 1][0]
        while start < end < beyond and _is_mark(text[end]):
            end += 1
        marked[index] = (start, end)
    return marked


def _is_mark(character: str) -> bool:
    """Whether a character only changes the one before it: an accent, a sound mark, a joined Hangul letter, a joiner."""
    if character < "\u0300":
        return False
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in _HALF_WIDTH_MARKS
        or "\u1160" <= character <= "\u11ff"
        or character == "\u200d"
    )
