"""Measures a model by the engine itself: one in training from memory, one on disk on the way that every question takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.catalog import Catalog, CatalogEntry
from engine.contract import Failure, Message, Request, Result, Task
from engine.engine import RUNNERS, Engine, texts_of
from engine.errors import EngineError
from engine.evaluation.metrics import Metrics
from engine.evaluation.scoring import evaluate
from engine.examples.rows import ExampleTask, Row
from engine.language import resolve
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel
from engine.training.base import every_language

NAMES: dict[str, Message] = {
    "macro_f1": Message(ja="マクロ F1", en="macro F1"),
    "f1": Message(ja="F1", en="F1"),
    "spearman": Message(ja="順位相関", en="Spearman's correlation"),
    "accuracy": Message(ja="正解率", en="accuracy"),
    "precision": Message(ja="適合率", en="precision"),
    "recall": Message(ja="再現率", en="recall"),
    "exact_match": Message(ja="完全一致", en="exact match"),
    "answered": Message(ja="回答した割合", en="answered"),
    "pearson": Message(ja="相関", en="Pearson's correlation"),
    "roc_auc": Message(ja="ROC AUC", en="ROC AUC"),
    "perplexity": Message(ja="パープレキシティ", en="perplexity"),
}


class InMemory:
    """Answers Requests of one task as the engine does, with a model that is at hand."""

    def __init__(self, task: Task, loaded: LoadedModel) -> None:
        self._task, self._loaded = task, loaded

    def run(self, requests: Sequence[Request]) -> Sequence[Result | Failure]:
        """One outcome a request, in order."""
        outcomes: dict[int, Result | Failure] = {}
        languages = {}
        for index, request in enumerate(requests):
            try:
                languages[index] = resolve(texts_of(request), request.language)
            except EngineError as error:
                outcomes[index] = error.as_failure()
        answers = RUNNERS[self._task]([requests[i] for i in languages], list(languages.values()), self._loaded) if languages else ()
        outcomes |= zip(languages, answers, strict=True)
        return [outcomes[index] for index in range(len(requests))]


def measure_in_memory(loaded: LoadedModel, task: ExampleTask, rows: Sequence[Row]) -> Metrics:
    """Measure a model in training, and leave it ready to answer.

    Raises:
        EngineError: it can answer nothing.
    """
    loaded.model.eval()
    return evaluate(InMemory(Task(task), loaded), task, rows).metrics


def measure_on_disk(
    entry: CatalogEntry, task: ExampleTask, rows: Sequence[Row], *, device: str, budget_bytes: int, at_once: int
) -> Metrics:
    """Measure what a row of the catalog names, by an engine that reads it as for any question.

    Raises:
        EngineError: it can answer nothing.
    """
    catalog = Catalog(entries=(every_language(replace(entry, task=Task(task))),))
    engine = Engine(catalog, ModelCache(memory_budget_bytes=budget_bytes, device=device, precision="fp32"))
    return evaluate(engine, task, rows, at_once=at_once).metrics
