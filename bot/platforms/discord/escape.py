"""Makes people's texts harmless in Discord's markdown: nothing turns into a mention, a link, a format or another layout."""

from __future__ import annotations

import re

# Discord takes a backslash before punctuation as "show it as it is". A colon matters in addresses, which become links.
_MARKUP = re.compile(r"[\\*_~`|<\[\]@]|:(?=//)")
_LINE_START = re.compile(r"^([^\S\n]*)(\d{1,9}\.(?=\s)|[>#+-])", re.MULTILINE)
# Shapeless characters that only steer the layout: controls, zero-width spaces, marks that turn the direction of writing, and tags.
# Joiners stay: emoji and several scripts are written with them.
_SHAPELESS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_FENCE = re.compile(r"`(?=`)")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARKS}{{4}}){_MARKS}+")  # more marks on one letter than any language has, over the lines around it
ZERO_WIDTH = "\u200b"


def plain(text: str) -> str:
    """Without what has no shape and only changes how the rest is laid out; line breaks and tabs stay."""
    one_kind = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _STACKED.sub(r"\1", _SHAPELESS.sub("", one_kind))


def escaped(text: str) -> str:
    """As ordinary text: reads as it was typed, whatever markup it holds."""
    return _LINE_START.sub(_escaped_start, _MARKUP.sub(r"\\\g<0>", plain(text)))


def fenced(text: str) -> str:
    """As a code block. Two backticks never stand side by side in it, so nothing ends it early."""
    return f"```\n{_FENCE.sub(f'`{ZERO_WIDTH}', plain(text))}\n```"


def inline_code(text: str) -> str:
    """As code within a line."""
    return f"`{plain(text).replace('`', 'ˋ')}`"


def _escaped_start(match: re.Match[str]) -> str:
    """A list, a quotation or a heading: the number stays, its dot is escaped."""
    indent, sign = match.groups()
    return f"{indent}{sign[:-1]}\\{sign[-1]}"
