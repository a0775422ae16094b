"""Discord's markdown as HTML, as far as Yomite writes it, by the rules that Discord's own app follows."""

from __future__ import annotations

import re

from tools.pictures import chat

_TOKEN = re.compile(
    r"""
      \\(?P<escaped>[^0-9A-Za-z\s])
    | ```(?:[a-z0-9_+.-]+\n)?\n*(?P<fence>[^\n].*?)\n*```\n?
    | (?P<ticks>`+)(?P<code>.*?[^`])(?P=ticks)(?!`)
    | \*\*(?P<bold>(?:\\.|[^\\])+?)\*\*(?!\*)
    | __(?P<underlined>(?:\\.|[^\\])+?)__(?!_)
    | ~~(?P<struck>(?:\\.|[^\\])+?)~~
    | \*(?=\S)(?P<slanted>(?:\\.|[^\\*])+?)(?<!\s)\*(?!\*)
    """,
    re.VERBOSE | re.DOTALL,
)
_NESTED = {"bold": "b", "underlined": "u", "struck": "s", "slanted": "i"}


def html_of(markdown: str) -> str:
    """What a text looks like in an embed's title or description."""
    drawn, position = [], 0
    for match in _TOKEN.finditer(markdown):
        drawn += [chat.text(markdown[position : match.start()]), _drawn(match)]
        position = match.end()
    return "".join([*drawn, chat.text(markdown[position:])])


def _drawn(match: re.Match[str]) -> str:
    if match["escaped"] is not None:
        return chat.text(match["escaped"])
    if match["fence"] is not None:
        return f"<pre>{chat.text(match['fence'])}</pre>"
    if match["code"] is not None:
        return f"<code>{chat.text(match['code'])}</code>"
    [(name, inner)] = [(name, match[name]) for name in _NESTED if match[name] is not None]
    return f"<{_NESTED[name]}>{html_of(inner)}</{_NESTED[name]}>"
