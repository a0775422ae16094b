"""What a row's files must be: by the lock (the hub), by SHA256SUMS beside its folders (the bundled pack), or by yomite.json (trained)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.catalog import CatalogEntry
from engine.catalog.entry import safetensors_in
from engine.models.digests import Digests
from engine.models.sums import read_sums

Trouble = Literal["missing", "size", "content", "header"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One file; `size` in bytes, None: not said."""

    path: Path
    name: str  # as people are told
    sha256: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A file that is not what it must be."""

    name: str
    trouble: Trouble


def expected_files(entry: CatalogEntry, folder: Path) -> list[Expected]:
    """What is known of the files in `folder`, where the row's model lies, and of its adapter; nothing where nothing is.

    Raises:
        ModelError: a file of digests cannot be read.
    """
    if entry.locked:
        return [
            Expected(path=folder / name, name=name, sha256=file.sha256, size=file.size) for name, file in entry.locked.files.items()
        ] + list(_by_sums(entry.adapter))
    return [*(_by_sums(folder) if isinstance(entry.model, Path) else ()), *_by_sums(entry.adapter)]


def _by_sums(folder: Path | None) -> Iterator[Expected]:
    if folder is None:
        return
    for name, sha256 in read_sums(folder.parent).items():
        if name.startswith(f"{folder.name}/"):
            yield Expected(path=folder.parent / name, name=name, sha256=sha256)


def wrong_files(expected: list[Expected], digests: Digests) -> Iterator[Wrong]:
    """Those that are not what they must be."""
    for file in expected:
        trouble = _trouble(file, digests)
        if trouble:
            yield Wrong(name=file.name, trouble=trouble)


def wrong_weights(entry: CatalogEntry, digests: Digests) -> list[Wrong]:
    """For a trained model, whose yomite.json has one digest for all of its weights: the weights, where they are others."""
    if not entry.weights or not isinstance(entry.model, Path):
        return []
    found = hashlib.sha256()
    paths = safetensors_in(entry.model)
    for path in paths:
        found.update(bytes.fromhex(digests.sha256(path)))
    if found.hexdigest()[: len(entry.weights)] == entry.weights:
        return []
    return [Wrong(name=path.name, trouble="content") for path in paths] or [Wrong(name="model.safetensors", trouble="missing")]


def _trouble(file: Expected, digests: Digests) -> Trouble | None:
    try:
        if file.size is not None and file.path.stat().st_size != file.size:
            return "size"
        return None if digests.sha256(file.path) == file.sha256 else "content"
    except OSError:
        return "missing"
