"""Draws Replies for Discord: an embed, its pictures and files, and one with the whole answer where the embed has no room for it."""

from __future__ import annotations

import datetime
import io
import re
from dataclasses import dataclass, replace

import discord

from bot.language import Speech
from bot.platforms.beginning import beginning_of
from bot.platforms.discord.escape import escaped, fenced, inline_code
from bot.platforms.monospace import matrix_lines, table_lines
from bot.platforms.plain import plain, plain_reply
from bot.platforms.whole import said_note, whole_text
from bot.reply import Attachment, Block, Highlight, Matrix, Paragraph, Picture, Reply, Span, Table, Tone

# Discord's limits, in characters as UTF-16 counts them, and in bytes.
TITLE, DESCRIPTION, FOOTER, ALT = 256, 4_096, 2_048, 1_024
EMBED_TOTAL = 6_000
FILES = 10
FILE_BYTES = 10 * 2**20

LINE_WIDTH = 64  # places; what a desktop shows in an embed without breaking the line
FOOTER_ROOM = 500
# What is kept free of the description for the line that points to the file.
POINTER_ROOM = 200
ANSWER_FILE = "answer.txt"

COLOURS: dict[Tone, int] = {
    "positive": 0x2E9E5B,
    "neutral": 0xD9A400,
    "negative": 0xD0413E,
    "PER": 0xD9A400,
    "ORG": 0x2A8FBD,
    "LOC": 0x2E9E5B,
    "MISC": 0xA45CC4,
    "answer": 0x3D6BD6,
    "even": 0x2A8FBD,
    "odd": 0xD9A400,
    "trouble": 0xD0413E,
}
PLAIN_COLOUR = 0x6B7280


@dataclass(frozen=True, kw_only=True)
class PostFile:
    """A file that goes with a Post; `alt` says what a picture shows."""

    name: str
    data: bytes
    alt: str = ""

    def open(self) -> discord.File:
        """A new handle: the client closes those that it has sent."""
        return discord.File(io.BytesIO(self.data), filename=self.name, description=self.alt or None)


@dataclass(frozen=True, kw_only=True)
class Post:
    """What goes to Discord: embeds and files."""

    embeds: tuple[discord.Embed, ...]
    files: tuple[PostFile, ...] = ()


def render(reply: Reply, *, speech: Speech, link: str | None = None, preface: str = "", asked_at: datetime.datetime | None = None) -> Post:
    """A Reply as a Post. The title leads to `link`; `preface` says why the answer stands where it does, `asked_at` when it was asked for."""
    reply = plain_reply(reply)
    pictures, notes = _pictures(reply, speech)
    attachments, notes = _attachments(reply, speech, room=FILES - 1 - len(pictures), notes=notes)
    title = escaped(" ".join(reply.title.split())) or "…"  # Discord takes no message of nothing
    description, complete = _description(reply, speech, preface=preface, notes=notes)
    if length(title) > TITLE or not complete or length(reply.source) > FOOTER_ROOM:
        whole = PostFile(name=ANSWER_FILE, data=whole_text(replace(reply, notes=notes), speech=speech).encode())
        files = (whole, *pictures, *attachments)
        description = f"{description}\n\n{_pointer(speech)}".strip()
    else:
        files = (*pictures, *attachments)
    embed = discord.Embed(
        title=_start_of(title, TITLE),
        url=link,
        description=description or None,
        colour=COLOURS[reply.tone] if reply.tone else PLAIN_COLOUR,
        timestamp=asked_at,
    )
    if reply.source:
        embed.set_footer(text=_start_of(reply.source, FOOTER_ROOM))
    return Post(embeds=_with_pictures(embed, pictures), files=files)


def length(text: str) -> int:
    """Characters as Discord counts them: those beyond the first 65,536 code points are two."""
    return len(text.encode("utf-16-le")) // 2


def _description(reply: Reply, speech: Speech, *, preface: str, notes: tuple[str, ...]) -> tuple[str, bool]:
    """What stands in the embed, and whether it is all there is. The notes are never what gives way first."""
    ending = "\n".join(said_note(escaped(note), speech) for note in notes)
    complete = True
    room = DESCRIPTION - POINTER_ROOM
    if length(ending) > room // 2:
        ending, complete = _lines_of(ending, room // 2), False
    room -= length(ending) + 2
    parts = [escaped(preface)] if preface else []
    for block in reply.blocks:
        if isinstance(block, Picture | Attachment):
            continue
        left = room - sum(length(part) + 2 for part in parts)
        shown = beginning_of(block, most=max(1, left))
        drawn = _drawn(shown)
        if shown is not block or length(drawn) > left:
            drawn, complete = _beginning(shown, left), False
        if drawn.strip():
            parts.append(drawn)
        if not complete:
            break
    return "\n\n".join([*parts, ending] if ending else parts), complete


def _drawn(block: Block) -> str:
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Highlight):
        return _highlight(block.text, block.spans)
    if isinstance(block, Table):
        return _titled(block.title, table_lines(block, width=LINE_WIDTH))
    return fenced("\n".join(matrix_lines(block, width=LINE_WIDTH))) if isinstance(block, Matrix) else ""


