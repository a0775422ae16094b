"""Entities: persons, organisations, places and others, with their exact spans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.clusters import trimmed_span, widen_to_clusters
from engine.contract import Entity, Failure, Language, NerRequest, NerResult
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tasks import nothing_to_read
from engine.tasks.entity_tags import Scores, TagSet, read_tags
from engine.tasks.full_stop import with_full_stop
from engine.tokenization.pieces import ModelInput, Pieces, case_types, windows

# Neighbouring windows share a quarter of their pieces: half of that is the least context at a seam.
OVERLAP_SHARE = 4
DECIMALS = 6
# No entity begins or ends with these.
_SEPARATORS = "・、，,;；：:"
# Nor begins with these: they mention a person or a topic in chat.
_MENTIONING = "@＠#＃"

Probabilities = NDArray[np.float32]  # *Shape:* (pieces, model outputs)


@dataclass(frozen=True)
class _Reading:
    """A text, the windows it is read in, and where their inputs stand among all inputs of the batch."""

    pieces: Pieces
    windows: tuple[range, ...]
    inputs: range


def run(requests: Sequence[NerRequest], languages: Sequence[Language], model: LoadedModel) -> list[NerResult | Failure]:
    """Find the entities of each text, however long. A text without any piece is a failure, `empty_text`.

    A text longer than the model's window is read in overlapping windows. Each piece is judged by the window in which it
    stands furthest from an edge, and the best sequence of tags is then sought over the whole text, so that an entity at
    a seam is found like any other.

    Raises:
        ModelError: `unknown_labels`, where the model's labels name none of PER, ORG, LOC, MISC.
    """
    tags = model_tags(model)
    inputs: list[ModelInput] = []
    readings = [_read(pieces, inputs, model) for pieces in model.tokenizer.pieces([request.text for request in requests])]
    found = _probabilities(inputs, model)
    return [
        NerResult(language=language, model=model.name, entities=tuple(_entities(reading, found, tags)))
        if len(reading.pieces)
        else nothing_to_read().as_failure()
        for language, reading in zip(languages, readings, strict=True)
    ]


def model_tags(model: LoadedModel) -> TagSet:
    """The tags that the model's outputs stand for.

    Raises:
        ModelError: `unknown_labels`.
    """
    own = {int(index): str(name) for index, name in (model.model.config.id2label or {}).items()}
    tags = read_tags(own, model.labels)
    if all(tag.label is None for tag in tags.tags):
        names = ", ".join(own.values())
        raise ModelError(
            "unknown_labels",
            ja=f"モデル {model.name} のラベル（{names}）の意味が分かりません。"
            "カタログの labels で PER・ORG・LOC・MISC に対応づけてください。",
            en=f"It is not known what the labels of {model.name} mean ({names}). Map them to PER, ORG, LOC, MISC by labels in the catalog.",
        )
    return tags


def _read(pieces: Pieces, inputs: list[ModelInput], model: LoadedModel) -> _Reading:
    """Append the inputs for a text."""
    room = model.window - model.tokenizer.special_count()
    parts = tuple(windows(len(pieces), size=room, overlap=room // OVERLAP_SHARE)) if len(pieces) else ()
    types = case_types(pieces) if model.case_types else None
    inputs.extend(_assemble(pieces, part, types, model) for part in parts)
    return _Reading(pieces=pieces, windows=parts, inputs=range(len(inputs) - len(parts), len(inputs)))


def _assemble(pieces: Pieces, part: range, types: Sequence[int] | None, model: LoadedModel) -> ModelInput:
    row = model.tokenizer.assemble(pieces.ids[part.start : part.stop])
    return row if types is None else mark_case(row, types[part.start : part.stop])


def mark_case(row: ModelInput, first: Sequence[int], second: Sequence[int] = ()) -> ModelInput:
    """The row with the case types of its pieces for token types."""
    marks = [0] * len(row)
    marks[row.first.start : row.first.stop] = first
    marks[row.second.start : row.second.stop] = second
    return replace(row, type_ids=tuple(marks))


def _probabilities(inputs: Sequence[ModelInput], model: LoadedModel) -> list[Probabilities]:
    """Those of each input's pieces, in order, special tokens left out."""
    found: dict[int, Probabilities] = {}
    for indices, output in model.forward_batches(inputs):
        table = torch.softmax(output.logits.float(), dim=-1).cpu().numpy()
        for row, index in enumerate(indices):
            inner = inputs[index].first
            found[index] = table[row, inner.start : inner.stop]
    return [found[index] for index in range(len(inputs))]


def _entities(reading: _Reading, found: Sequence[Probabilities], tags: TagSet) -> Iterator[Entity]:
    """The entities in reading order, never overlapping."""
    pieces, text = reading.pieces, reading.pieces.text
    joined = join_windows(reading.windows, [found[index] for index in reading.inputs])
    units = word_units(pieces)
    by_unit: Scores = tags.gather(joined[[unit.start for unit in units]])
    last_end = 0
    for first, last, label, score in tags.entities(by_unit):
        start, end = span_of(pieces, units[first : last + 1], after=last_end)
        if start < end:
            yield Entity(start=start, end=end, text=text[start:end], label=label, score=min(1.0, round(score, DECIMALS)))
            last_end = end


def span_of(pieces: Pieces, words: Sequence[range], *, after: int = 0) -> tuple[int, int]:
    """The characters of an entity of these words (pieces each), none before `after`; empty if nothing is left of it."""
    offsets = pieces.offsets[words[0].start : words[-1].stop]
    start, end = _tidy_span(pieces.text, max(offsets[0][0], after), max(end for _, end in offsets))
    return max(start, after), end


def _tidy_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole characters as seen, without separators, signs of mentions and white space at the ends, with an abbreviation's full stop.

    Empty if nothing else is there.
    """
    while start < end and (text[start].isspace() or text[start] in _SEPARATORS + _MENTIONING):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in _SEPARATORS):
        end -= 1
    return trimmed_span(text, *widen_to_clusters(text, start, with_full_stop(text, start, end)))


def join_windows(parts: Sequence[range], found: Sequence[Probabilities]) -> Probabilities:
    """One row a piece of the text, each from the window in which it stands furthest from an edge that is no end of the text."""
    rows = []
    begin = 0
    for index, (part, table) in enumerate(zip(parts, found, strict=True)):
        stop = part.stop if index == len(parts) - 1 else (parts[index + 1].start + part.stop + 1) // 2
        rows.append(table[begin - part.start : stop - part.start])
        begin = stop
    return np.concatenate(rows)


def word_units(pieces: Pieces) -> list[range]:
    """The pieces that are judged together, by the first of them: those of one word.

    English models are trained on each word's first piece only (Devlin et al. 2019, section 5.3). The bundled model is
    trained on all pieces; by first pieces it does better all the same, in both languages. Punctuation that a tokenizer
    counts to a word stands for itself.
    """
    units: list[range] = []
    for index in range(len(pieces)):
        if units and _continues_word(pieces, index):
            units[-1] = range(units[-1].start, index + 1)
        else:
            units.append(range(index, index + 1))
    return units


def _continues_word(pieces: Pieces, index: int) -> bool:
    if pieces.words[index] != pieces.words[index - 1]:
        return False
    before_start, before_end = pieces.offsets[index - 1]
    start, end = pieces.offsets[index]
    return start == before_end and pieces.text[before_start:end].isalnum()
