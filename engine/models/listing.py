"""The models as `yomite models list` shows them: what each answers, its revision and licence, and whether it is here. Reads no weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from engine.models.checking import note_of
from engine.models.digests import read_note
from engine.models.headers import header_fits
from engine.models.inventory import Model, Places

State = Literal["bundled", "cached", "folder", "absent", "changed"]
LANGUAGES = ("ja", "en", "mixed")


@dataclass(frozen=True, kw_only=True)
class Workers:
    """How many workers run, and how many of them have each model in memory, by its name."""

    count: int
    loaded: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One model; sizes in bytes. `pinned`: whether the weights cannot become others unseen.

    `loaded`: how many of the `workers` that run have it in memory; both None where none is known to run.
    """

    name: str
    tasks: tuple[str, ...]
    languages: tuple[str, ...]
    revision: str
    pinned: bool
    licence: str
    bytes: int
    state: State
    checked: str | None  # when all of its files were last found right, ISO 8601
    active: bool
    loaded: int | None = None
    workers: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The JSON-able form."""
        return asdict(self)


def listed(models: Sequence[Model], places: Places, *, workers: Workers | None = None) -> list[Listed]:
    """A line for each model, in their order."""
    return [_line(model, places.cache, workers) for model in models]


def _line(model: Model, cache: Path | None, workers: Workers | None) -> Listed:
    folder = model.folder(cache)
    return Listed(
        name=model.name,
        tasks=_unique(str(entry.task) for entry in model.entries),
        languages=tuple(code for code in LANGUAGES if any(code in entry.languages for entry in model.entries)),
        revision=model.locked.commit if model.locked else model.asked or "",
        pinned=model.locked is not None or model.entries[0].pinned,
        licence=model.entries[0].licence,
        bytes=sum(path.stat().st_size for path in model.files(folder)) if folder else 0,
        state=_state(model, folder),
        checked=_checked(model, folder),
        active=model.active,
        loaded=workers.loaded.get(model.name, 0) if workers else None,
        workers=workers.count if workers else None,
    )


def _state(model: Model, folder: Path | None) -> State:
    if folder is None:
        return "absent"
    if not _looks_whole(model, folder):
        return "changed"
    if model.hub:
        return "cached"
    return "bundled" if model.bundled else "folder"


def _looks_whole(model: Model, folder: Path) -> bool:
    """By sizes alone: `verify` reads all of it."""
    try:
        if model.locked and any((folder / name).stat().st_size != file.size for name, file in model.locked.files.items()):
            return False
        return all(header_fits(path) for path in model.files(folder) if path.suffix == ".safetensors")
    except OSError:
        return False


def _checked(model: Model, folder: Path | None) -> str | None:
    checked_s = read_note(note_of(folder)).checked_s if folder and model.locked else 0.0
    return datetime.fromtimestamp(checked_s, UTC).isoformat(timespec="seconds") if checked_s else None


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
