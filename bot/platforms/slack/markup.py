"""Slack's markup in both directions: what a person typed, out of what Slack sends; and text that can ping nobody."""

from __future__ import annotations

import re

from bot.platforms.plain import plain

_MARKED = re.compile(r"<([@#!]|[a-zA-Z][a-zA-Z0-9+.-]*:)([^<>|]*)(?:\|([^<>]*))?>")
_PINGS = re.compile(r"(<)(?=[!@#])|(@)(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_NOTHING = "\u2060"  # a word joiner: takes no room, and keeps what it parts from being read as markup
_ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def as_typed(text: str) -> str:
    """What the person typed: Slack's links, mentions and escapes turned back."""
    return re.sub("&lt;|&gt;|&amp;", lambda match: _ESCAPES[match[0]], _MARKED.sub(_typed, text))


def without_mention(text: str, user_id: str) -> str:
    """What is said to the bot: the text after its mention, else the text before it. Still in Slack's markup."""
    before, found, after = _mention(text, user_id)
    return (_mention(after, user_id)[0] if not after.strip() else after).lstrip(" \u3000:：,、") or before if found else before


def mentions(text: str, user_id: str) -> bool:
    """Whether a text in Slack's markup names this user."""
    return re.search(f"<@{re.escape(user_id)}[|>]", text) is not None


def harmless(text: str) -> str:
    """The same text to the eye, but nothing in it can ping anybody or turn what stands beside it, wherever Slack shows it."""
    return _PINGS.sub(lambda match: match[0] + _NOTHING, plain(text))


def escaped(text: str) -> str:
    """Text for a place where Slack reads markup."""
    return harmless(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _typed(match: re.Match[str]) -> str:
    sigil, name, label = match.groups()
    if sigil in ("@", "#"):
        return sigil + (label or name).removeprefix(sigil)
    if sigil == "!":
        return label or f"@{name.split('^')[0]}"
    if label:
        return label
    return name if sigil in ("mailto:", "tel:") else sigil + name


def _mention(text: str, user_id: str) -> tuple[str, bool, str]:
    """The text before and after the first mention, and whether there is one."""
    found = re.search(f"<@{re.escape(user_id)}(?:\\|[^<>]*)?>", text)
    return (text[: found.start()], True, text[found.end() :]) if found else (text, False, "")
