"""Puts the lines of a printed page together again to paragraphs, in Japanese and in English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

# A line narrower than this was never broken by the page's edge; in half-width columns, a kanji takes two.
NARROWEST_PAGE = 30
_JAPANESE = re.compile(r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
# What a new paragraph or a list item begins with.
_BEGINNING = re.compile(r"\u3000|[・•●○■□◆◇▪※①-⑳]|[*–—-]\s|[(（]?[0-9０-９]{1,3}(?:[)）]|[.．](?=\D))")
# A break between sentences does no harm where it stays, and lists of sentences stay lists.
_ENDING = re.compile(r"[。．！？!?.…][」』）)”\"]*$")
_HYPHENATED = re.compile(r"[A-Za-z][-\u00ad\u2010]$")
# A kanji of its own between spaces: printed wide apart, not separate words.
_LONE = re.compile(rf"(?<!\S)({_JAPANESE.pattern})\s+(?={_JAPANESE.pattern}(?!\S))")
# Signs that only fonts have: radicals that stand for kanji, ligatures.
_FONT_FORMS = re.compile(r"[\u2f00-\u2fdf\ufb00-\ufb06]")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def unwrapped(pages: Sequence[str]) -> str:
    """The text of printed pages without the line breaks that the width of the page made; those between paragraphs stay."""
    paragraphs: list[str] = []
    before, edge = "", 0
    for line, width in _lines(pages):
        if paragraphs and _goes_on(before, line, edge=edge):
            paragraphs[-1] = _joined(paragraphs[-1], line)
        elif line or (paragraphs and paragraphs[-1]):
            paragraphs.append(line)
        before, edge = line, width
    return "\n".join(paragraphs).strip()


def _lines(pages: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Every line, and how wide its page is."""
    for page in pages:
        lines = [_clean(line) for line in page.splitlines()]
        edge = _page_width(lines)
        yield from ((line, edge) for line in lines)


def _clean(line: str) -> str:
    line = _FONT_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _NO_TEXT.sub("", line)).rstrip()
    parts = line.split()
    lone = sum(len(part) == 1 and _JAPANESE.match(part) is not None for part in parts)
    return _LONE.sub(r"\1", line) if lone > 3 and lone * 2 > len(parts) else line


def _page_width(lines: Sequence[str]) -> int:
    """How wide the body of a page is; 0 where nothing is wide enough to have been broken. Some lines may be wider: headings."""
    wide = sorted(width for width in map(_width, lines) if width >= NARROWEST_PAGE)
    return wide[(len(wide) - 1) * 4 // 5] if wide else 0


def _goes_on(before: str, line: str, *, edge: int) -> bool:
    """Whether a line is the rest of the one before: that one was full, so that the next word had no room in it."""
    if not before or not line or not edge or _BEGINNING.match(line) or _ENDING.search(before):
        return False
    # Japanese may break anywhere, but a mark that must not begin a line pulls the character before it down.
    word = line[:2] if _JAPANESE.match(line) else line.split()[0]
    return _width(before) >= NARROWEST_PAGE and _width(before) + 1 + _width(word) > edge


def _joined(text: str, line: str) -> str:
    line = line.lstrip()
    if _HYPHENATED.search(text) and line[:1].islower():
        return text[:-1] + line
    return text + line if _JAPANESE.match(text[-1]) or _JAPANESE.match(line) else f"{text} {line}"


def _width(text: str) -> int:
    """In half-width columns."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)
