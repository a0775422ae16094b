"""From a model's tag probabilities to the most probable sequence of tags that makes sense, and the entities in it.

The tags are those of Ramshaw and Marcus 1995 and their later forms: B- begins an entity, I- continues it, E- or L- ends it,
S- or U- is a whole one. A tag without such a letter, or of a type that has no B-, begins or continues, as fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from engine.contract import EntityLabel

LABELS: tuple[EntityLabel, ...] = get_args(EntityLabel)
FORBIDDEN = -1e9
_SMALLEST = 1e-12
_POSITIONS = {"B": "B", "I": "I", "E": "L", "L": "L", "S": "U", "U": "U"}
# The types of CoNLL-2003, OntoNotes, WNUT-17 and the Stockmark set.
_TYPES: dict[EntityLabel, tuple[str, ...]] = {
    "PER": ("PER", "PERSON", "人名"),
    "ORG": ("ORG", "ORGANIZATION", "ORGANISATION", "CORPORATION", "GROUP", "組織名", "法人名", "政治的組織名", "その他の組織名"),
    "LOC": ("LOC", "LOCATION", "GPE", "FAC", "FACILITY", "地名", "施設名"),
    "MISC": ("MISC", "NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "CREATIVE-WORK", "LAW", "LANGUAGE", "製品名", "イベント名"),
}
_LABEL_OF_TYPE = {kind: label for label, kinds in _TYPES.items() for kind in kinds}

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Tag:
    """What a piece may be. `position`: O, B, I, L (last), U (alone), or X (begins or continues, as fits)."""

    position: str
    label: EntityLabel | None = None

    @property
    def begins(self) -> bool:
        """Whether it needs no tag of its entity before it."""
        return self.position in "OBUX"

    def follows(self, before: Tag) -> bool:
        """Whether it carries on the entity of the tag before it."""
        return self.position in "ILX" and before.position in "BIX" and self.label == before.label


@dataclass(frozen=True)
class TagSet:
    """The distinct tags of a model, and which of its outputs stand for each: several types of a model may be one label of ours."""

    tags: tuple[Tag, ...]
    columns: tuple[tuple[int, ...], ...]

    @cached_property
    def _step(self) -> Scores:
        """0 where the second tag may follow the first, else FORBIDDEN. *Shape:* (tags, tags)."""
        allowed = [[now.follows(last) or (self._may_end(last) and now.begins) for now in self.tags] for last in self.tags]
        return np.where(np.array(allowed), 0.0, FORBIDDEN)

    @cached_property
    def _first(self) -> Scores:
        return np.array([0.0 if tag.begins else FORBIDDEN for tag in self.tags])

    @cached_property
    def _last(self) -> Scores:
        return np.array([0.0 if self._may_end(tag) else FORBIDDEN for tag in self.tags])

    def _may_end(self, tag: Tag) -> bool:
        return tag.position not in "BI" or Tag("L", tag.label) not in self.tags

    def gather(self, probabilities: NDArray[np.float32]) -> Scores:
        """The probability of each tag. *Shape:* (pieces, model outputs) → (pieces, tags)."""
        return np.stack([probabilities[:, list(columns)].sum(axis=1, dtype=np.float64) for columns in self.columns], axis=1)

    def best_path(self, probabilities: Scores) -> list[int]:
        """The most probable sequence of tags that makes sense (Viterbi 1967). *Shape:* (pieces, tags) → (pieces,)."""
        scores = np.log(np.maximum(probabilities, _SMALLEST))
        if not len(scores):
            return []
        greedy = scores.argmax(axis=1)
        if self._first[greedy[0]] + self._last[greedy[-1]] + self._step[greedy[:-1], greedy[1:]].sum() == 0:
            return [int(tag) for tag in greedy]  # no sequence can be better
        best = scores[0] + self._first
        back = np.zeros(scores.shape, dtype=np.int64)
        for place in range(1, len(scores)):
            reached = best[:, None] + self._step
            back[place] = reached.argmax(axis=0)
            best = reached.max(axis=0) + scores[place]
        path = [int((best + self._last).argmax())]
        for place in range(len(scores) - 1, 0, -1):
            path.append(int(back[place, path[-1]]))
        return path[::-1]

    def entities(self, probabilities: Scores) -> Iterator[tuple[int, int, EntityLabel, float]]:
        """(first, last, label, score) of each entity in order.

        The score is the mean over its pieces of the probability of its label in any position.
        """
        path = [self.tags[tag] for tag in self.best_path(probabilities)]
        for first, last, label in _runs(path):
            of_label = [index for index, tag in enumerate(self.tags) if tag.label == label]
            yield first, last, label, float(probabilities[first : last + 1, of_label].sum(axis=1).mean())


def read_tags(id2label: Mapping[int, str], mapping: Mapping[str, str]) -> TagSet:
    """The tags of a model's labels; labels of other types than ours (dates, quantities) count as O.

    `mapping` takes a type (人名, ORG-P) or a whole label (B-人名) to one of ours, or to `B-` and so on of ours. A whole
    label that is taken to a bare one of ours may begin an entity or continue it: so "I-PER" → "PER" reads models whose
    entities begin with I- (CoNLL-2003 as published).
    """
    found = [_read_tag(str(id2label[index]), mapping) for index in sorted(id2label)]
    begun = {tag.label for tag in found if tag.begins}
    found = [Tag("X", tag.label) if tag.position == "I" and tag.label not in begun else tag for tag in found]
    tags = tuple(dict.fromkeys(found))
    return TagSet(tags=tags, columns=tuple(tuple(index for index, other in enumerate(found) if other == tag) for tag in tags))


def _read_tag(name: str, mapping: Mapping[str, str]) -> Tag:
    position, kind = _split(mapping.get(name, name))
    kind = mapping.get(kind, kind)
    label = _LABEL_OF_TYPE.get(kind.upper())
    return Tag(position, label) if label else Tag("O")


def _split(name: str) -> tuple[str, str]:
    position, dash, kind = name.partition("-")
    return (_POSITIONS[position], kind) if dash and position in _POSITIONS else ("X", name)


def _runs(path: Sequence[Tag]) -> Iterator[tuple[int, int, EntityLabel]]:
    first = 0
    for place, tag in enumerate(path):
        if tag.label is None:
            continue
        if not (place and tag.follows(path[place - 1])):
            first = place
        if place + 1 == len(path) or not path[place + 1].follows(tag):
            yield first, place, tag.label
