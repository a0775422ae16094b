"""Reads and checks the rows of a catalog file; what is wrong is said with file, key and value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, get_args

from engine.catalog.entry import CatalogEntry
from engine.contract import EntityLabel, Language, SentimentLabel, Task, reason_of
from engine.errors import CatalogError

LANGUAGES: tuple[str, ...] = get_args(Language)
# The kinds of engine.tokenization.families, which brings libraries that the catalog does without.
TOKENIZERS = ("auto", "bilingual", "fast", "bert-japanese", "mecab-wordpiece", "mecab-character", "jumanpp")
WINDOW_RANGE = range(16, 8_193)
LABELS_OF_TASK: dict[Task, tuple[str, ...]] = {
    Task.SENTIMENT: get_args(SentimentLabel),
    Task.EXPLAIN_ATTENTION: get_args(SentimentLabel),
    Task.NER: (*get_args(EntityLabel), "O"),
}
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_ABSENT = object()


def read_rows(path: Path, *, tables: Sequence[str], folder: Path) -> dict[str, tuple[CatalogEntry, ...]]:
    """Read the named arrays of tables of a catalog file; folders in it are relative to `folder`.

    Raises:
        CatalogError: names file, key and value.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = reason_of(error)
        raise CatalogError(
            "catalog_unreadable",
            ja=f"{path}: 読めません（{why.ja}）。UTF-8 の TOML ファイルを指定してください。",
            en=f"{path}: cannot be read ({why.en}). Name a TOML file in UTF-8.",
        ) from error
    for key in sorted(data.keys() - set(tables)):
        _refuse(path, key, data[key], f"only [[{']], [['.join(tables)}]]")
    found = {}
    for name in tables:
        rows = data.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            _refuse(path, name, rows, f"tables written [[{name}]]")
        found[name] = tuple(_Row(path, f"{name}[{index}]", row, folder).entry() for index, row in enumerate(rows))
    return found


def _refuse(path: Path, key: str, value: object, allowed: str) -> NoReturn:
    if value is _ABSENT:
        raise CatalogError(
            "catalog_invalid", ja=f"{path}: {key} がありません。使える値：{allowed}", en=f"{path}: {key} is missing. Allowed: {allowed}"
        )
    raise CatalogError(
        "catalog_invalid",
        ja=f"{path}: {key} の値 {value!r} は使えません。使える値：{allowed}",
        en=f"{path}: {key} cannot be {value!r}. Allowed: {allowed}",
    )


@dataclass(frozen=True)
class _Row:
    """One table of a catalog file while it is checked."""

    path: Path
    place: str
    data: Mapping[str, Any]
    folder: Path

    KEYS = (
        *("task", "languages", "model", "folder", "adapter", "revision", "licence", "window"),
        *("tokenizer", "labels", "case_types", "no_answer_threshold", "no_answer", "data"),
    )

    def entry(self) -> CatalogEntry:
        for key in sorted(self.data.keys() - set(self.KEYS)):
            self._refuse(key, f"the keys {', '.join(self.KEYS)}")
        task = Task(self._one_of("task", tuple(Task)))
        model = self._model()
        return CatalogEntry(
            task=task,
            languages=self._languages(),
            model=model,
            adapter=self._folder("adapter") if "adapter" in self.data else None,
            licence=self._text("licence"),
            window=self._window(),
            revision=self._revision(model),
            tokenizer=self._one_of("tokenizer", TOKENIZERS) if "tokenizer" in self.data else "auto",
            labels=self._labels(task),
            case_types=self._boolean("case_types", default=False),
            no_answer_threshold=self._threshold(),
            data=self._text("data") if "data" in self.data else "",
        )

    def _refuse(self, key: str, allowed: str) -> NoReturn:
        _refuse(self.path, f"{self.place}.{key}", self.data.get(key, _ABSENT), allowed)

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value.strip():
            self._refuse(key, "a text")
        return value

    def _one_of(self, key: str, allowed: Sequence[str]) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or value not in allowed:
            self._refuse(key, ", ".join(allowed))
        return value

    def _boolean(self, key: str, *, default: bool) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self._refuse(key, "true, false")
        return value

    def _languages(self) -> tuple[Language, ...]:
        value = self.data.get("languages")
        if not isinstance(value, list) or not value or not all(item in LANGUAGES for item in value):
            self._refuse("languages", f"a list of {', '.join(LANGUAGES)}")
        return tuple(value)

    def _model(self) -> str | Path:
        if ("model" in self.data) == ("folder" in self.data):
            self._refuse("model", "either model (a Hugging Face id) or folder (a path), and not both")
        if "folder" in self.data:
            return self._folder("folder")
        name = self._text("model")
        if not HUB_NAME.fullmatch(name):
            self._refuse("model", "a Hugging Face id such as google-bert/bert-base-uncased; a path goes into folder")
        return name

    def _revision(self, model: str | Path) -> str | None:
        if isinstance(model, Path):
            if "revision" in self.data:
                self._refuse("revision", "none for a folder: only a model of the hub has revisions")
            return None
        if "revision" not in self.data:
            self._refuse("revision", 'a commit (pinned) or a branch such as "main", for a model of the hub')
        return self._text("revision")

    def _folder(self, key: str) -> Path:
        return (self.folder / Path(self._text(key)).expanduser()).absolute()

    def _window(self) -> int:
        value = self.data.get("window")
        if not isinstance(value, int) or isinstance(value, bool) or value not in WINDOW_RANGE:
            self._refuse("window", f"a whole number from {WINDOW_RANGE.start} to {WINDOW_RANGE.stop - 1} (pieces)")
        return value

    def _labels(self, task: Task) -> dict[str, str]:
        value = self.data.get("labels", {})
        allowed = LABELS_OF_TASK.get(task, ())
        if not isinstance(value, dict) or not all(item in allowed for item in value.values()):
            self._refuse(
                "labels", f"a table of the model's labels, each to one of {', '.join(allowed) or 'none (this task has no labels)'}"
            )
        return value

    def _threshold(self) -> float | None:
        if not self._boolean("no_answer", default=True):
            return None
        value = self.data.get("no_answer_threshold", 0.0)
        if not isinstance(value, int | float) or isinstance(value, bool):
            self._refuse("no_answer_threshold", "a number (in logits)")
        return float(value)
