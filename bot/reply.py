"""What a person sees, said without any platform: each platform draws a Reply in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.contract import File, Image

# What a piece of text means, for colours: feelings, entity types, found answers, words that were cut, trouble.
Tone = Literal["positive", "neutral", "negative", "PER", "ORG", "LOC", "MISC", "answer", "even", "odd", "trouble"]
Align = Literal["left", "right"]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Plain text, lines kept."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Span:
    """`start, end` in characters of a Highlight's text; `label` is short and may be empty."""

    start: int
    end: int
    tone: Tone
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Highlight:
    """A text with marked spans, in order and never overlapping."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    text: str
    tone: Tone | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    title: str
    align: Align = "left"


@dataclass(frozen=True, kw_only=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]  # as many cells each as there are columns
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Numbers from -1 to 1 that are shaded by their size."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    image: Image
    alt: str


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A document that comes with the answer, to be opened or kept."""

    file: File
    title: str


Block = Paragraph | Highlight | Table | Matrix | Picture | Attachment


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer in one language. `brief` says it in one line, for lists and notifications.

    `only_asker`: it is nobody else's concern, wherever the platform can tell one person alone.
    """

    title: str
    brief: str
    tone: Tone | None = None
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()  # what the reader should know
    source: str = ""  # which model answered, and the language it read
    failed: bool = False
    only_asker: bool = False


def cells(*values: str | Cell) -> tuple[Cell, ...]:
    """A table row; plain strings become plain cells."""
    return tuple(value if isinstance(value, Cell) else Cell(text=value) for value in values)


def columns(*titles: str, right: tuple[int, ...] = ()) -> tuple[Column, ...]:
    """Table columns; those whose index is in `right` hold numbers and stand to the right."""
    return tuple(Column(title=title, align="right" if i in right else "left") for i, title in enumerate(titles))
