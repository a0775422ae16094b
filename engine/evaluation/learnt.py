"""Tells of models whose cards name the very file that they are measured on: its right answers were seen while they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from engine.catalog import Catalog
from engine.contract import Language, Message, Task
from engine.errors import CatalogError
from engine.examples.reading import Examples
from engine.examples.rows import ExampleTask

# As engine.training.card writes them: a line for each file, those that were learnt from first; and that the best state was looked for.
_FILE, _CHOSEN = "SHA-256 `", "The best state was chosen on these rows"


def learnt_from(examples: Examples, task: ExampleTask, catalog: Catalog, models: Sequence[str | None]) -> Iterator[Message]:
    """Worth saying of the models that answer; `models` are the names that were asked for, None: the catalog's own choice."""
    for folder in dict.fromkeys(folder for model in models for folder in _folders(catalog, task, model)):
        told = _told(folder, examples)
        if told:
            yield told


def _folders(catalog: Catalog, task: ExampleTask, model: str | None) -> Iterator[Path]:
    """Where the models lie that answer in some language."""
    for language in get_args(Language):
        try:
            entry = catalog.entry(Task.EMBED if task is ExampleTask.RETRIEVAL else Task(task), language, model)
        except CatalogError:  # whoever asks in this language is told
            continue
        yield from (folder for folder in (entry.adapter, entry.model) if isinstance(folder, Path))


def _told(folder: Path, examples: Examples) -> Message | None:
    try:
        card = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    files = [examples.sha256 in line for line in card.splitlines() if _FILE in line]
    if not any(files):
        return None
    if files[0]:
        return Message(
            ja=f"{folder.name} は {examples.path.name} を学習に使っています。初めて見る行では、ふつうこれより悪くなります。",
            en=f"{folder.name} was trained with {examples.path.name}; on rows that it has never seen it mostly does worse.",
        )
    if _CHOSEN not in card:
        return None
    return Message(
        ja=f"{folder.name} は {examples.path.name} での成績を見て、学習中の最良の状態を選んでいます。初めて見る行では、ふつうこれより悪くなります。",
        en=f"{folder.name} is the state of its training that did best on {examples.path.name}; on rows that it has never seen it mostly does worse.",
    )
