"""An engine on a GPU with another one on the CPU beside it, for what alone is too large for the GPU's memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from engine.contract import Request, Task
from engine.drawing import Undrawn
from engine.models.memory import ran_out_of_memory
from workers.carried import Outcome
from workers.computing import Answering, OnProgress

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog

log = logging.getLogger("yomite.worker")


class Computing(Answering, Protocol):
    """What the composition root puts together: it answers, and may get another catalog."""

    def use(self, catalog: Catalog) -> None:
        """Answer with another catalog's models from the next run on."""


class WithSpare:
    """Answers with `engine`; a single Request that does not fit there with what `make_spare` makes, at the first such Request."""

    def __init__(self, engine: Computing, *, make_spare: Callable[[], Computing], catalog: Catalog) -> None:
        self._engine = engine
        self._make_spare = make_spare
        self._spare: Computing | None = None
        self._catalog = catalog

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """The outcomes of `requests`, in their order. Several that do not fit together fail: the worker tries fewer."""
        try:
            return self._engine.read(requests, on_progress)
        except (MemoryError, RuntimeError) as error:
            if len(requests) > 1 or not ran_out_of_memory(error):
                raise
            log.warning("not enough memory on the GPU for one request (%s); it is computed on the CPU", type(error).__name__)
        # Not within `except`, where the error would hold on to all that the GPU had in memory.
        if self._spare is None:
            self._spare = self._make_spare()
        self._spare.use(self._catalog)
        return self._spare.read(requests, on_progress)

    def model_of(self, request: Request) -> str | None:
        """What would answer a request: the same model on either."""
        return self._engine.model_of(request)

    def use(self, catalog: Catalog) -> None:
        """Answer with another catalog's models from the next run on."""
        self._catalog = catalog
        self._engine.use(catalog)

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Any]) -> None:
        """Load what these tasks need."""
        self._engine.warm_up(tasks, languages)
