"""Draws what Yomite sends to Slack: the adapter's own messages are caught on their way out."""

from __future__ import annotations

from typing import Any

from bot.language import Speech
from bot.platforms.slack.blocks import BlockKit, Drawn
from bot.platforms.slack.place import Place
from bot.platforms.slack.posting import SlackPlatform
from bot.platforms.slack.sending import Once, Sending, Upload
from bot.reply import Reply
from tools.pictures import chat
from tools.pictures.scene import Scene

_STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


class _Caught(Sending):
    """A way out that leads nowhere: keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Drawn] = []
        self.uploads: list[Upload] = []

    async def say(self, place: Place, drawn: Drawn, *, once: Once | None = None) -> Place:
        self.messages.append(drawn)
        return place

    async def upload(self, place: Place, upload: Upload, *, again: bool) -> None:
        self.uploads.append(upload)

    async def mark(self, job_id: str, name: str, value: str) -> None:
        """Nothing is tried again."""


async def slack_page(scene: Scene, reply: Reply, *, speech: Speech) -> str:
    """The scene and its answer as an HTML document."""
    caught = _Caught()
    place = Place(key="", channel="C", person="U", asked_at=0.0)
    await SlackPlatform(caught, caught, bot_name=chat.APP_NAME.lower()).show(reply, place, speech=speech)
    [drawn] = caught.messages
    answer = chat.answered(scene, "".join(map(_block, drawn.blocks)) + "".join(map(_upload, caught.uploads)))
    return chat.page("slack", scene, *map(chat.said, scene.before), _question(scene), answer)


def _question(scene: Scene) -> str:
    """Slack shows a slash command to nobody: it is seen where it is typed."""
    if scene.way == "slash":
        return chat.typed(scene.asked.text)
    return chat.said(scene.asked, words=chat.mentioned(scene.asked.text))


def _block(block: BlockKit) -> str:
    match block["type"]:
        case "header":
            return f'<h2 class="title">{_plain(block["text"])}</h2>'
        case "context":
            return f'<div class="context">{"".join(f"<span>{_plain(element)}</span>" for element in block["elements"])}</div>'
        case "rich_text":
            return "".join(map(_rich, block["elements"]))
    raise ValueError(f"blocks of the type {block['type']!r} cannot be drawn yet")


def _rich(element: BlockKit) -> str:
    inner = "".join(map(_words, element["elements"]))
    match element["type"]:
        case "rich_text_section":
            return f'<div class="words">{inner}</div>'
        case "rich_text_preformatted":
            return f"<pre>{inner}</pre>"
    raise ValueError(f"rich text of the type {element['type']!r} cannot be drawn yet")


def _words(element: BlockKit) -> str:
    if element["type"] != "text":
        raise ValueError(f"elements of the type {element['type']!r} cannot be drawn yet")
    drawn = chat.text(element["text"])
    for style in element.get("style", {}):
        drawn = f"<{_STYLES[style]}>{drawn}</{_STYLES[style]}>"
    return drawn


def _plain(text: dict[str, Any]) -> str:
    if text["type"] != "plain_text":
        raise ValueError(f"a text of the type {text['type']!r} cannot be drawn yet")
    return chat.text(text["text"])


def _upload(upload: Upload) -> str:
    """A file below the message: a picture under its title, or a file's name."""
    if not upload.alt:
        return chat.attached(upload.title, len(upload.data))
    return f'<div class="file-title">{chat.text(upload.title)}</div>{chat.picture(upload.data, alt=upload.alt)}'
