"""What `yomite models use` has chosen: folders of trained models, or models that the catalog names, in a small file that running
workers look at. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from engine.catalog.described import EVERY_LANGUAGE, FILE, read_description
from engine.catalog.entry import CatalogEntry
from engine.contract import Task, reason_of
from engine.errors import CatalogError
from engine.whole_file import write_whole

Chosen = dict[Task, Path | str]  # a folder, or a name of the catalog's


def read_chosen(path: Path) -> Chosen:
    """Task → folder or name; nothing where the file is not there.

    Raises:
        CatalogError: `chosen_unreadable`.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[Task, str])
        return {task: Path(model) if Path(model).is_absolute() else model for task, model in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        why = reason_of(error)
        raise CatalogError(
            "chosen_unreadable",
            ja=f"{path} を読めません（{why.ja}）。`yomite models reset --all` で作り直せます。",
            en=f"{path} cannot be read ({why.en}). `yomite models reset --all` writes it anew.",
        ) from error


def write_chosen(path: Path, chosen: Mapping[Task, Path | str]) -> None:
    """Write the file at once as a whole: a worker never sees half of it. Folders are absolute.

    Raises:
        CatalogError: `chosen_unwritable`; what was chosen before stays.
    """
    body = msgspec.json.format(msgspec.json.encode({str(task): str(model) for task, model in chosen.items()})) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, body)
    except OSError as error:
        why = reason_of(error)
        raise CatalogError(
            "chosen_unwritable",
            ja=f"{path} に書き込めません（{why.ja}）。書き込めるフォルダを YOMITE_STATE_DIR に指定してください。",
            en=f"{path} cannot be written ({why.en}). Name a folder that can be in YOMITE_STATE_DIR.",
        ) from error


def chosen_entries(path: Path, known: Sequence[CatalogEntry] = ()) -> tuple[CatalogEntry, ...]:
    """The catalog's rows for what was chosen; `known`: those that a name may mean. One that is none of theirs any more has no row.

    Raises:
        CatalogError: the file of choices cannot be read.
    """
    found: list[CatalogEntry] = []
    for task, model in read_chosen(path).items():
        if isinstance(model, Path):
            found.append(_entry(task, model))
        else:
            found += [entry for entry in known if entry.task == task and model in entry.names]
    return tuple(found)


def chosen_state(path: Path) -> object:
    """Equal as long as the choices and what the chosen folders say of themselves are the same; looks at times of writing alone."""
    try:
        chosen = read_chosen(path)
    except CatalogError:
        chosen = {}
    return [written(file) for file in (path, *(folder / FILE for folder in chosen.values() if isinstance(folder, Path)))]


def written(path: Path) -> tuple[int, int] | None:
    """When a file was written and how large it is; None where it is not there."""
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
