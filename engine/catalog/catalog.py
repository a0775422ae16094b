"""The catalog in force: a profile's rows and a user's own before them; finds the row for a Request. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.catalog.chosen import chosen_entries
from engine.catalog.described import read_description
from engine.catalog.entry import CatalogEntry, models_folder
from engine.catalog.locked import Lock, read_lock
from engine.catalog.reading import HUB_NAME, LABELS_OF_TASK, read_rows
from engine.contract import Language, Task
from engine.errors import CatalogError

__all__ = ["CATALOG_FILE", "PROFILES", "Catalog", "CatalogEntry"]

CATALOG_FILE = Path(__file__).with_name("catalog.toml")
PROFILES = ("bundled", "hub")
# What is assumed of a model that no row describes; its own files lower the window where they must.
_UNKNOWN_WINDOW = 512


@dataclass(frozen=True)
class Catalog:
    """The rows in force, most particular first."""

    entries: tuple[CatalogEntry, ...]
    known: tuple[CatalogEntry, ...] = ()  # rows of all profiles: what a Request may name as its model
    lock: Lock = field(default_factory=Lock)  # rows of the hub stand at its commits already

    @classmethod
    def load(
        cls,
        *,
        profile: str = "bundled",
        user_file: Path | None = None,
        models_dir: Path | None = None,
        chosen: Path | None = None,
        lock: Path | None = None,
    ) -> Catalog:
        """Read a profile, with the rows of a user's own file before it, and before those what `yomite models use` chose.

        Args:
            profile: "bundled" or "hub".
            user_file: a TOML with `[[models]]` rows; for its task and languages each stands before the profile's.
                Its folders are absolute or relative to it.
            models_dir: where folders of the bundled rows lie.
            chosen: the file of choices; it need not be there.
            lock: the file that `yomite models pull` writes; it need not be there.
        Raises:
            CatalogError: a file is unreadable or a value is not allowed; names file, key and value.
        """
        if profile not in PROFILES:
            raise CatalogError(
                "unknown_profile",
                ja=f"プロファイル「{profile}」はありません。使えるもの：{', '.join(PROFILES)}",
                en=f"There is no profile {profile!r}. Allowed: {', '.join(PROFILES)}",
            )
        read = read_rows(CATALOG_FILE, tables=PROFILES, folder=models_dir or models_folder())
        shipped = {name: tuple(_with_whose(row) for row in rows) for name, rows in read.items()}
        own = read_rows(user_file, tables=("models",), folder=user_file.absolute().parent)["models"] if user_file else ()
        others = tuple(entry for name in PROFILES if name != profile for entry in shipped[name])
        locked = read_lock(lock) if lock else Lock()
        rows, more = tuple(map(locked.applied, (*own, *shipped[profile]))), tuple(map(locked.applied, others))
        entries = (*(chosen_entries(chosen, (*rows, *more)) if chosen else ()), *rows)
        return cls(entries=entries, known=(*entries, *more), lock=locked)

    def entry(self, task: Task, language: Language, model: str | None = None) -> CatalogEntry:
        """The row for a task and language. Text of both languages is read by a row for "mixed", else by the Japanese one.

        Args:
            model: a model that some row names, any Hugging Face id, or a folder.
        Raises:
            CatalogError: no row fits (`no_model`), or `model` names nothing (`no_such_model`).
        """
        if model is not None:
            return self._named(task, language, model)
        wanted: Sequence[str] = ("mixed", "ja") if language == "mixed" else (language,)
        for code in wanted:
            for entry in self.entries:
                if entry.task == task and code in entry.languages:
                    return entry
        raise CatalogError(
            "no_model",
            ja=f"カタログに「{task}」（{language}）のモデルがありません。行を足してください。",
            en=f"The catalog has no model for {task} in {language}; add a row for it.",
        )

    def _named(self, task: Task, language: Language, model: str) -> CatalogEntry:
        rows = [entry for entry in self.known if _names(entry, model)]
        of_task = [entry for entry in rows if entry.task == task]
        if of_task:
            return next((entry for entry in of_task if language in entry.languages), of_task[0])
        if rows:
            return _for_task(rows[0], task)
        return self.lock.applied(_unknown_model(task, model))


def _with_whose(entry: CatalogEntry) -> CatalogEntry:
    """A row of ours, marked where its model comes along."""
    return replace(entry, bundled=isinstance(entry.model, Path))


def _names(entry: CatalogEntry, model: str) -> bool:
    """Whether a Request that says `model` means this row's."""
    if model in entry.names:
        return True
    own = entry.adapter or entry.model
    return isinstance(own, Path) and bool(model) and Path(model).expanduser().absolute() == own


def _for_task(entry: CatalogEntry, task: Task) -> CatalogEntry:
    """A row's model asked for another task than the row's; its labels stay where both tasks have the same."""
    same_labels = LABELS_OF_TASK.get(task) == LABELS_OF_TASK.get(entry.task)
    return replace(entry, task=task, labels=entry.labels if same_labels else {})


def _unknown_model(task: Task, model: str) -> CatalogEntry:
    """A row for a folder or hub model that no row describes."""
    folder = Path(model).expanduser()
    found: str | Path = folder.absolute() if model and folder.is_dir() else model
    if isinstance(found, str) and not HUB_NAME.fullmatch(found):
        raise CatalogError(
            "no_such_model",
            ja=f"モデル「{model}」がありません。フォルダか Hugging Face の名前（例：tohoku-nlp/bert-base-japanese-v3）を指定してください。",
            en=f"There is no model {model!r}. Name a folder, or a Hugging Face id such as google-bert/bert-base-uncased.",
        )
    described = read_description(found) if isinstance(found, Path) else None
    if isinstance(found, Path) and described:
        return described.entry(found, task)
    adapter = None
    if isinstance(found, Path) and (found / "adapter_config.json").exists():
        adapter, found = found, _base_of_adapter(found)
    return CatalogEntry(task=task, languages=("ja", "en", "mixed"), model=found, adapter=adapter, licence="unknown", window=_UNKNOWN_WINDOW)


def _base_of_adapter(folder: Path) -> Path | str:
    """The model that a peft folder belongs to: a folder relative to it, or a hub id."""
    path = folder / "adapter_config.json"
    try:
        base = json.loads(path.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError):
        base = None
    if isinstance(base, str) and base:
        beside = (folder / base).resolve()
        if beside.is_dir():
            return beside
        if HUB_NAME.fullmatch(base):
            return base
    raise CatalogError(
        "adapter_without_base",
        ja=f"{path}: base_model_name_or_path が {base!r} です。あるフォルダか Hugging Face の名前を書いてください。",
        en=f"{path}: base_model_name_or_path is {base!r}. Write a folder that exists, or a Hugging Face id.",
    )
