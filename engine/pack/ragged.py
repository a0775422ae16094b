"""Rows of ids of different lengths in two arrays, as training keeps them in files: half the size of text, and read at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Ids = NDArray[np.uint16]


@dataclass(frozen=True)
class Ragged:
    """`flat` holds all rows one behind the other; row i ends before `ends[i]`. Ids are below 65,536."""

    flat: Ids
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | Ids]) -> Ragged:
        parts = [np.asarray(row, dtype=np.uint16) for row in rows]
        flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)
        return cls(flat, np.cumsum([len(part) for part in parts], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, row: int) -> Ids:
        return self.flat[(self.ends[row - 1] if row else 0) : self.ends[row]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.ends, prepend=0)


def pad_rows(rows: Sequence[Ids | Sequence[int]], *, value: int = 0, width: int | None = None) -> torch.Tensor:
    """Right-pad rows to `width`, which no row may exceed; None: to the longest. *Shape:* (rows, width), int64."""
    width = width or max(map(len, rows))
    padded = np.full((len(rows), width), value, dtype=np.int64)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return torch.from_numpy(padded)


Stored = Mapping[str, Ragged | NDArray[np.generic]]


def save_arrays(path: Path, arrays: Stored) -> None:
    """Write named arrays and ragged rows into one .npz; the file appears only when it is whole."""
    flat: dict[str, NDArray[np.generic]] = {}
    for name, value in arrays.items():
        if isinstance(value, Ragged):
            flat |= {f"{name}.flat": value.flat, f"{name}.ends": value.ends}
        else:
            flat[name] = value
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **flat)  # type: ignore[arg-type]  # numpy types the names of its own options alike
    unfinished.replace(path)


class Arrays:
    """What `save_arrays` wrote."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._arrays = {name: file[name] for name in file.files}

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def ragged(self, name: str) -> Ragged:
        return Ragged(self._arrays[f"{name}.flat"], self._arrays[f"{name}.ends"])

    def array(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._arrays[name]
        return found
