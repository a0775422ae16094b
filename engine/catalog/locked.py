"""The lock: which commit each model of the hub was fetched at, and the sha256 of each of its files. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from engine.catalog.entry import CatalogEntry, LockedFile, LockedModel
from engine.contract import Message, reason_of
from engine.errors import CatalogError
from engine.whole_file import write_whole

__all__ = ["Lock", "LockedFile", "LockedModel", "read_lock", "write_lock"]

VERSION = 1
BRANCH = "main"  # of a row without a revision
COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Lock:
    """`models` are named as `owner/name@revision`, with the revision that the catalog asks for."""

    models: Mapping[str, LockedModel] = field(default_factory=dict)

    def of(self, model: str, revision: str | None) -> LockedModel | None:
        """What is locked for a model at the revision that a row asks for; None where nothing is."""
        return self.models.get(place(model, revision))

    def with_model(self, model: str, revision: str | None, locked: LockedModel) -> Lock:
        """The same with this model in it."""
        return replace(self, models={**self.models, place(model, revision): locked})

    def applied(self, entry: CatalogEntry) -> CatalogEntry:
        """The row at the commit that is locked for it; the row itself where nothing is."""
        locked = self.of(entry.model, entry.revision) if isinstance(entry.model, str) else None
        return replace(entry, revision=locked.commit, locked=locked) if locked else entry


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The file."""

    version: int
    models: dict[str, LockedModel]


def place(model: str, revision: str | None) -> str:
    """A model's name in the lock."""
    return f"{model}@{revision or BRANCH}"


def read_lock(path: Path) -> Lock:
    """What the file says; an empty lock where it is not there.

    Raises:
        CatalogError: `lock_unreadable`.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Written)
    except FileNotFoundError:
        return Lock()
    except (OSError, msgspec.DecodeError) as error:
        raise _unreadable(path, reason_of(error)) from error
    if found.version != VERSION:
        raise _unreadable(path, _same(f"version {found.version}, not {VERSION}"))
    for name, locked in found.models.items():
        if not COMMIT.fullmatch(locked.commit):
            raise _unreadable(path, _same(f"{name}: commit {locked.commit!r}"))
        for file, expected in locked.files.items():
            if not _SHA256.fullmatch(expected.sha256) or not safe_name(file):
                raise _unreadable(path, _same(f"{name}: {file!r}"))
    return Lock(models=found.models)


def write_lock(path: Path, lock: Lock) -> None:
    """Write the file at once as a whole, in an order that makes small differences: it may be kept under version control.

    Raises:
        CatalogError: `lock_unwritable`.
    """
    models = {
        name: LockedModel(commit=lock.models[name].commit, files=dict(sorted(lock.models[name].files.items())))
        for name in sorted(lock.models)
    }
    body = msgspec.json.format(msgspec.json.encode(_Written(version=VERSION, models=models)), indent=1) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, body)
    except OSError as error:
        why = reason_of(error)
        raise CatalogError(
            "lock_unwritable",
            ja=f"ロック {path} に書けません（{why.ja}）。書けるようにするか、YOMITE_MODELS_LOCK で別のファイルを指定してください。",
            en=f"The lock {path} cannot be written to ({why.en}). Make it writable, or name another file by YOMITE_MODELS_LOCK.",
        ) from error


def safe_name(file: str) -> bool:
    """Whether a file's name stays within the model's folder."""
    parts = file.split("/")
    return bool(file) and "\\" not in file and ":" not in file and not any(part in ("", ".", "..") for part in parts)


def _same(what: str) -> Message:
    """What is said alike in both languages."""
    return Message(ja=what, en=what)


def _unreadable(path: Path, what: Message) -> CatalogError:
    return CatalogError(
        "lock_unreadable",
        ja=f"{path} を読めません（{what.ja}）。`yomite models pull` が書いたファイルに戻すか、消してからもう一度 pull してください。",
        en=f"{path} cannot be read ({what.en}). Put back the file as `yomite models pull` wrote it, or delete it and pull again.",
    )
