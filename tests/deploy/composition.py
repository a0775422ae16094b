"""Reads docker-compose.yml as Compose does, and says what each service would be started with."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.images import Image, read_image

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
# $$ stands for $; ${NAME}, ${NAME:-default}, ${NAME:?what is said where it is missing}
REFERENCE = re.compile(r"\$(?:(\$)|\{([A-Z0-9_]+)(?::([-?])([^}]*))?\})")
SECONDS = {"s": 1, "m": 60}


class Missing(LookupError):
    """A variable that must be set and is not; Compose would start nothing."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a container is started with."""

    name: str
    image: Image | None  # None: somebody else's
    command: tuple[str, ...]
    environment: dict[str, str]
    health: tuple[str, ...]
    stop_signal: signal.Signals
    grace_s: int


def written() -> dict[str, Any]:
    """The file as it stands."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def referenced(text: str) -> set[str]:
    """The variables that a text refers to."""
    return {name for _, name, _, _ in REFERENCE.findall(text) if name}


def service(name: str, values: Mapping[str, str]) -> Service:
    """A service, with what .env says.

    Raises:
        Missing: something must be said and is not.
    """
    found = filled_in(written()["services"][name], values)
    image = read_image(Path(found["build"]["dockerfile"]).stem) if "build" in found else None
    return Service(
        name=name,
        image=image,
        command=(*(image.entrypoint if image else ()), *found["command"]),
        environment={key: str(value) for key, value in found["environment"].items()},
        health=health_command(found["healthcheck"].get("test", [])),
        stop_signal=signal.Signals[found["stop_signal"]],
        grace_s=seconds(found["stop_grace_period"]),
    )


def filled_in(value: Any, values: Mapping[str, str]) -> Any:
    """Any part of the file, with the variables' values."""
    if isinstance(value, dict):
        return {key: filled_in(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [filled_in(part, values) for part in value]
    return REFERENCE.sub(lambda match: _value_of(match, values), value) if isinstance(value, str) else value


def _value_of(match: re.Match[str], values: Mapping[str, str]) -> str:
    dollar, name, kind, rest = match.groups()
    if dollar:
        return "$"
    found = values.get(name, "")
    if not found and kind == "?":
        raise Missing(f"{name}: {rest}")
    return found or (rest if kind == "-" else "")


def health_command(test: list[str]) -> tuple[str, ...]:
    """What Docker runs for a health check; nothing where there is none."""
    kind, words = test[:1], test[1:]
    return ("/bin/sh", "-c", *words) if kind == ["CMD-SHELL"] else tuple(words)


def seconds(text: str) -> int:
    """A duration as Compose writes it: 90s, 2m."""
    return int(text[:-1]) * SECONDS[text[-1]]


def example_variables() -> list[str]:
    """The variables of .env.example, in order."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
