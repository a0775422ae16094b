"""What the page and the server say to each other over the socket, as JSON objects with a `type`."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec

from bot.commands import COMMANDS
from bot.feedback.press import Choice, Opinion
from bot.feedback.wording import QUESTIONS, asks, chosen_of, options_of, said_of
from bot.platforms.plain import plain_reply
from bot.reply import Attachment, Block, Highlight, Matrix, Paragraph, Picture, Reply, Table
from engine.contract import Message

# Made by the page: 128 random bits for a session, fewer for a message in it.
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that comes with a message; base64 in the JSON form."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    data: bytes


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The first thing that a page says: whose answers it wants."""

    session: Id


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ask"):
    """A line that a person sent. The page says it again after a lost connection, with the same id.

    `chosen`: `lang` is what the person switched the page to, and not only what the browser prefers.
    """

    id: Id
    line: str
    lang: Literal["ja", "en"]
    chosen: bool = False
    file: File | None = None


class Resume(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="resume"):
    """Asks for the answer to a line whose file the page does not have any more."""

    id: Id


class Got(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="got"):
    """The answer has arrived and is kept by the page."""

    id: Id


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="cancel"):
    """Nobody waits for this answer any more."""

    id: Id


class Thumb(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="thumb"):
    """What a person says of an answer. The page says it again after a lost connection, with the same `press`."""

    id: Id
    press: Id
    at: float  # seconds since 1970
    choice: Choice
    correction: Annotated[str, msgspec.Meta(max_length=10_000)] = ""


Said = Hello | Ask | Resume | Got | Cancel | Thumb
_DECODER: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def read(text: str) -> Said:
    """What a page said.

    Raises:
        ValueError: nothing that a page of ours says.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def ready(*, upload_limit: int, thumbs: bool) -> str:
    """The answer to a Hello: the session is open. `thumbs`: people are asked what they think of answers."""
    return _said("ready", upload_limit=upload_limit, thumbs=thumbs)


def taken(message_id: str) -> str:
    """The line has arrived and is being read."""
    return _said("taken", id=message_id)


def progress(message_id: str, share: float) -> str:
    """How far the reading is; `share` in 0..1."""
    return _said("progress", id=message_id, share=round(share, 3))


def answer(message_id: str, reply: Reply, *, seconds: float, thumbs: bool = False) -> str:
    """The Reply, and how long it took; with `thumbs`, the person may say what they think of it."""
    return _said("answer", id=message_id, reply=reply_as_json(reply), seconds=round(max(0.0, seconds), 2), thumbs=thumbs)


def opinion(message_id: str, press: str, found: Opinion) -> str:
    """What the person thinks of an answer now, what they are told of it, and what they can still say."""
    told = msgspec.to_builtins(said_of(found))
    return _said("opinion", id=message_id, press=press, verdict=found.verdict, asks=_asked(found), right=chosen_of(found), told=told)


def not_pressed(message_id: str, press: str, trouble: Message) -> str:
    """Why a press was not taken."""
    return _said("not_pressed", id=message_id, press=press, told=msgspec.to_builtins(trouble))


def cancelled(message_id: str) -> str:
    """No answer will come: the person cancelled it."""
    return _said("cancelled", id=message_id)


def lost(message_id: str) -> str:
    """Nothing is known of the line: it must be sent again."""
    return _said("lost", id=message_id)


def reply_as_json(reply: Reply) -> dict[str, Any]:
    """A Reply as the page draws it: each block says its `kind`; the bytes of a picture or a file are base64."""
    reply = plain_reply(reply)
    body: dict[str, Any] = msgspec.to_builtins(replace(reply, blocks=()))
    return body | {"blocks": [_block_as_json(block) for block in reply.blocks]}


def commands_as_json() -> list[dict[str, Any]]:
    """The commands as the page completes and explains them, each text in both languages."""
    shown = ("name", "aliases", "summary", "form", "example", "takes")
    return [
        {name: msgspec.to_builtins(getattr(command, name)) for name in shown}
        | {"options": [msgspec.to_builtins(o) for o in command.options]}
        for command in COMMANDS
    ]


def _block_as_json(block: Block) -> dict[str, Any]:
    if isinstance(block, Picture):
        image = block.image
        size = {"width": image.width_px, "height": image.height_px}
        data = base64.b64encode(image.data).decode()
        return {"kind": "picture", "name": image.name, "media_type": image.media_type, **size, "alt": block.alt, "data": data}
    if isinstance(block, Attachment):
        file = block.file
        data = base64.b64encode(file.data).decode()
        return {"kind": "attachment", "name": file.name, "media_type": file.media_type, "title": block.title, "data": data}
    kinds: dict[type[Block], str] = {Paragraph: "paragraph", Highlight: "highlight", Table: "table", Matrix: "matrix"}
    body: dict[str, Any] = msgspec.to_builtins(block)
    return {"kind": kinds[type(block)], **body}


def _asked(found: Opinion) -> dict[str, Any] | None:
    asked = asks(found)
    if asked is None:
        return None
    options = [{"value": value, "name": msgspec.to_builtins(name)} for value, name in options_of(asked)]
    return {"kind": asked, "question": msgspec.to_builtins(QUESTIONS[asked]), "options": options}


def _said(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})
