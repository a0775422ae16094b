"""What a training starts from: a row of the catalog, a hub model or a folder, with a fresh head where it lacks the task's."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch
from transformers import PreTrainedModel

from engine.catalog import Catalog, CatalogEntry
from engine.catalog.described import EVERY_LANGUAGE, read_description
from engine.catalog.entry import weights_in
from engine.contract import EntityLabel, Language, Message, SentimentLabel, Task
from engine.errors import BadInputError, ModelError
from engine.examples.rows import AskRow, NerRow, Row, SentimentRow
from engine.models.files import model_folder
from engine.models.loaded import LoadedModel
from engine.models.loading import HEADS, UNREADABLE, load_model, tokenizer_for
from engine.models.sentence_folder import read_sentence_folder
from engine.tasks.ner import model_tags
from engine.tasks.sentiment import label_columns
from engine.tokenization.families import choose_family, read_config
from engine.training.ner import knows

CPU = torch.device("cpu")
# The labels of a fresh head.
FRESH_LABELS: dict[Task, tuple[str, ...]] = {
    Task.SENTIMENT: ("negative", "neutral", "positive"),
    Task.NER: ("O", *(f"{position}-{label}" for label in get_args(EntityLabel) for position in "BI")),
}
FRESH = Message(
    ja="このモデルにはタスクの出力層がないため、新しい出力層から学習します。",
    en="The model has no head for the task; a fresh one is trained.",
)
OTHER_LABELS = Message(
    ja="このモデルの出力層にはデータのラベルがすべては含まれないため、新しい出力層から学習します。",
    en="The model's head lacks labels of the data; a fresh one is trained.",
)


@dataclass(frozen=True, kw_only=True)
class Base:
    """A model that can be trained for `task`; `entry` is what it was read from, an adapter laid over it included."""

    task: Task
    entry: CatalogEntry
    loaded: LoadedModel
    folder: Path  # where its tokenizer's files lie
    tokenizer: str  # the kind, never "auto"
    notes: tuple[Message, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether its head is new: it has never answered the task."""
        return bool(self.notes)

    @property
    def name(self) -> str:
        """Its name, without a path of this machine."""
        return public_name(self.entry)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where all of it lies: the model's own folder, the one of its transformer, and its adapter."""
        return tuple(dict.fromkeys(place for place in (self.entry.model, self.folder, self.entry.adapter) if isinstance(place, Path)))

    def languages(self, learnt: Collection[Language]) -> tuple[Language, ...]:
        """What it reads once it has learnt from examples in the languages `learnt`: its own, and those."""
        return tuple(language for language in EVERY_LANGUAGE if language in self.entry.languages or language in learnt)

    def digest(self) -> str:
        """SHA-256 over the weights, in hexadecimal: another model of the same name has another one."""
        digest = hashlib.sha256()
        for path in dict.fromkeys(path for folder in self.folders for path in weights_in(folder)):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def keep(self, out: Path) -> None:
        """Refuse to write the result over what is trained further: where it gets no better, nothing would be left to go back to.

        Raises:
            BadInputError: `out_is_base`.
        """
        if os.path.realpath(out) in map(os.path.realpath, self.folders):
            raise BadInputError(
                "out_is_base",
                ja=f"{out} は学習のもとにするモデルのフォルダです。元のモデルを残せるよう、別のフォルダを --out で指定してください。",
                en=f"{out} is the folder of the model that is trained further. Name another folder with --out, so that it is kept.",
            )


def public_name(entry: CatalogEntry) -> str:
    """A row's name as others may read it: of a folder outside the pack, only its own name."""
    if isinstance(entry.model, Path) and not entry.of_the_pack:
        return (entry.adapter or entry.model).name
    return entry.name


def find_base(catalog: Catalog, task: Task, language: Language, *, model: str | None, rows: Sequence[Row], seed: int) -> Base:
    """Load what is to be trained, in fp32 on the CPU.

    Raises:
        EngineError: there is no such model, or it cannot be trained for the task.
    """
    torch.manual_seed(seed)  # of a fresh head
    entry = catalog.entry(task, language, model)
    folder = read_sentence_folder(model_folder(entry.model, revision=entry.revision)).transformer
    laid_over = with_adapter_of_pack(catalog, entry)
    if laid_over is None and entry.adapter is None and task not in (Task.SIMILAR, Task.FILL_MASK):
        loaded, notes = _with_head(entry, rows)
    else:
        loaded, notes = _adapted(entry, laid_over, rows)
    if _leaves_open(rows):  # it learns where "no answer" begins, and is measured by that already while it learns
        loaded = replace(loaded, no_answer_threshold=0.0)
    kind = choose_family(folder, read_config(folder)) if entry.tokenizer == "auto" else entry.tokenizer
    return Base(task=task, entry=laid_over if laid_over and not notes else entry, loaded=loaded, folder=folder, tokenizer=kind, notes=notes)


