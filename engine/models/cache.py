"""Keeps loaded models within a memory budget: each is loaded once, and the one unused for longest goes first."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable
from functools import cached_property

import torch

from engine.catalog import CatalogEntry
from engine.errors import ModelError
from engine.models.device import choose_device
from engine.models.digests import Digests
from engine.models.loaded import LoadedModel
from engine.models.loading import load_model
from engine.models.memory import give_back_free_memory
from engine.models.precision import choose_dtype
from engine.models.sharing import share_storage, size_bytes
from engine.tokenization.sharing import SharedTokenizers

# A hub model that could not be had is not asked for again for so long; whoever waits for it is told at once.
RETRY_AFTER_S = 30.0

Key = tuple[object, torch.dtype]  # a row's model, and what it computes in


class ModelCache:
    """Thread-safe. A model that is dropped here lives on as long as somebody still answers with it."""

    def __init__(self, *, memory_budget_bytes: int, device: str = "auto", precision: str = "auto") -> None:
        """`precision`: what models compute in, see `engine.models.precision`."""
        self._budget = memory_budget_bytes
        self._wanted_device = device
        self._precision = precision
        self._models: OrderedDict[Key, LoadedModel] = OrderedDict()
        self._written: dict[Key, tuple[int, ...]] = {}  # of each kept model, when its weights were
        self._failures: dict[object, tuple[float, ModelError]] = {}
        self._lock = threading.Lock()
        self._loading: dict[Key, threading.Lock] = {}
        self._tokenizers = SharedTokenizers()
        self._digests = Digests()
        self.loads: Counter[str] = Counter()  # how often models of each name were loaded, and dropped to make room
        self.drops: Counter[str] = Counter()

    def get(self, entry: CatalogEntry, *, exact: bool = False) -> LoadedModel:
        """The row's model, loaded if it is not yet; `exact`: in fp32. A model larger than the budget is kept alone.

        Raises:
            ModelError: it cannot be loaded, or could not a moment ago.
        """
        key = self._key(entry, exact=exact)
        with self._lock:
            found = self._touch(key)
            loading = self._loading.setdefault(key, threading.Lock())
        if found:
            return found
        with loading:  # the others wait here while the first one loads
            with self._lock:
                found = self._touch(key)
            return found or self._load(entry, key)

    def identity(self, entry: CatalogEntry, *, exact: bool = False) -> str:
        """The row's identity; where its model is kept, by the weights in memory: they stay what they are when their files change.

        Raises:
            ModelError: the device is not there.
        """
        with self._lock:
            written = self._written.get(self._key(entry, exact=exact))
        return entry.identity(written)

    def _key(self, entry: CatalogEntry, *, exact: bool) -> Key:
        return entry.model_key, torch.float32 if exact else self.dtype

    @cached_property
    def dtype(self) -> torch.dtype:
        """What models compute in. Asked for with every job, and found out once.

        Raises:
            ModelError: the device is not there.
        """
        return choose_dtype(choose_device(self._wanted_device), precision=self._precision)

    def warm_up(self, entries: Iterable[CatalogEntry]) -> None:
        """Load the models of these rows.

        Raises:
            ModelError: one cannot be loaded.
        """
        for entry in entries:
            self.get(entry)

    @property
    def used_bytes(self) -> int:
        """What the kept models take together; storage that several share counts once."""
        with self._lock:
            return self._size()

    def held_bytes(self) -> dict[str, int]:
        """The bytes of the kept models, by their names; storage that several share counts for the first of them."""
        with self._lock:
            kept = list(self._models.values())
        found: Counter[str] = Counter()
        for count, loaded in enumerate(kept, start=1):
            found[loaded.name] += size_bytes(each.model for each in kept[:count]) - found.total()
        return dict(found)

    def names(self) -> frozenset[str]:
        """The names of the kept models."""
        with self._lock:
            return frozenset(loaded.name for loaded in self._models.values())

    def __len__(self) -> int:
        with self._lock:
            return len(self._models)

    def __contains__(self, entry: CatalogEntry) -> bool:
        with self._lock:
            return any(key == entry.model_key for key, _ in self._models)

    def _load(self, entry: CatalogEntry, key: Key) -> LoadedModel:
        failed = self._failures.get(entry.model_key)
        if failed and time.monotonic() - failed[0] < RETRY_AFTER_S:
            raise failed[1].with_traceback(None)
        written = entry.written()
        try:
            loaded = load_model(
                entry,
                device=choose_device(self._wanted_device),
                dtype=key[1],
                tokenizers=self._tokenizers,
                compact=True,
                digests=self._digests,
            )
        except ModelError as error:
            if isinstance(entry.model, str):
                self._failures[entry.model_key] = (time.monotonic(), error)
            raise
        self._failures.pop(entry.model_key, None)
        with self._lock:
            share_storage(loaded.model, [other.model for other in reversed(self._models.values())])
            self._models[key], self._written[key] = loaded, written
            self.loads[loaded.name] += 1
            while len(self._models) > 1 and self._size() > self._budget:
                gone, dropped = self._models.popitem(last=False)
                self._written.pop(gone, None)
                self.drops[dropped.name] += 1
        give_back_free_memory()
        return loaded

    def _touch(self, key: Key) -> LoadedModel | None:
        found = self._models.get(key)
        if found:
            self._models.move_to_end(key)
        return found

    def _size(self) -> int:
        return size_bytes(loaded.model for loaded in self._models.values())
