"""Draws a whole Reply as plain text, for the file that is attached where a message is too small."""

from __future__ import annotations

from bot.language import Speech
from bot.platforms.monospace import matrix_lines, table_lines
from bot.reply import Block, Highlight, Matrix, Paragraph, Reply, Table

WIDTH = 120  # places


def whole_text(reply: Reply, *, speech: Speech) -> str:
    """Everything of a Reply but its pictures and attachments, which are files themselves."""
    notes = [said_note(note, speech) for note in reply.notes]
    parts = [reply.title, *map(_drawn, reply.blocks), *notes, reply.source]
    return "\n\n".join(filter(None, parts)) + "\n"


def said_note(note: str, speech: Speech) -> str:
    """A note as it stands below an answer."""
    return f"※ {note}" if speech == "ja" else f"Note: {note}"


def _drawn(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Highlight):
        return _highlight(block)
    if isinstance(block, Table):
        return "\n".join([*([block.title] if block.title else []), *table_lines(block, width=WIDTH)])
    return "\n".join(matrix_lines(block, width=WIDTH)) if isinstance(block, Matrix) else ""


def _highlight(block: Highlight) -> str:
    """Spans in brackets, with their labels."""
    drawn, position = "", 0
    for span in block.spans:
        words = block.text[span.start : span.end]
        drawn += block.text[position : span.start] + (f"[{words}|{span.label}]" if span.label else f"[{words}]")
        position = span.end
    return drawn + block.text[position:]
