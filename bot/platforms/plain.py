"""Takes out of texts what has no shape and only steers how all around it is shown; every platform draws Replies without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.reply import Attachment, Block, Cell, Highlight, Matrix, Paragraph, Picture, Reply, Span, Table

# Shapeless characters that only steer the layout: controls (a terminal obeys them), zero-width spaces, marks that turn the direction of
# writing, and tags. Joiners stay: emoji and several scripts are written with them; so do the selectors of a kanji's shape.
_SHAPELESS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_LINE_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARKS}{{4}}){_MARKS}+")  # more marks on one letter than any language has, over the lines around it
_HALVES = re.compile("[\ud800-\udfff]")  # half of a character: nothing can be written down with one


def plain(text: str) -> str:
    """The text to be shown: line breaks of one kind and tabs stay, half a character becomes U+FFFD, what is shapeless is left out."""
    if text.isprintable() and (text.isascii() or not _STACKED.search(text)):
        return text  # most cells of a long table: quicker than to look for each kind
    shown = _SHAPELESS.sub("", _LINE_BREAKS.sub("\n", text))
    return _HALVES.sub("\ufffd", _STACKED.sub(r"\1", shown))


def plain_reply(reply: Reply) -> Reply:
    """The Reply with every text in it as `plain` gives it, and its spans where their words stand now."""
    return replace(
        reply,
        title=plain(reply.title),
        brief=plain(reply.brief),
        blocks=tuple(map(_plain_block, reply.blocks)),
        notes=tuple(map(plain, reply.notes)),
        source=plain(reply.source),
    )


def json_escaped(written: str) -> str:
    """JSON that was written with its letters as they are: what `plain` would leave out stands there as `\\u…`."""
    return _HALVES.sub(_as_escape, _SHAPELESS.sub(_as_escape, written))


def _as_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _plain_block(block: Block) -> Block:
    match block:
        case Paragraph():
            return Paragraph(text=plain(block.text))
        case Highlight():
            return _plain_highlight(block)
        case Table():
            titled = tuple(replace(column, title=plain(column.title)) for column in block.columns)
            return Table(columns=titled, rows=tuple(tuple(map(_plain_cell, row)) for row in block.rows), title=plain(block.title))
        case Matrix():
            return replace(block, row_labels=tuple(map(plain, block.row_labels)), column_labels=tuple(map(plain, block.column_labels)))
        case Picture():
            return replace(block, alt=plain(block.alt))
        case Attachment():
            return replace(block, title=plain(block.title))


def _plain_cell(cell: Cell) -> Cell:
    shown = plain(cell.text)
    return cell if shown == cell.text else replace(cell, text=shown)


def _plain_highlight(block: Highlight) -> Highlight:
    text, spans = "", []
    for piece, span in _pieces(block):
        start, shown = len(text), plain(piece)
        text += shown
        if span is not None:
            spans.append(replace(span, start=start, end=len(text), label=plain(span.label)))
    return Highlight(text=text, spans=tuple(spans))


def _pieces(block: Highlight) -> Iterator[tuple[str, Span | None]]:
    """The text in order: what stands between spans, and the words of each span with it."""
    position = 0
    for span in block.spans:
        yield block.text[position : span.start], None
        yield block.text[span.start : span.end], span
        position = span.end
    yield block.text[position:], None
