"""One row of the catalog: the model that answers a task in some languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract import Language, Task

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# Tasks whose models are loaded alike: one in memory answers both.
_LOADED_AS = {Task.SIMILAR: "vectors", Task.EMBED: "vectors"}


def models_folder() -> Path:
    """Where the bundled models lie: in a checkout, else where an installed wheel has them."""
    root = Path(__file__).parents[2]
    return next((folder for folder in (root / "models", root / "yomite_models") if folder.is_dir()), root / "models")


def safetensors_in(folder: Path) -> list[Path]:
    """The weights in a model's folder, in order; a part of a sentence-transformers folder has some in a folder of its own (2_Dense)."""
    return sorted(path for pattern in ("*.safetensors", "[0-9]_*/*.safetensors") for path in folder.glob(pattern))


def weights_in(folder: Path) -> list[Path]:
    """All weights in a model's folder, older ones (*.bin) after the others."""
    return [*safetensors_in(folder), *sorted(folder.glob("*.bin"))]


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """A file as it was when its model was locked; `size` in bytes."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class LockedModel:
    """A commit of the hub, 40 hexadecimal digits, and the files of it that are needed, by their names within the repository."""

    commit: str
    files: Mapping[str, LockedFile]


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """One row.

    `model` is a Hugging Face id, or the path of a folder. `window` counts pieces, special tokens included.
    """

    task: Task
    languages: tuple[Language, ...]
    model: str | Path
    licence: str
    window: int
    adapter: Path | None = None  # a peft folder, merged into the model when it is loaded
    revision: str | None = None  # of a hub model: a commit, or a branch
    tokenizer: str = "auto"
    labels: Mapping[str, str] = field(default_factory=dict)  # the model's own label → the contract's
    case_types: bool = False  # token type 1 marks words that begin in upper case
    no_answer_threshold: float | None = 0.0  # for ask; None: the model never learnt to say "no answer"
    bundled: bool = False  # a row of the pack that comes with Yomite, wherever that lies
    own_name: str = ""  # of a model that a team has trained
    weights: str = ""  # tells the weights in a folder from those that lay there before
    locked: LockedModel | None = None  # what the files of a hub model must be
    data: str = ""  # what it was trained on, where that is known

    @property
    def name(self) -> str:
        """What people see as the model's name."""
        if self.own_name:
            return self.own_name
        if isinstance(self.model, str):
            return self.model
        folder = self.adapter or self.model
        return f"yomite/{folder.name}" if self.of_the_pack else str(folder)

    @property
    def of_the_pack(self) -> bool:
        """Whether it is one of the bundled models."""
        return isinstance(self.model, Path) and (self.bundled or self.model.parent == models_folder())

    @property
    def names(self) -> frozenset[str]:
        """By what a Request may name this row's model: its name, and without the owner."""
        return frozenset({self.name, self.name.rpartition("/")[2]} if isinstance(self.model, str) else {self.name})

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, so that the weights cannot change unseen. A local folder counts as pinned."""
        return isinstance(self.model, Path) or _COMMIT.fullmatch(self.revision or "") is not None

    def identity(self, written: tuple[int, ...] | None = None) -> str:
        """Equal, also in another process, only for rows that answer alike: what the row says, and when its local weights were written.

        `written`: of weights that were loaded earlier; None: of those in its folders now.
        """
        return repr((self.name, self.revision, self.key, list(self.written() if written is None else written)))

    def written(self) -> tuple[int, ...]:
        """When each file of its local weights was written, in nanoseconds since 1970; of a hub model's none."""
        folders = [folder for folder in (self.model, self.adapter) if isinstance(folder, Path)]
        return tuple(path.stat().st_mtime_ns for folder in folders for path in weights_in(folder))

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for rows that answer a task alike."""
        return (self.task, *self._what_is_loaded)

    @property
    def model_key(self) -> tuple[object, ...]:
        """Equal for rows that are answered by the same loaded model."""
        return (_LOADED_AS.get(self.task, self.task), *self._what_is_loaded)

    @property
    def _what_is_loaded(self) -> tuple[object, ...]:
        labels = tuple(sorted(self.labels.items()))
        weights = (self.model, self.adapter, self.revision, self.tokenizer)
        return (*weights, self.weights, self.window, labels, self.case_types, self.no_answer_threshold)
