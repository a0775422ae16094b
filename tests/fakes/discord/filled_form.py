"""A command's form as Discord's own clients fill it in: only what the command asks for, in the kinds that it allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STRING, INTEGER, BOOLEAN, ATTACHMENT = 3, 4, 5, 11
KINDS: dict[int, type] = {STRING: str, INTEGER: int, BOOLEAN: bool, ATTACHMENT: tuple}


def filled_form(
    command: Mapping[str, Any], given: Mapping[str, Any], upload: Callable[[tuple[str, bytes]], dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The options as an interaction carries them, and the attachments that they refer to.

    Raises:
        ValueError: Discord's client would not let a person send this.
    """
    known = {option["name"]: option for option in command.get("options") or []}
    missing = [name for name, option in known.items() if option.get("required") and name not in given]
    if missing or set(given) - set(known):
        raise ValueError(f"/{command['name']}: missing {missing}, unknown {sorted(set(given) - set(known))}")
    filled, uploaded = [], {}
    for name, value in given.items():
        option = known[name]
        _check(option, value)
        if option["type"] == ATTACHMENT:
            attachment = upload(value)
            uploaded[attachment["id"]] = attachment
            value = attachment["id"]
        filled.append({"name": name, "type": option["type"], "value": value})
    return filled, uploaded


def _check(option: Mapping[str, Any], value: Any) -> None:
    if type(value) is not KINDS[option["type"]]:
        raise ValueError(f"{option['name']}: {value!r} is of the wrong kind")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{option['name']}: {value!r} is none of {choices}")
    if option["type"] == INTEGER and not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise ValueError(f"{option['name']}: {value} is out of range")
    if option["type"] == STRING and (not value or "\n" in value or len(value) > 6_000):
        raise ValueError(f"{option['name']}: not one line of text")
