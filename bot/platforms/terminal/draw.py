"""Draws Replies with rich: colours where the terminal has them, marks in the text where it has none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from bot.language import Speech, both
from bot.platforms.plain import plain, plain_reply
from bot.platforms.whole import said_note
from bot.reply import Attachment, Highlight, Matrix, Paragraph, Picture, Reply, Table, Tone

WIDTH_WITHOUT_TERMINAL = 120
STYLES: dict[Tone, str] = {
    "positive": "bold green",
    "neutral": "bold yellow",
    "negative": "bold red",
    "PER": "black on bright_yellow",
    "ORG": "black on bright_cyan",
    "LOC": "black on bright_green",
    "MISC": "black on bright_magenta",
    "answer": "black on bright_yellow",
    "even": "black on bright_cyan",
    "odd": "black on bright_yellow",
    "trouble": "bold red",
}
# Beside text a background stands out too much in tables: there the foreground tells the tone.
CELL_STYLES: dict[Tone, str] = {
    **STYLES,
    "PER": "yellow",
    "ORG": "cyan",
    "LOC": "green",
    "MISC": "magenta",
    "answer": "bold",
    "even": "cyan",
    "odd": "yellow",
}

_PICTURE, _PAGE = both("画像", "picture"), both("ページ", "page")


def draw(reply: Reply, console: Console, *, speech: Speech, files: tuple[Path, ...] = ()) -> None:
    """Print a Reply. `files` are where its pictures and attachments were written to, in their order."""
    # What goes into a file or a pipe is not folded: its lines stay lines.
    unfolded = not console.is_terminal
    reply = plain_reply(reply)
    console.print(Text(reply.title, style=CELL_STYLES[reply.tone] if reply.tone else "bold"), soft_wrap=unfolded)
    waiting = list(files)
    for block in reply.blocks:
        if isinstance(block, Picture | Attachment):
            if waiting:
                _print_file(block, waiting.pop(0), console, speech)
        else:
            console.print(_drawn(block, coloured=has_colours(console)), soft_wrap=unfolded and isinstance(block, Paragraph | Highlight))
    for note in reply.notes:
        console.print(Text(said_note(note, speech), style="yellow"), soft_wrap=unfolded)
    if reply.source:
        console.print(Text(reply.source, style="dim"), soft_wrap=unfolded)


@contextmanager
def waiting(console: Console, speech: Speech) -> Iterator[None]:
    """A sign of life while an answer is computed, where somebody can see it move."""
    if not console.is_terminal:
        yield
        return
    with console.status("読んでいます…" if speech == "ja" else "reading…"):
        yield


def make_console(*, stderr: bool = False) -> Console:
    """A console that prints what it is given: no markup is read out of people's texts."""
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


def has_colours(console: Console) -> bool:
    """Whether colours reach the eye: a terminal, and NO_COLOR not set."""
    return console.color_system is not None and not console.no_color


def _drawn(block: Paragraph | Highlight | Table | Matrix, *, coloured: bool) -> RenderableType:
    if isinstance(block, Paragraph):
        return Text(block.text)
    if isinstance(block, Highlight):
        return _highlight(block, coloured=coloured)
    return _table(block) if isinstance(block, Table) else _matrix(block)


def _highlight(block: Highlight, *, coloured: bool) -> Text:
    """The text with its spans coloured and followed by their labels; without colours, in brackets."""
    drawn = Text()
    position = 0
    for span in block.spans:
        drawn.append(block.text[position : span.start])
        words = block.text[span.start : span.end]
        if coloured:
            drawn.append(words, style=STYLES[span.tone])
            drawn.append(f" {span.label} " if span.label else "", style=f"italic {STYLES[span.tone]}")
        else:
            drawn.append(f"[{words}|{span.label}]" if span.label else f"[{words}]")
        position = span.end
    drawn.append(block.text[position:])
    return drawn


def _table(block: Table) -> RichTable:
    headed = any(column.title for column in block.columns)
    table = RichTable(title=Text(block.title) if block.title else None, title_justify="left", show_header=headed, box=None, pad_edge=False)
    for column in block.columns:
        table.add_column(Text(column.title), justify=column.align, overflow="fold", no_wrap=column.align == "right")
    for row in block.rows:
        table.add_row(*(Text(cell.text, style=CELL_STYLES[cell.tone] if cell.tone else "") for cell in row))
    return table


def _matrix(block: Matrix) -> RichTable:
    table = RichTable(box=None, pad_edge=False)
    table.add_column("", justify="right")
    for label in block.column_labels:
        table.add_column(Text(label), justify="right", no_wrap=True)
    for label, values in zip(block.row_labels, block.values, strict=True):
        table.add_row(Text(label), *(Text(f" {value:.3f} ", style=_shade(value)) for value in values))
    return table


def _shade(value: float) -> Style:
    """From white (0) to deep blue (1), to red below 0; `value` is a cosine, -1..1."""
    strength = min(1.0, abs(value))
    faded = round(255 * (1 - 0.75 * strength))
    red, blue = (faded, 255) if value >= 0 else (255, faded)
    return Style(color="#ffffff" if strength > 0.75 else "#000000", bgcolor=f"#{red:02x}{faded:02x}{blue:02x}")


def _print_file(block: Picture | Attachment, path: Path, console: Console, speech: Speech) -> None:
    label, said = (_PICTURE, block.alt) if isinstance(block, Picture) else (_PAGE, block.title)
    # A path must stay whole, to be clicked or copied.
    console.print(Text(plain(f"{label.in_language(speech)}: {path}"), style="bold"), soft_wrap=True)
    console.print(Text(said, style="dim"))
