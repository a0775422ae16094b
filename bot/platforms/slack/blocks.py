"""Draws Replies as Block Kit, within Slack's limits; what does not fit stands in a text that is attached as a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.language import Speech
from bot.platforms.beginning import beginning_of
from bot.platforms.monospace import matrix_lines, table_lines
from bot.platforms.slack.markup import escaped, harmless
from bot.platforms.whole import said_note, whole_text
from bot.reply import Block, Highlight, Matrix, Paragraph, Reply, Table, Tone

BlockKit = dict[str, Any]

# Slack's limits; characters where nothing else is said.
MOST_BLOCKS = 50
HEADER = 150
PIECE = 2_900  # a section takes 3,000
CONTEXT = 1_000
CONTEXT_ELEMENTS = 10
NOTES = 8  # lines of notes that are shown
MESSAGE = 11_000  # all blocks together take about 13,000
BRIEF = 300  # what a notification shows
WIDTH = 76  # places of a line in a code block that a desktop window shows unbroken

# Slack's text has no colours.
MARKS: dict[Tone, str] = {"positive": "🟢 ", "neutral": "🟡 ", "negative": "🔴 ", "trouble": "⚠️ "}
# Words that stand side by side must look different; all other spans are bold.
_STYLES: dict[Tone, dict[str, bool]] = {"even": {"code": True}, "odd": {"bold": True}}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A message: `text` is what notifications show, in Slack's markup; `whole` is the text file that belongs to it, or empty."""

    text: str
    blocks: list[BlockKit]
    whole: str = ""


def draw(reply: Reply, *, speech: Speech, below: Sequence[BlockKit] = ()) -> Drawn:
    """Draw a Reply, with the blocks that stand `below` it. Its pictures and attachments are no blocks: they are uploaded."""
    head, foot = _title(reply), [*_foot(reply, speech), *below]
    beginnings = [beginning_of(block, most=MESSAGE) for block in reply.blocks]
    fits = all(shown is block for shown, block in zip(beginnings, reply.blocks, strict=True))
    room = MESSAGE - sum(map(_size, (*head, *foot)))
    body: list[BlockKit] = []
    for piece in itertools.chain.from_iterable(map(_drawn, beginnings)):
        room -= _size(piece)
        if room < 0 or len(head) + len(body) + len(foot) + 1 >= MOST_BLOCKS:
            fits = False
            break
        body.append(piece)
    all_fits = fits and len(reply.title) < PIECE and len(_notes(reply, speech)) <= NOTES
    hint = [] if all_fits else [_context([_whole_hint(speech)])]
    brief = reply.brief if len(reply.brief) <= BRIEF else reply.brief[: BRIEF - 1] + "…"
    return Drawn(
        text=escaped(" ".join((brief or reply.title).split())) or "…",
        blocks=[*head, *body, *hint, *foot],
        whole="" if all_fits else whole_text(reply, speech=speech),
    )


def _title(reply: Reply) -> list[BlockKit]:
    title = harmless((MARKS.get(reply.tone, "") if reply.tone else "") + " ".join(reply.title.split()))
    if len(title) <= HEADER:
        return [{"type": "header", "text": _plain(title)}] if title else []
    shown = title if len(title) <= PIECE else title[: PIECE - 1] + "…"
    return [_rich(_section([_words(shown, bold=True)]))]


def _foot(reply: Reply, speech: Speech) -> list[BlockKit]:
    """The notes, then the source, in small letters; of very many notes only the first."""
    lines = [*_notes(reply, speech)[:NOTES], *_cut(harmless(reply.source), CONTEXT)]
    return [_context(lines[i : i + CONTEXT_ELEMENTS]) for i in range(0, len(lines), CONTEXT_ELEMENTS)]


def _notes(reply: Reply, speech: Speech) -> list[str]:
    return [part for note in reply.notes for part in _cut(harmless(said_note(note, speech)), CONTEXT // 2)]


def _drawn(block: Block) -> Iterator[BlockKit]:
    if isinstance(block, Paragraph):
        for part in _cut(harmless(block.text), PIECE):
            yield _rich(_section([_words(part)]))
    elif isinstance(block, Highlight):
        yield from (_rich(_section(elements)) for elements in _highlight(block))
    elif isinstance(block, Table):
        yield from _code(table_lines(block, width=WIDTH), title=harmless(block.title))
    elif isinstance(block, Matrix):
        yield from _code(matrix_lines(block, width=WIDTH))


def _highlight(block: Highlight) -> Iterator[list[BlockKit]]:
    """The text with its spans bold and followed by their labels, in pieces that a block takes."""
    elements: list[BlockKit] = []
    room = PIECE
    for element in _spans(block):
        for part in _cut(element["text"], PIECE):
            if len(part) > room and elements:
                yield elements
                elements, room = [], PIECE
            elements.append({**element, "text": part})
            room -= len(part)
    if elements:
        yield elements


def _spans(block: Highlight) -> Iterator[BlockKit]:
    position = 0
    for span in block.spans:
        yield _words(harmless(block.text[position : span.start]))
        yield _words(harmless(block.text[span.start : span.end]), **_STYLES.get(span.tone, {"bold": True}))
        yield _words(span.label, code=True)
        position = span.end
    yield _words(harmless(block.text[position:]))


def _code(lines: Iterable[str], *, title: str = "") -> Iterator[BlockKit]:
    """Lines in letters of one width, in as many blocks as they need."""
    for index, text in enumerate(_joined([harmless(line) for line in lines], PIECE)):
        heading = [_section([_words(title[:PIECE], bold=True)])] if title and not index else []
        yield _rich(*heading, {"type": "rich_text_preformatted", "elements": [_words(text)]})


def _joined(lines: Sequence[str], most: int) -> Iterator[str]:
    """The lines in texts of at most `most` characters."""
    text = ""
    for line in itertools.chain.from_iterable(_cut(line, most) or [""] for line in lines):
        if text and len(text) + 1 + len(line) > most:
            yield text
            text = line
        else:
            text = f"{text}\n{line}" if text else line
    if text.strip():
        yield text


def _cut(text: str, most: int) -> list[str]:
    """The text in parts of at most `most` characters, cut after a line or a sentence where one ends not far back."""
    parts = []
    while len(text) > most:
        ends = [text.rfind(mark, most // 2, most) + 1 for mark in ("\n", "。", ". ", " ")]
        cut = next((end for end in ends if end), most)
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text] if text else parts


def _whole_hint(speech: Speech) -> str:
    return (
        "長いので、全文は添付のテキストファイルにあります。" if speech == "ja" else "This is long: all of it is in the attached text file."
    )


def _rich(*elements: BlockKit) -> BlockKit:
    return {"type": "rich_text", "elements": list(elements)}


def _section(elements: Sequence[BlockKit]) -> BlockKit:
    return {"type": "rich_text_section", "elements": [element for element in elements if element["text"]]}


def _words(text: str, **style: bool) -> BlockKit:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def _plain(text: str) -> BlockKit:
    return {"type": "plain_text", "text": text, "emoji": False}


def _context(lines: Sequence[str]) -> BlockKit:
    return {"type": "context", "elements": [_plain(line) for line in lines]}


def _size(block: Any) -> int:
    """How many characters of text there are in a block."""
    if isinstance(block, dict):
        return sum(len(value) if key == "text" and isinstance(value, str) else _size(value) for key, value in block.items())
    return sum(map(_size, block)) if isinstance(block, list) else 0
