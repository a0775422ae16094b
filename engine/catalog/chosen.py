"""The folders of trained models that `yomite models use` has chosen: a small file that running workers look at. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.catalog.described import EVERY_LANGUAGE, FILE, read_description
from engine.catalog.entry import CatalogEntry
from engine.contract import Task
from engine.errors import CatalogError

Folders = dict[Task, Path]


def read_chosen(path: Path) -> Folders:
    """Task → folder; nothing where the file is not there.

    Raises:
        CatalogError: `chosen_unreadable`.
    """
    try:
        return {task: Path(folder) for task, folder in msgspec.json.decode(path.read_bytes(), type=dict[Task, str]).items()}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "chosen_unreadable",
            ja=f"{path} を読めません（{error}）。`yomite models reset --all` で作り直せます。",
            en=f"{path} cannot be read ({error}). `yomite models reset --all` writes it anew.",
        ) from error


def write_chosen(path: Path, folders: Mapping[Task, Path]) -> None:
    """Write the file at once as a whole: a worker never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode({str(task): str(folder) for task, folder in folders.items()})) + b"\n")
    unfinished.replace(path)


def chosen_entries(path: Path) -> tuple[CatalogEntry, ...]:
    """The catalog's rows for what was chosen.

    Raises:
        CatalogError: the file of choices cannot be read.
    """
    return tuple(_entry(task, folder) for task, folder in read_chosen(path).items())


def chosen_state(path: Path) -> object:
    """Equal as long as the choices and what the chosen folders say of themselves are the same; looks at times of writing alone."""
    try:
        folders = read_chosen(path)
    except CatalogError:
        folders = {}
    return [_written(file) for file in (path, *(folder / FILE for folder in folders.values()))]


def _written(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _entry(task: Task, folder: Path) -> CatalogEntry:
    """A folder that is gone or damaged keeps its row: only who asks for its task is told, and what else there is works on."""
    try:
        described = read_description(folder)
    except CatalogError:
        described = None
    if described:
        return described.entry(folder, task)
    return CatalogEntry(task=task, languages=EVERY_LANGUAGE, model=folder, own_name=folder.name, licence="unknown", window=256)
