"""Sentences with other names: each entity's is exchanged for one of the same type (Dai and Adel 2020, "mention replacement")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.pack.data import Row

SHARE = 0.5  # of the entities of a sentence


def renamed(rows: Sequence[Row], generator: np.random.Generator) -> Iterator[Row]:
    """Each row in which some name is exchanged, its names drawn from all rows, so that frequent ones stay frequent."""
    names: dict[str, list[str]] = {}
    for row in rows:
        for entity in _named(row):
            names.setdefault(entity["type"], []).append(row["text"][entity["start"] : entity["end"]])
    for row in rows:
        chosen = [entity for entity in _named(row) if generator.random() < SHARE]
        if chosen and not _overlap(row["entities"]):
            yield with_names(row, {e["start"]: names[e["type"]][generator.integers(len(names[e["type"]]))] for e in chosen})


def with_names(row: Row, names: dict[int, str]) -> Row:
    """The row with the entities that begin at these places called so; all spans are moved with the text."""
    parts, entities, read, length = [], [], 0, 0
    for entity in sorted(row["entities"], key=lambda entity: int(entity["start"])):
        start, end = entity["start"], entity["end"]
        name = names.get(start, row["text"][start:end])
        begins = length + start - read
        parts += [row["text"][read:start], name]
        entities.append({**entity, "start": begins, "end": begins + len(name)})
        read, length = end, begins + len(name)
    return {**row, "text": "".join([*parts, row["text"][read:]]), "entities": entities}


def _named(row: Row) -> Iterable[dict[str, Any]]:
    return (entity for entity in row["entities"] if entity["label"])


def _overlap(entities: Sequence[dict[str, Any]]) -> bool:
    spans = sorted((entity["start"], entity["end"]) for entity in entities)
    return any(end > start for (_, end), (start, _) in pairwise(spans))
