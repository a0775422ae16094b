"""What a real Slack checks of a message, what a person reads in it, and whom it would ping."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.slack.records import Said

Block = dict[str, Any]

MOST_BLOCKS, MOST_TEXT, MOST_IN_BLOCKS = 50, 40_000, 13_200
STYLES = {"bold", "italic", "strike", "code"}
_PING = re.compile(r"<!(?:here|channel|everyone|subteam)|<@[UW]")


class Refused(Exception):
    """An error as Slack names it."""

    def __init__(self, code: str, *messages: str, status: int = 200, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.body = {"ok": False, "error": code, **({"response_metadata": {"messages": list(messages)}} if messages else {}), **more}


def check_message(arguments: dict[str, Any]) -> None:
    """Raises Refused where Slack would not take it."""
    blocks = arguments.get("blocks") or []
    text = arguments.get("text") or ""
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > MOST_TEXT:
        raise Refused("msg_too_long")
    faults = list(_faults(blocks))
    if faults:
        raise Refused("invalid_blocks", *(f"[ERROR] {fault}" for fault in faults))
    if sum(len(part) for block in blocks for part in _texts(block)) > MOST_IN_BLOCKS:
        raise Refused("msg_blocks_too_long")
    metadata = arguments.get("metadata")
    if metadata and (
        not re.fullmatch(r"[A-Za-z0-9_]+", metadata.get("event_type", "")) or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise Refused("invalid_metadata_format")


def check_view(view: dict[str, Any]) -> None:
    """Raises Refused where Slack would not open it."""
    faults = list(_view_faults(view))
    if faults:
        raise Refused("invalid_arguments", *(f"[ERROR] {fault}" for fault in faults))


def shown_text(said: Said) -> str:
    """What a person reads: the blocks where there are any, else the text."""
    if not said.blocks:
        return re.sub("&lt;|&gt;|&amp;", lambda match: {"&lt;": "<", "&gt;": ">", "&amp;": "&"}[match[0]], said.text)
    return "\n".join("".join(_texts(block)) if block["type"] == "rich_text" else "\n".join(_texts(block)) for block in said.blocks)


def pings(said: Said) -> list[str]:
    """Everything in a message that would ping somebody."""
    found = _PING.findall(said.text)
    for block in _all_of(said.blocks):
        if block.get("type") == "mrkdwn":
            found += _PING.findall(block["text"])
        if block.get("type") in ("user", "usergroup", "broadcast"):
            found.append(block["type"])
    return found


def _faults(blocks: Any) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield "blocks must be an array"
        return
    if len(blocks) > MOST_BLOCKS:
        yield f"no more than {MOST_BLOCKS} items allowed"
    for index, block in enumerate(blocks):
        check = _CHECKS.get(block.get("type"))
        if check is None:
            yield f"unsupported type: {block.get('type')} [json-pointer:/blocks/{index}]"
        else:
            yield from (f"{fault} [json-pointer:/blocks/{index}]" for fault in check(block))


def _header(block: Block) -> Iterator[str]:
    yield from _text_object(block.get("text"), most=150, kinds=("plain_text",))


def _section(block: Block) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "missing required field: text"
    if "text" in block:
        yield from _text_object(block["text"], most=3_000)
    for field in block.get("fields", ()):
        yield from _text_object(field, most=2_000)


def _context(block: Block) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 10:
        yield "a context has 1 to 10 elements"
    for element in elements:
        yield from _text_object(element, most=3_000)


def _image(block: Block) -> Iterator[str]:
    if not block.get("alt_text"):
        yield "missing required field: alt_text"
    if not (block.get("image_url") or block.get("slack_file")):
        yield "missing required field: image_url"


def _divider(block: Block) -> Iterator[str]:
    yield from ()


def _rich_text(block: Block) -> Iterator[str]:
    if not block.get("elements"):
        yield "missing required field: elements"
    for element in block.get("elements") or ():
        if element.get("type") not in ("rich_text_section", "rich_text_preformatted", "rich_text_quote", "rich_text_list"):
            yield f"unsupported element: {element.get('type')}"
        for part in element.get("elements") or ():
            if part.get("type") == "text" and (not isinstance(part.get("text"), str) or not part["text"]):
                yield "must be more than 0 characters"
            if not set(part.get("style", ())) <= STYLES:
                yield f"invalid style: {part['style']}"


def _text_object(text: Any, *, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds or not isinstance(text.get("text"), str):
        yield "invalid text object"
    elif not text["text"]:
        yield "must be more than 0 characters"
    elif len(text["text"]) > most:
        yield f"must be less than {most + 1} characters"
    elif text["type"] == "mrkdwn" and "emoji" in text:
        yield "invalid additional property: emoji"


def _actions(block: Block) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 25:
        yield "actions have 1 to 25 elements"
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) < len(ids) or not all(ids) or any(len(name) > 255 for name in ids):
        yield "action_id must be there, short, and unique"
    for element in elements:
        if element.get("type") != "button":
            yield f"unsupported element: {element.get('type')}"
        yield from _text_object(element.get("text"), most=75, kinds=("plain_text",))
        if len(element.get("value", "")) > 2_000 or len(element.get("accessibility_label", "")) > 75:
            yield "value or accessibility_label is too long"


def _input(block: Block) -> Iterator[str]:
    yield from _text_object(block.get("label"), most=2_000, kinds=("plain_text",))
    element = block.get("element") or {}
    if element.get("type") != "plain_text_input" or not 1 <= element.get("max_length", 3_000) <= 3_000:
        yield f"unsupported element: {element}"


def _view_faults(view: dict[str, Any]) -> Iterator[str]:
    if view.get("type") != "modal" or not view.get("callback_id") or len(view.get("private_metadata", "")) > 3_000:
        yield "type, callback_id or private_metadata"
    for part in ("title", "submit", "close"):
        yield from _text_object(view.get(part), most=24, kinds=("plain_text",))
    for block in view.get("blocks") or [{}]:
        check = _input if block.get("type") == "input" else _CHECKS.get(block.get("type"))
        yield from check(block) if check else (f"unsupported type: {block.get('type')}",)


_CHECKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "image": _image,
    "divider": _divider,
    "rich_text": _rich_text,
    "actions": _actions,
}


def _texts(value: Any) -> Iterator[str]:
    for part in _all_of(value):
        if isinstance(part.get("text"), str):
            yield part["text"]


def _all_of(value: Any) -> Iterator[Block]:
    """Every object in a structure, outer ones first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _all_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all_of(inner)
