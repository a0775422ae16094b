"""What a folder with a trained model says of itself, in its yomite.json: so the catalog can take it by its path. Loads no torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from engine.catalog.entry import CatalogEntry, safetensors_in
from engine.contract import Language, Task, reason_of
from engine.errors import CatalogError

FILE = "yomite.json"
VERSION = 1
EVERY_LANGUAGE: tuple[Language, ...] = ("ja", "en", "mixed")
# What a model that was trained for one task answers besides.
ALSO: dict[Task, tuple[Task, ...]] = {
    Task.SENTIMENT: (Task.EXPLAIN_ATTENTION,),
    Task.SIMILAR: (Task.EMBED,),
    Task.FILL_MASK: (Task.TOKENS,),
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """`task` is what the model was trained for; `window` counts pieces, special tokens included; `name` is what people see.

    `weights` tells these weights from others that lay in the same folder before; `write_description` fills it in.
    """

    task: Task
    tokenizer: str  # one of the catalog's kinds
    window: int
    licence: str
    base: str  # the name of the model that it was trained from
    name: str = ""  # else that of the folder
    languages: tuple[Language, ...] = EVERY_LANGUAGE
    no_answer_threshold: float | None = 0.0
    labels: dict[str, str] = field(default_factory=dict)  # the model's own label → the contract's, where they differ
    weights: str = ""
    version: int = VERSION

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All that the model answers."""
        return (self.task, *ALSO.get(self.task, ()))

    def entry(self, folder: Path, task: Task) -> CatalogEntry:
        """The catalog's row for the model in `folder`, asked for `task`."""
        same = task in self.tasks
        return CatalogEntry(
            task=task,
            languages=self.languages,
            model=folder.absolute(),
            own_name=self.name or folder.absolute().name,
            weights=self.weights,
            licence=self.licence,
            window=self.window,
            tokenizer=self.tokenizer,
            labels=self.labels if same else {},
            no_answer_threshold=self.no_answer_threshold,
        )


def write_description(folder: Path, description: Description) -> None:
    """Write it into the model's folder, beside the weights, which must be there already."""
    digest = hashlib.sha256()
    for path in safetensors_in(folder):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    described = replace(description, weights=digest.hexdigest()[:16])
    body = msgspec.json.format(msgspec.json.encode(described), indent=2)
    (folder / FILE).write_bytes(body + b"\n")


def read_description(folder: Path) -> Description | None:
    """What the folder says of itself; None where it says nothing.

    Raises:
        CatalogError: `description_unreadable`.
    """
    path = folder / FILE
    try:
        found: Any = msgspec.json.decode(path.read_bytes(), type=Description)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        why = reason_of(error)
        raise CatalogError(
            "description_unreadable",
            ja=f"{path} を読めません（{why.ja}）。`yomite train` が書いたままのフォルダを指定してください。",
            en=f"{path} cannot be read ({why.en}). Name a folder as `yomite train` wrote it.",
        ) from error
    if found.version != VERSION:
        raise CatalogError(
            "description_unreadable",
            ja=f"{path} の版は {found.version} ですが、読めるのは {VERSION} です。このモデルを学習し直すか、Yomite を更新してください。",
            en=f"{path} is of version {found.version}; this Yomite reads {VERSION}. Train the model again or update Yomite.",
        )
    return found  # type: ignore[no-any-return]  # msgspec's decode with a type gives that type
