"""Under which licence each model stands, and what it was trained on: from the bundled cards, a trained folder, or the catalog."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.catalog.described import read_description
from engine.errors import CatalogError
from engine.models.inventory import Model

CARD = "README.md"
HUB_PAGE = "https://huggingface.co/"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One model's; `data` are the sets that it learnt from, as its card names them; `notes` sentences of the card."""

    name: str
    licence: str
    data: tuple[str, ...]
    notes: tuple[str, ...]
    source: str  # where that stands

    def as_json(self) -> dict[str, Any]:
        """The JSON-able form."""
        return asdict(self)


def licence_of(model: Model) -> Licence:
    """What is known of a model's licence."""
    entry = model.entries[0]
    if isinstance(entry.model, str):
        data = tuple(dict.fromkeys(row.data for row in model.entries if row.data))
        return Licence(name=model.name, licence=entry.licence, data=data, notes=(), source=f"{HUB_PAGE}{entry.model}")
    card = (entry.adapter or entry.model) / CARD
    data, notes = _of_card(card)
    source = str(card) if card.is_file() else str(entry.adapter or entry.model)
    return Licence(name=model.name, licence=entry.licence, data=data or _base_of(entry.model), notes=notes, source=source)


def licences(models: Sequence[Model]) -> list[Licence]:
    """One a model; rows of one model of the hub at several revisions are one."""
    return list({found.name: found for found in map(licence_of, models)}.values())


def _of_card(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The list under "Data" in a model card, and what stands below it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return (), ()
    pieces = _SECTION.split(text)
    lines = dict(zip(pieces[1::2], pieces[2::2], strict=True)).get("Data", "").splitlines()
    data = tuple(line.removeprefix("- ") for line in lines if line.startswith("- "))
    return data, tuple(line for line in lines if line.strip() and not line.startswith("- "))


def _base_of(folder: Path) -> tuple[str, ...]:
    try:
        described = read_description(folder)
    except CatalogError:
        return ()
    return (f"base: {described.base}",) if described else ()
