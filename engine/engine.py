"""The engine: any mix of Requests in, their Results or Failures out, computed in batches of one kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from engine import drawing, progress
from engine.catalog import Catalog, CatalogEntry
from engine.contract import (
    AskRequest,
    EmbedRequest,
    ExplainAttentionRequest,
    Failure,
    Language,
    Request,
    Result,
    SimilarRequest,
    Task,
    task_of,
)
from engine.drawing import Undrawn
from engine.errors import EngineError
from engine.language import resolve
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel
from engine.models.memory import memory_given_back
from engine.tasks import ask, embed, explain_attention, fill_mask, ner, sentiment, similar, tokens

Outcome = Result | Failure
OnProgress = Callable[[int, float], None]

# One file a task; its run() answers a batch of Requests of one kind with one model, in their order; what has a picture is Undrawn.
RUNNERS: dict[Task, Callable[..., Sequence[Any]]] = {
    Task.SENTIMENT: sentiment.run,
    Task.NER: ner.run,
    Task.ASK: ask.run,
    Task.SIMILAR: similar.run,
    Task.EXPLAIN_ATTENTION: explain_attention.run,
    Task.TOKENS: tokens.run,
    Task.FILL_MASK: fill_mask.run,
    Task.EMBED: embed.run,
}
# A program that cuts words may fail on one text alone.
_TEXT_MAY_BE_AT_FAULT = "tokenizer_program_failed"


class Engine:
    """Answers Requests with the catalog's models."""

    def __init__(self, catalog: Catalog, cache: ModelCache) -> None:
        self._catalog = catalog
        self._cache = cache

    def run(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome]:
        """One outcome a request, in order, with all pictures; else as `read`."""
        return [drawing.drawn(outcome) for outcome in self.read(requests, on_progress)]

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """One outcome a request, in order, without its pictures. What is wrong with one request is its own Failure and no other's.

        `on_progress` is called between forward passes with the index of a request and how far it is, 0..1. Requests that one
        model answers are read together and are equally far. What it raises ends the run.
        """
        catalog = self._catalog  # one for the whole run: another may come meanwhile
        outcomes: list[Outcome | Undrawn | None] = [None] * len(requests)
        groups: dict[object, list[tuple[int, Language, CatalogEntry]]] = {}
        for index, request in enumerate(requests):
            try:
                language = resolve(texts_of(request), request.language)
                entry = catalog.entry(row_task(request), language, request.model)
            except EngineError as error:
                outcomes[index] = error.as_failure()
            else:
                groups.setdefault((task_of(request), entry.key), []).append((index, language, entry))
        for group in groups.values():
            with _told(on_progress, [i for i, _, _ in group]):
                answers = self._run_group([requests[i] for i, _, _ in group], [code for _, code, _ in group], group[0][2])
            for (index, _, _), answer in zip(group, answers, strict=True):
                outcomes[index] = answer
        return [outcome for outcome in outcomes if outcome is not None]

    def model_of(self, request: Request) -> str | None:
        """What would answer a request, equal only where the answers are: the row's model, its weights and all that the row says.

        None where nothing would.
        """
        try:
            language = resolve(texts_of(request), request.language)
            entries = [self._catalog.entry(row_task(request), language, name) for name in _models_named(request)]
            identities = [self._cache.identity(entry, exact=_exact(task_of(request))) for entry in entries]
            return " ".join([*identities, str(self._cache.dtype)])
        except EngineError:
            return None

    def use(self, catalog: Catalog) -> None:
        """Answer with another catalog's models from the next run on. May be called from any thread."""
        self._catalog = catalog

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Language]) -> None:
        """Load the models of these tasks and languages, and what drawing needs where a task has pictures.

        Raises:
            EngineError: a row or a model is missing.
        """
        for task in tasks:
            for language in languages:
                self._cache.get(self._catalog.entry(task, language), exact=_exact(task))
        if Task.EXPLAIN_ATTENTION in tasks:
            drawing.prepare()

    def _run_group(self, requests: Sequence[Request], languages: Sequence[Language], entry: CatalogEntry) -> Sequence[Outcome | Undrawn]:
        try:
            task = task_of(requests[0])
            model = self._cache.get(entry, exact=_exact(task))
            if task is Task.EXPLAIN_ATTENTION:
                with memory_given_back():  # gradients take some hundred megabytes
                    return RUNNERS[task](requests, languages, model, other_model=self._other_model)
            return RUNNERS[task](requests, languages, model)
        except EngineError as error:
            if error.code != _TEXT_MAY_BE_AT_FAULT or len(requests) == 1:
                return [error.as_failure()] * len(requests)
        return [self._run_group([request], [code], entry)[0] for request, code in zip(requests, languages, strict=True)]

    def _other_model(self, request: ExplainAttentionRequest, language: Language) -> LoadedModel:
        """The second model that a request to compare two names.

        Raises:
            EngineError: there is none, or it cannot be loaded.
        """
        return self._cache.get(self._catalog.entry(row_task(request), language, request.other_model), exact=True)


def _exact(task: Task) -> bool:
    """Whether a task is computed in fp32 whatever the rest is: maps and attributions are shown as numbers, and add up."""
    return task is Task.EXPLAIN_ATTENTION


def row_task(request: Request) -> Task:
    """The task whose catalog row answers a Request: an explanation of entities or answers is one of the model that gives them."""
    if isinstance(request, ExplainAttentionRequest) and request.task != "sentiment":
        return Task(request.task)
    return task_of(request)


def _models_named(request: Request) -> list[str | None]:
    """The model that a Request names (None: the catalog's), and the other one where two are compared."""
    if isinstance(request, ExplainAttentionRequest) and request.other_model is not None:
        return [request.model, request.other_model]
    return [request.model]


def _told(on_progress: OnProgress | None, indices: Sequence[int]) -> AbstractContextManager[None]:
    """Within, progress is told of the requests at `indices`."""
    if on_progress is None:
        return nullcontext()

    def tell_each(share: float) -> None:
        for index in indices:
            on_progress(index, share)

    return progress.heard_by(tell_each)


def texts_of(request: Request) -> tuple[str, ...]:
    """The texts that decide which language a Request is in."""
    if isinstance(request, AskRequest):
        return (request.question, request.context)
    if isinstance(request, ExplainAttentionRequest) and request.second is not None:
        return (request.text, request.second)
    if isinstance(request, SimilarRequest):
        return request.texts if request.query is None else (request.query, *request.texts)
    if isinstance(request, EmbedRequest):
        return request.texts
    return (request.text,)
