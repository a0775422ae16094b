"""An engine that could not be put together: it says why to each Request, until there is a catalog that one can be made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.contract import Failure, Request, Task
from engine.drawing import Undrawn
from workers.carried import Outcome
from workers.computing import OnProgress
from workers.spare import Computing

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog

NOTHING = "nothing"  # what it computes on
Compose = Callable[["Catalog"], tuple[Computing, str]]


class Unable:
    """Once it was given a catalog, an engine is put together at the next Request, and all else is that engine's to do."""

    def __init__(self, failure: Failure, *, compose: Compose) -> None:
        """`compose` gives an engine over a catalog, and what computes; another `Unable` where that cannot be."""
        self.failure: Failure | None = failure  # None: there is an engine, or one is to be tried
        self.device = NOTHING
        self._compose = compose
        self._engine: Computing | None = None
        self._catalog: Catalog | None = None

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """The outcomes of `requests`, in their order; without an engine the reason, for each."""
        found = self.able()
        return [found] * len(requests) if isinstance(found, Failure) else found.read(requests, on_progress)

    def model_of(self, request: Request) -> str | None:
        """What would answer a request; without an engine no model."""
        return self._engine.model_of(request) if self._engine else None

    def use(self, catalog: Catalog) -> None:
        """Answer with this catalog's models from the next run on. May be called from any thread."""
        self._catalog = catalog
        if self._engine:
            self._engine.use(catalog)
        else:
            self.failure = None

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Any]) -> None:
        """Load what these tasks need, where there is an engine."""
        found = self.able()
        if not isinstance(found, Failure):
            found.warm_up(tasks, languages)

    def able(self) -> Computing | Failure:
        """The engine, put together now where that was not tried yet; else the reason. Only in the thread that computes."""
        if self._engine:
            return self._engine
        if self.failure:
            return self.failure
        catalog = self._catalog
        if catalog is None:
            raise RuntimeError("an engine is to be put together without a catalog")
        found, device = self._compose(catalog)
        if isinstance(found, Unable) and found.failure:
            if self._catalog is catalog:  # else the next Request tries the one that came meanwhile
                self.failure = found.failure
            return found.failure
        self._engine, self.device = found, device
        latest = self._catalog
        if latest is not None and latest is not catalog:  # another one came meanwhile
            found.use(latest)
        return found
