"""Draws a whole Reply as plain text, for the file that is attached where an embed is too small."""

from __future__ import annotations

from bot.language import Speech
from bot.platforms.discord.escape import plain
from bot.platforms.monospace import matrix_lines, table_lines
from bot.reply import Block, Highlight, Matrix, Paragraph, Reply, Table

LINE_WIDTH = 120  # places


def whole_text(reply: Reply, *, speech: Speech, notes: tuple[str, ...]) -> str:
    """Everything of a Reply but its pictures, which are files themselves."""
    parts = [plain(reply.title), *(_drawn(block) for block in reply.blocks)]
    parts += [f"※ {plain(note)}" if speech == "ja" else f"Note: {plain(note)}" for note in notes]
    return "\n\n".join(part for part in [*parts, plain(reply.source)] if part) + "\n"


def _drawn(block: Block) -> str:
    if isinstance(block, Paragraph):
        return plain(block.text)
    if isinstance(block, Highlight):
        return _highlight(block)
    if isinstance(block, Table):
        return "\n".join([*([plain(block.title)] if block.title else []), *table_lines(block, width=LINE_WIDTH)])
    return "\n".join(matrix_lines(block, width=LINE_WIDTH)) if isinstance(block, Matrix) else ""


def _highlight(block: Highlight) -> str:
    """Spans in brackets, with their labels."""
    drawn, position = "", 0
    for span in block.spans:
        words = block.text[span.start : span.end]
        drawn += block.text[position : span.start] + (f"[{words}|{span.label}]" if span.label else f"[{words}]")
        position = span.end
    return plain(drawn + block.text[position:])
