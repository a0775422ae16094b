"""What Discord refuses: the limits and required fields of messages and commands."""

from __future__ import annotations

from typing import Any

import regex

CONTENT, TITLE, DESCRIPTION, FIELD_NAME, FIELD, FIELDS, FOOTER, AUTHOR = 2_000, 256, 4_096, 256, 1_024, 25, 2_048, 256
EMBEDS, EMBED_TOTAL, NONCE, FILES, FILE_BYTES, ALT = 10, 6_000, 25, 10, 10 * 2**20, 1_024
SLASH, MESSAGE_MENU, MOST_MENUS, MOST_OPTIONS, MOST_CHOICES, COMMAND_TOTAL = 1, 3, 5, 25, 25, 8_000
ACTION_ROW, BUTTON, TEXT_INPUT, LABEL = 1, 2, 4, 18  # kinds of components
COMMAND_NAME = regex.compile(r"^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$")


class Refused(Exception):
    """An error as the API answers it."""

    def __init__(self, message: str, *, status: int = 400, code: int = 50035) -> None:
        super().__init__(message)
        self.message, self.status, self.code = message, status, code


def length(text: str) -> int:
    """Characters in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def check_message(payload: dict[str, Any], files: dict[int, tuple[str, bytes]], *, editing: bool = False) -> None:
    """Raises Refused where Discord does not take the message."""
    content, embeds = payload.get("content") or "", payload.get("embeds") or []
    if not editing and not content and not embeds and not files:
        raise Refused("Cannot send an empty message", code=50006)
    _at_most("content", content, CONTENT)
    if len(embeds) > EMBEDS:
        raise Refused(f"embeds: {len(embeds)}")
    for embed in embeds:
        _check_embed(embed)
    _check_components(payload.get("components") or [])
    total = sum(map(_embed_length, embeds))
    if total > EMBED_TOTAL:
        raise Refused(f"embeds: {total} characters in all")
    if "nonce" in payload:
        _at_most("nonce", str(payload["nonce"]), NONCE)
    if len(files) > FILES:
        raise Refused(f"files: {len(files)}")
    if any(len(data) > FILE_BYTES for _, data in files.values()):
        raise Refused("Request entity too large", status=413, code=40005)
    for attachment in payload.get("attachments") or []:
        _at_most("attachment description", attachment.get("description") or "", ALT)
    _check_pictures(embeds, {name for name, _ in files.values()})


def check_form(form: dict[str, Any]) -> None:
    """Raises Refused where Discord does not open the form: a title, and text fields with labels."""
    _at_most("title", form.get("title") or "", 45)
    _at_most("custom_id", form.get("custom_id") or "", 100)
    for label in form["components"]:
        if label.get("type") != LABEL or label["component"].get("type") != TEXT_INPUT or not label.get("label"):
            raise Refused(f"not a text field with a label: {label}")
        _at_most("label", label["label"], 45)
        _at_most("custom_id", label["component"].get("custom_id") or "", 100)
        if not 1 <= label["component"].get("max_length", 4_000) <= 4_000:
            raise Refused("max_length")


def buttons_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a message, in their order."""
    return [button for row in message.get("components") or [] for button in row["components"]]


def check_commands(commands: list[dict[str, Any]]) -> None:
    """Raises Refused where Discord does not take the list of commands."""
    if len({(command.get("type", SLASH), command["name"]) for command in commands}) < len(commands):
        raise Refused("two commands of one name")
    if sum(command.get("type", SLASH) == MESSAGE_MENU for command in commands) > MOST_MENUS:
        raise Refused("too many message menus")
    for command in commands:
        names = [command["name"], *(command.get("name_localizations") or {}).values()]
        if command.get("type", SLASH) == SLASH:
            for name in names:
                _check_name(name)
            _check_described(command)
            _check_options(command.get("options") or [])
            if _command_length(command) > COMMAND_TOTAL:
                raise Refused(f"{command['name']}: {_command_length(command)} characters in all")
        elif any(not 1 <= len(name) <= 32 for name in names):
            raise Refused(f"name: {names}")