def with_adapter_of_pack(catalog: Catalog, entry: CatalogEntry) -> CatalogEntry | None:
    """For an encoder that was adapted from the pack's: the same with the pack's adapter of the task over it."""
    description = read_description(entry.model) if isinstance(entry.model, Path) and not entry.adapter else None
    if description is None or description.task is not Task.FILL_MASK:
        return None
    for row in catalog.known:
        if row.task is entry.task and row.adapter and public_name(replace(row, adapter=None)) == description.base:
            return replace(entry, adapter=row.adapter, window=row.window, no_answer_threshold=row.no_answer_threshold)
    return None


def _adapted(entry: CatalogEntry, laid_over: CatalogEntry | None, rows: Sequence[Row]) -> tuple[LoadedModel, tuple[Message, ...]]:
    """The model with its adapter; without one that was laid over it where the shapes or the labels do not fit.

    Raises:
        ModelError: `cannot_train`, an adapter's own head lacks labels of the rows.
    """
    if laid_over is not None:
        try:
            loaded = load_model(laid_over, device=CPU, dtype=torch.float32)
        except ModelError as error:
            if error.code != "model_unreadable":
                raise
            return _with_head(entry, rows)
        return (loaded, ()) if _knows_labels(loaded, rows) else _with_head(entry, rows)
    loaded = load_model(entry, device=CPU, dtype=torch.float32)
    if not _knows_labels(loaded, rows):
        raise _lacks_labels(entry)
    return loaded, ()


def _with_head(entry: CatalogEntry, rows: Sequence[Row]) -> tuple[LoadedModel, tuple[Message, ...]]:
    try:
        loaded = load_model(entry, device=CPU, dtype=torch.float32)
    except ModelError as error:
        if error.code != "head_missing":
            raise
        return with_fresh_head(entry, rows), (FRESH,)
    if _knows_labels(loaded, rows):
        return loaded, ()
    return with_fresh_head(entry, rows), (OTHER_LABELS,)


def _knows_labels(loaded: LoadedModel, rows: Sequence[Row]) -> bool:
    try:
        if entities := [row for row in rows if isinstance(row, NerRow)]:
            return knows(model_tags(loaded), entities)
        labels: set[SentimentLabel] = {row.label for row in rows if isinstance(row, SentimentRow)}
        return not labels or labels <= set(label_columns(loaded))
    except ModelError:  # the labels' meaning is unknown
        return False


def _lacks_labels(entry: CatalogEntry) -> ModelError:
    name = public_name(entry)
    return ModelError(
        "cannot_train",
        ja=f"アダプタ「{name}」の出力層にはデータのラベルがすべては含まれないため、学習できません。データのラベルを出力するモデルか、アダプタのもとのモデルを --model で指定してください。",
        en=f"The head of the adapter {name} lacks labels of the data, so it cannot be trained. Name a model that has them, or the one under the adapter, with --model.",
        model=name,
    )


def with_fresh_head(entry: CatalogEntry, rows: Sequence[Row]) -> LoadedModel:
    """The model's body under a new head of the task.

    Raises:
        ModelError: `cannot_train`, no such head exists for this kind of model.
    """
    body = load_model(replace(entry, task=Task.EMBED, labels={}), device=CPU, dtype=torch.float32)
    config = copy.deepcopy(body.model.config)
    if labels := FRESH_LABELS.get(entry.task):
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
    try:
        model: PreTrainedModel = HEADS[entry.task].from_config(config, dtype=torch.float32)
        inner: Any = getattr(model, model.base_model_prefix)
        inner.load_state_dict(body.model.state_dict(), strict=False)
    except UNREADABLE as error:
        raise ModelError(
            "cannot_train",
            ja=f"モデル「{entry.name}」は {entry.task} 用に学習できません。BERT・RoBERTa・DistilBERT などのモデルを指定してください。",
            en=f"The model {entry.name} cannot be trained for {entry.task}. Name one of the kind of BERT, RoBERTa or DistilBERT.",
            model=entry.name,
        ) from error
    tokenizer = tokenizer_for(entry.task, body.tokenizer)
    return replace(body, model=model.eval(), tokenizer=tokenizer, labels={}, no_answer_threshold=0.0 if _leaves_open(rows) else None)


def _leaves_open(rows: Sequence[Row]) -> bool:
    return any(isinstance(row, AskRow) and not row.answers for row in rows)


def every_language(entry: CatalogEntry) -> CatalogEntry:
    """The row, whatever language is asked for."""
    return replace(entry, languages=EVERY_LANGUAGE)
