"""A chat's column in HTML: people's messages and the app's, in a neutral hand, with nobody's logo."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path

from bot.language import Speech
from bot.platforms.web.server import STATIC
from tools.pictures.scene import Person, Said, Scene

CSS = Path(__file__).with_name("chat.css")
APP_NAME = "Yomite"
BADGE: dict[Speech, str] = {"ja": "アプリ", "en": "APP"}

# Every app draws emoji with pictures of its own, and not every machine has a font for them: these are ours.
_CIRCLES = {"🟢": "#2e9e5b", "🟡": "#d9a400", "🔴": "#d0413e"}
_SHAPES = {mark: f'<circle cx="8" cy="8" r="7" fill="{colour}"/>' for mark, colour in _CIRCLES.items()} | {
    "⚠️": '<path d="M8 1 15.5 15H.5z" fill="#d9a400"/><path d="M8 6v4.5M8 12v1.5" stroke="#fff" stroke-width="1.6"/>',
    "📎": '<path d="M13 7 7.5 12.5a3 3 0 0 1-4.2-4.2L9 2.6a2 2 0 0 1 2.9 2.9L6.5 11" fill="none" stroke="#8a8f98" stroke-width="1.4"/>',
}
# So are the blocks that bars are made of: in some fonts they are as wide as a Japanese letter.
_DRAWN = re.compile("|".join([*map(re.escape, _SHAPES), "█+"]))


def text(words: str) -> str:
    """Plain text as HTML."""
    return _DRAWN.sub(_drawn, escape(words, quote=False))


def page(kind: str, scene: Scene, *parts: str) -> str:
    """The whole document: a column of `kind` (a class of chat.css) under the name of its place."""
    style = CSS.read_text(encoding="utf-8")
    body = f'<main class="column {kind}"><header class="place">{text(scene.place)}</header>{"".join(parts)}</main>'
    return f'<!doctype html><html lang="{scene.speech}"><meta charset="utf-8"><style>{style}</style><body>{body}</body></html>'


def said(message: Said, *, words: str | None = None, below: str = "") -> str:
    """A person's message; `words` are its text as HTML where it is more than plain."""
    body = f'<div class="words">{text(message.text) if words is None else words}</div>{below}'
    return _message(_initial(message.by), message.by.name, message.time, body)


def answered(scene: Scene, body: str, *, above: str = "") -> str:
    """The app's message, right after the question."""
    icon = base64.b64encode((STATIC / "icon.svg").read_bytes()).decode()
    face = f'<img class="face" alt="" src="data:image/svg+xml;base64,{icon}">'
    return above + _message(face, APP_NAME, scene.asked.time, body, badge=BADGE[scene.speech])


def mentioned(line: str) -> str:
    """A line that is said to the app."""
    return f'<span class="mention">@{APP_NAME}</span> {text(line)}'


def typed(line: str) -> str:
    """The box in which a command is being typed."""
    return f'<div class="box"><span class="words">{text(line)}<span class="caret"></span></span><span class="send">➤</span></div>'


def attached(name: str, size: int) -> str:
    """A file of a message; `size` in bytes."""
    return f'<div class="attached"><b>{text(name)}</b><span>{size:,} bytes</span></div>'


def picture(data: bytes, *, alt: str) -> str:
    """A PNG in the column."""
    return f'<img class="picture" alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(data).decode()}">'


def _drawn(match: re.Match[str]) -> str:
    if match[0][0] == "█":
        return f'<span class="bar" style="--places: {len(match[0])}"></span>'
    return f'<svg class="emoji" viewBox="0 0 16 16">{_SHAPES[match[0]]}</svg>'


def _message(face: str, name: str, time: str, body: str, *, badge: str = "") -> str:
    app = f'<span class="badge">{badge}</span>' if badge else ""
    head = f'<div class="head"><b>{text(name)}</b>{app}<time>{text(time)}</time></div>'
    return f'<article class="message">{face}<div class="body">{head}{body}</div></article>'


def _initial(person: Person) -> str:
    return f'<span class="face" style="background:{person.colour}">{text(person.name[0])}</span>'