def _check_components(rows: list[dict[str, Any]]) -> None:
    if len(rows) > 5 or any(row.get("type") != ACTION_ROW or not 1 <= len(row["components"]) <= 5 for row in rows):
        raise Refused("components: at most 5 rows of 1 to 5")
    buttons = [button for row in rows for button in row["components"]]
    if len({button["custom_id"] for button in buttons}) < len(buttons):
        raise Refused("components: two buttons of one custom_id")
    for button in buttons:
        if button.get("type") != BUTTON or not (button.get("label") or button.get("emoji")):
            raise Refused(f"not a button with a label: {button}")
        _at_most("label", button.get("label") or "", 80)
        _at_most("custom_id", button["custom_id"], 100)


def _check_options(options: list[dict[str, Any]]) -> None:
    if len(options) > MOST_OPTIONS:
        raise Refused(f"options: {len(options)}")
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        raise Refused("required options must stand before the others")
    if len({option["name"] for option in options}) < len(options):
        raise Refused("two options of one name")
    for language in {language for option in options for language in option.get("name_localizations") or {}}:
        shown = [(option.get("name_localizations") or {}).get(language, option["name"]) for option in options]
        if len(set(shown)) < len(shown):
            raise Refused(f"two options of one name in {language}")
    for option in options:
        for name in (option["name"], *(option.get("name_localizations") or {}).values()):
            _check_name(name)
        _check_described(option)
        choices = option.get("choices") or []
        if len(choices) > MOST_CHOICES or any(not 1 <= len(choice["name"]) <= 100 for choice in choices):
            raise Refused(f"choices of {option['name']}")


def _check_name(name: str) -> None:
    if not COMMAND_NAME.match(name) or name != name.lower():
        raise Refused(f"name: {name!r}")


def _check_described(thing: dict[str, Any]) -> None:
    for description in (thing.get("description") or "", *(thing.get("description_localizations") or {}).values()):
        if not 1 <= length(description) <= 100:
            raise Refused(f"description of {thing['name']}: {length(description)} characters")


def _check_embed(embed: dict[str, Any]) -> None:
    _at_most("title", embed.get("title") or "", TITLE)
    _at_most("description", embed.get("description") or "", DESCRIPTION)
    _at_most("footer", (embed.get("footer") or {}).get("text") or "", FOOTER)
    _at_most("author", (embed.get("author") or {}).get("name") or "", AUTHOR)
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        raise Refused(f"fields: {len(fields)}")
    for field in fields:
        if not field.get("name") or not field.get("value"):
            raise Refused("a field without name or value")
        _at_most("field name", field["name"], FIELD_NAME)
        _at_most("field", field["value"], FIELD)
    if not any(embed.get(part) for part in ("title", "description", "fields", "image", "footer", "author", "thumbnail")):
        raise Refused("an empty embed", code=50006)


def _check_pictures(embeds: list[dict[str, Any]], names: set[str]) -> None:
    for embed in embeds:
        url = str((embed.get("image") or {}).get("url") or "")
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in names:
            raise Refused(f"no such attachment: {url}")


def _embed_length(embed: dict[str, Any]) -> int:
    parts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    parts += [field[part] for field in embed.get("fields") or [] for part in ("name", "value")]
    return sum(length(part) for part in parts if part)


def _command_length(thing: dict[str, Any]) -> int:
    """Names, descriptions and values, in the longest language of each."""
    names = [thing["name"], *(thing.get("name_localizations") or {}).values()]
    descriptions = [thing.get("description") or "", *(thing.get("description_localizations") or {}).values()]
    own = max(map(len, names)) + max(map(len, descriptions))
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in thing.get("choices") or [])
    return own + sum(_command_length(option) for option in thing.get("options") or [])


def _at_most(what: str, text: str, limit: int) -> None:
    if length(text) > limit:
        raise Refused(f"{what}: {length(text)} characters, at most {limit}")
