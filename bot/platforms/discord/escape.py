"""Makes people's texts harmless in Discord's markdown: nothing turns into a mention, a link, a format or another layout."""

from __future__ import annotations

import re

from bot.platforms.plain import plain

# Discord takes a backslash before punctuation as "show it as it is". A colon matters in addresses, which become links.
_MARKUP = re.compile(r"[\\*_~`|<\[\]@]|:(?=//)")
_LINE_START = re.compile(r"^([^\S\n]*)(\d{1,9}\.(?=\s)|[>#+-])", re.MULTILINE)
_FENCE = re.compile(r"`(?=`)")
ZERO_WIDTH = "\u200b"


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
