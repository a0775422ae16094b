"""Reads every file of models again and compares it with the lock, SHA256SUMS or yomite.json: what `yomite models verify` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engine.catalog import CatalogEntry
from engine.models.checking import note_checked
from engine.models.digests import Digests
from engine.models.expected import Wrong, expected_files, wrong_files, wrong_weights
from engine.models.headers import header_fits
from engine.models.inventory import Model, Places, models_of, named

State = Literal["ok", "changed", "missing", "not_locked"]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """How it stands with one model; `wrong` names the files that are not what they must be."""

    name: str
    revision: str
    state: State
    wrong: tuple[Wrong, ...] = ()
    hub: bool = False

    @property
    def right(self) -> bool:
        """A team's own folder need not have digests; a model of the hub gets them by `yomite models pull`."""
        return self.state == "ok" or (self.state == "not_locked" and not self.hub)

    def as_json(self) -> dict[str, Any]:
        """The JSON-able form."""
        return {**asdict(self), "right": self.right}


def verify(places: Places, names: Sequence[str] = ()) -> Iterator[Verified]:
    """Each model of the profile in force, or those of these names, as soon as it was read. Loads no torch.

    Raises:
        EngineError: there is no such model, or a catalog, the lock or a file of digests cannot be read.
    """
    digests = Digests()  # of this run alone: every file is read
    for model in named(places, names) if names else models_of(places):
        yield verify_model(model, places, digests)


def verify_model(model: Model, places: Places, digests: Digests) -> Verified:
    """Read one model's files.

    Raises:
        ModelError: a file of digests cannot be read.
    """
    about = Verified(
        name=model.name,
        revision=model.locked.commit if model.locked else model.asked or "",
        state="missing",
        hub=model.hub is not None,
    )
    folder = model.folder(places.cache)
    if folder is None:
        return about
    entry = replace(model.entries[0], locked=model.locked)
    expected = expected_files(entry, folder)
    wrong = tuple(wrong_files(expected, digests)) or tuple(_unreadable_weights(model, entry, folder, digests))
    if wrong:
        return replace(about, state="changed", wrong=wrong)
    if not expected and not entry.weights:
        return replace(about, state="not_locked")
    if model.locked:
        note_checked(model.locked, folder)
    return replace(about, state="ok")


def _unreadable_weights(model: Model, entry: CatalogEntry, folder: Path, digests: Digests) -> list[Wrong]:
    try:
        heads = [
            Wrong(name=path.name, trouble="header")
            for path in model.files(folder)
            if path.suffix == ".safetensors" and not header_fits(path)
        ]
        return heads or wrong_weights(entry, digests)
    except OSError as error:
        return [Wrong(name=Path(str(error.filename)).name, trouble="missing")]
