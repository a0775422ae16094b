"""Which models there are: the catalog's rows gathered by the model that answers them, with what is locked and where it lies."""

from __future__ import annotations

import difflib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.catalog import Catalog, CatalogEntry
from engine.catalog.entry import LockedModel
from engine.catalog.locked import Lock, read_lock
from engine.errors import BadInputError
from engine.models.files import cached_folder


@dataclass(frozen=True, kw_only=True)
class Places:
    """What the settings say of models; `cache` None: where huggingface_hub keeps its own."""

    profile: str = "bundled"
    catalog: Path | None = None
    models_dir: Path | None = None
    chosen: Path | None = None
    lock: Path | None = None
    cache: Path | None = None

    @classmethod
    def of(cls, options: Namespace) -> Places:
        """What the options of a command line say, which are called as the settings are."""
        return cls(
            profile=options.profile,
            catalog=options.catalog,
            models_dir=options.models_dir,
            chosen=options.chosen,
            lock=options.lock,
            cache=options.models_cache,
        )

    def read_lock(self) -> Lock:
        """What is locked.

        Raises:
            CatalogError: the file cannot be read.
        """
        return read_lock(self.lock) if self.lock else Lock()


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model and the rows that it answers, as the catalog writes them: at the revision that it asks for."""

    entries: tuple[CatalogEntry, ...]
    locked: LockedModel | None
    active: bool  # whether the profile in force has it

    @property
    def name(self) -> str:
        return self.entries[0].name

    @property
    def hub(self) -> str | None:
        """Its id where it is one of the hub."""
        model = self.entries[0].model
        return model if isinstance(model, str) else None

    @property
    def asked(self) -> str | None:
        """The revision that the catalog asks for."""
        return self.entries[0].revision

    @property
    def bundled(self) -> bool:
        return self.entries[0].of_the_pack

    def folder(self, cache: Path | None) -> Path | None:
        """Where it lies, complete or not; None where it does not."""
        entry = self.entries[0]
        if isinstance(entry.model, Path):
            return entry.model if entry.model.is_dir() and (entry.adapter is None or entry.adapter.is_dir()) else None
        return cached_folder(entry.model, self.locked.commit if self.locked else entry.revision, cache=cache)

    def files(self, folder: Path) -> list[Path]:
        """All that belongs to it, where it lies in `folder`."""
        adapter = self.entries[0].adapter
        return [path for place in (folder, adapter) if place for path in sorted(place.rglob("*")) if path.is_file()]


def models_of(places: Places, *, all_profiles: bool = False) -> list[Model]:
    """The models of the profile in force and of the team's own catalog; with `all_profiles` of every profile.

    Raises:
        CatalogError: a catalog, the choices or the lock cannot be read.
    """
    catalog = Catalog.load(profile=places.profile, user_file=places.catalog, models_dir=places.models_dir, chosen=places.chosen)
    lock = places.read_lock()
    groups: dict[tuple[str, str | None], list[CatalogEntry]] = {}
    for entry in catalog.known if all_profiles else catalog.entries:
        groups.setdefault((entry.name, entry.revision), []).append(entry)
    active = {(entry.name, entry.revision) for entry in catalog.entries}
    return [Model(entries=tuple(entries), locked=_locked(lock, entries[0]), active=key in active) for key, entries in groups.items()]


def named(places: Places, names: Sequence[str]) -> list[Model]:
    """The models of these names, with or without the owner, of whatever profile.

    Raises:
        BadInputError: `no_such_model`.
        CatalogError: as `models_of`.
    """
    models = models_of(places, all_profiles=True)
    found = []
    for name in names:
        same = [model for model in models if name in (model.name, model.name.rpartition("/")[2])]
        if not same:
            raise _no_such(name, models)
        found += [model for model in same if model not in found]
    return found


def _locked(lock: Lock, entry: CatalogEntry) -> LockedModel | None:
    return lock.of(entry.model, entry.revision) if isinstance(entry.model, str) else None


def _no_such(name: str, models: Sequence[Model]) -> BadInputError:
    names = [model.name for model in models]
    near = difflib.get_close_matches(name, [*names, *(each.rpartition("/")[2] for each in names)], n=1)
    return BadInputError(
        "no_such_model",
        ja=f"カタログにモデル「{name}」はありません。"
        + (f"{near[0]} のことですか？" if near else "")
        + "一覧：yomite models list --all-profiles",
        en=f"The catalog has no model {name!r}. "
        + (f"Did you mean {near[0]}? " if near else "")
        + "See: yomite models list --all-profiles",
    )