def _beginning(block: Block, room: int) -> str:
    """As much of a block as there is room for, ending in an ellipsis."""
    if isinstance(block, Table | Matrix):
        lines = table_lines(block, width=LINE_WIDTH) if isinstance(block, Table) else matrix_lines(block, width=LINE_WIDTH)
        title = block.title if isinstance(block, Table) else ""
        while lines and length(_titled(title, [*lines, "…"])) > room:
            del lines[-max(1, len(lines) // 8) :]
        return _titled(title, [*lines, "…"]) if lines else ""
    text = block.text if isinstance(block, Paragraph | Highlight) else ""
    end = min(len(text), room)
    while end > 0:
        kept = tuple(span for span in block.spans if span.end <= end) if isinstance(block, Highlight) else ()
        drawn = _highlight(text[:end], kept) + "…"
        if length(drawn) <= room:
            return drawn
        end -= max(1, end // 8)
    return ""


def _highlight(text: str, spans: tuple[Span, ...]) -> str:
    """Spans in bold, each followed by its label; words in turn in bold and underlined."""
    drawn, position = [], 0
    for span in spans:
        drawn.append(escaped(text[position : span.start]))
        drawn.append(_marked(text[span.start : span.end], "__" if span.tone == "odd" else "**"))
        drawn.append(inline_code(span.label) if span.label else "")
        position = span.end
    drawn.append(escaped(text[position:]))
    return "".join(drawn)


def _marked(words: str, sign: str) -> str:
    """Markup does not reach over a line break, and none stands around nothing."""
    return re.sub(r"[^\n]*\S[^\n]*", lambda line: f"{sign}{escaped(line[0])}{sign}", plain(words))


def _titled(title: str, lines: list[str]) -> str:
    heading = f"**{escaped(' '.join(title.split()))}**\n" if title else ""
    return heading + fenced("\n".join(lines)) if lines else heading.strip()


def _pictures(reply: Reply, speech: Speech) -> tuple[tuple[PostFile, ...], tuple[str, ...]]:
    """The pictures as files with names of their own, and the notes: the Reply's, and which pictures cannot be shown."""
    files: list[PostFile] = []
    notes = list(reply.notes)
    for i, picture in enumerate((block for block in reply.blocks if isinstance(block, Picture)), start=1):
        if len(picture.image.data) > FILE_BYTES or len(files) == FILES - 1:
            notes.append(f"図 {i} は大きすぎて送れません。" if speech == "ja" else f"Picture {i} is too large to be sent.")
            continue
        files.append(PostFile(name=f"{i}-{_clean_name(picture.image.name)}", data=picture.image.data, alt=_start_of(picture.alt, ALT)))
    return tuple(files), tuple(notes)


def _attachments(reply: Reply, speech: Speech, *, room: int, notes: tuple[str, ...]) -> tuple[tuple[PostFile, ...], tuple[str, ...]]:
    """The attachments as files, as many as there is `room` for, and the notes with which of them cannot be sent."""
    files: list[PostFile] = []
    said = list(notes)
    for block in (block for block in reply.blocks if isinstance(block, Attachment)):
        if len(block.file.data) > FILE_BYTES or len(files) == room:
            said.append(f"「{block.title}」は大きすぎて送れません。" if speech == "ja" else f"“{block.title}” is too large to be sent.")
            continue
        number = f"{len(files) + 1}-" if files else ""
        files.append(PostFile(name=f"{number}{_clean_name(block.file.name)}", data=block.file.data, alt=_start_of(block.title, ALT)))
    return tuple(files), tuple(said)


def _clean_name(name: str) -> str:
    """Discord changes other characters in names, and an embed would then not find its picture."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")


def _with_pictures(embed: discord.Embed, pictures: tuple[PostFile, ...]) -> tuple[discord.Embed, ...]:
    """The first picture in the embed itself, each other one in an embed of its own."""
    embeds = [embed, *(discord.Embed(colour=embed.colour) for _ in pictures[1:])]
    for shown, picture in zip(embeds, pictures, strict=False):
        shown.set_image(url=f"attachment://{picture.name}")
    return tuple(embeds)


def _pointer(speech: Speech) -> str:
    if speech == "ja":
        return f"📎 ここに収まらないため、全文は添付の {ANSWER_FILE} にあります。"
    return f"📎 There is more than fits here: the whole answer is in the attached {ANSWER_FILE}."


def _start_of(text: str, limit: int) -> str:
    """The text, or its beginning where it is too long; never ends in a lone backslash."""
    if length(text) <= limit:
        return text
    end = limit - 1
    while length(text[:end]) > limit - 1:
        end -= 1
    return text[:end].rstrip("\\") + "…"


def _lines_of(text: str, limit: int) -> str:
    """The first lines that fit, else the beginning of the first."""
    kept: list[str] = []
    for line in text.splitlines():
        if length("\n".join([*kept, line])) > limit - 2:
            break
        kept.append(line)
    return "\n".join([*kept, "…"]) if kept else _start_of(text, limit)
