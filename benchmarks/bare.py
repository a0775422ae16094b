"""The bare loop of each task: the least that could be done with the same weights, as a careful person would write it.

All texts are cut into pieces at once, put into batches of like length, and run under inference mode; what comes out is
reduced to the answer and nothing more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence

from engine.contract import Task
from engine.models.loaded import LoadedModel
from engine.models.precision import computes_bf16

BATCH_SIZES = (16, 32, 64)
LONGEST_ANSWER = 64  # pieces
FILLINGS = 5

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the loop runs: over which weights (their precision is `backend`), and how many texts at a time."""

    loaded: LoadedModel
    backend: str
    batch: int

    @property
    def name(self) -> str:
        return f"{self.backend}, batches of {self.batch}"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some of the texts. `rows` are their places among all; the tensors have the shape (batch, longest)."""

    rows: list[int]
    inputs: dict[str, torch.Tensor]
    output: Any


def ways(loaded: LoadedModel) -> list[Way]:
    """All that are worth trying here: the weights as loaded and, where the machine computes in them, in the other precision."""
    dtype = loaded.model.dtype
    precisions = {str(dtype).removeprefix("torch."): loaded}
    for other in (torch.float32, torch.bfloat16):
        if other != dtype and (other == torch.float32 or computes_bf16(loaded.device)):
            model = copy.deepcopy(loaded.model).to(other)  # type: ignore[arg-type]  # transformers' wrapper hides its parameters
            precisions[str(other).removeprefix("torch.")] = replace(loaded, model=model)
    return [Way(loaded=one, backend=f"torch {name}", batch=size) for name, one in precisions.items() for size in BATCH_SIZES]


def batches(
    way: Way, texts: Sequence[str], seconds: Sequence[str] | None = None, *, forward: Callable[..., Any] | None = None, **options: Any
) -> Iterator[Batch]:
    """Run the model, or `forward` in its place, over all texts, or pairs of them."""
    loaded, backend = way.loaded, way.loaded.tokenizer.backend
    encoded = backend(list(texts), list(seconds) if seconds else None, truncation=True, max_length=loaded.window, **options)
    order = sorted(range(len(texts)), key=lambda i: len(encoded["input_ids"][i]))
    names = [name for name in ("input_ids", "token_type_ids", "attention_mask") if name in encoded]
    for start in range(0, len(order), way.batch):
        rows = order[start : start + way.batch]
        inputs = {name: _padded([encoded[name][i] for i in rows], loaded, name).to(loaded.device) for name in names}
        with torch.inference_mode():
            yield Batch(rows=rows, inputs=inputs, output=(forward or loaded.model)(**inputs))


def _padded(rows: list[list[int]], loaded: LoadedModel, name: str) -> torch.Tensor:
    pad = loaded.tokenizer.pad_id if name == "input_ids" else 0
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad)


def embed(way: Way, texts: Sequence[str]) -> list[list[float]]:
    """Vectors of unit norm."""
    return _vectors(way, texts).tolist()


def _vectors(way: Way, texts: Sequence[str]) -> torch.Tensor:
    """*Shape:* (texts, width)."""
    found = torch.empty(len(texts), way.loaded.vector_width)
    for batch in batches(way, texts):
        hidden, mask = batch.output.last_hidden_state.float(), batch.inputs["attention_mask"].unsqueeze(-1)
        found[batch.rows] = torch.nn.functional.normalize(way.loaded.finish((hidden * mask).sum(1) / mask.sum(1)), dim=-1).cpu()
    return found


def similar(way: Way, texts: Sequence[str]) -> list[float]:
    """The cosine of each two neighbours: texts 0 and 1, 2 and 3, and so on."""
    vectors = _vectors(way, texts)
    cosines: list[float] = (vectors[0::2] * vectors[1::2]).sum(-1).tolist()
    return cosines


def sentiment(way: Way, texts: Sequence[str]) -> list[str]:
    """The model's label for each text."""
    found = [""] * len(texts)
    names: Any = way.loaded.model.config.id2label
    for batch in batches(way, texts):
        for row, index in zip(batch.rows, batch.output.logits.argmax(-1).tolist(), strict=True):
            found[row] = way.loaded.labels.get(names[index], names[index]).lower()
    return found


def ner(way: Way, texts: Sequence[str]) -> list[Probabilities]:
    """The probability of each tag for each piece, special tokens included; that of the likeliest is left to whoever reads it.

    *Shape:* (pieces, tags) each.
    """
    found = [np.empty((0, 0), dtype=np.float32)] * len(texts)
    for batch in batches(way, texts):
        lengths = batch.inputs["attention_mask"].sum(-1).tolist()
        probabilities = batch.output.logits.float().softmax(-1).cpu().numpy()
        for row, table, length in zip(batch.rows, probabilities, lengths, strict=True):
            found[row] = table[:length]
    return found


@dataclass(frozen=True, kw_only=True)
class Span:
    """The best span of a context, as places in the model's input, and the logits that say so. *Shape:* (longest,) both."""

    first: int
    last: int
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]


def ask(way: Way, questions: Sequence[str], contexts: Sequence[str]) -> list[Span]:
    """The best span of each context."""
    found: dict[int, Span] = {}
    separator = way.loaded.tokenizer.backend.sep_token_id
    for batch in batches(way, questions, contexts):
        ids = batch.inputs["input_ids"]
        context = ((ids == separator).cumsum(-1) == 1) & (ids != separator)  # (batch, longest): behind the first separator
        outside = torch.where(context, 0.0, float("-inf"))
        starts, ends = batch.output.start_logits.float(), batch.output.end_logits.float()
        scores = (starts + outside)[:, :, None] + (ends + outside)[:, None, :]  # (batch, longest, longest)
        width = scores.shape[-1]
        allowed = torch.ones(width, width, dtype=torch.bool, device=scores.device).triu().tril(LONGEST_ANSWER - 1)
        best = scores.masked_fill(~allowed, float("-inf")).flatten(1).argmax(-1).tolist()
        for row, place, start, end in zip(batch.rows, best, starts.cpu().numpy(), ends.cpu().numpy(), strict=True):
            found[row] = Span(first=place // width, last=place % width, starts=start, ends=end)
    return [found[index] for index in range(len(questions))]


def fill_mask(way: Way, texts: Sequence[str]) -> list[int]:
    """The likeliest piece for the one blank of each text; the next ones are computed too."""
    found = [0] * len(texts)
    model: Any = way.loaded.model
    mask_id = way.loaded.tokenizer.backend.mask_token_id

    def at_blanks(**inputs: torch.Tensor) -> Any:
        """The vocabulary's scores there alone, as the engine has them: half of the work of all. *Shape:* (blanks, vocabulary)."""
        return model.cls(model.base_model(**inputs).last_hidden_state[inputs["input_ids"] == mask_id])

    for batch in batches(way, texts, forward=at_blanks):
        rows = (batch.inputs["input_ids"] == mask_id).nonzero()[:, 0].tolist()
        best = batch.output.float().softmax(-1).topk(FILLINGS).indices[:, 0].tolist()
        for row, piece in zip(rows, best, strict=True):
            found[batch.rows[row]] = piece
    return found


def tokens(way: Way, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text's pieces, with their places in the text; no model runs."""
    encoded = way.loaded.tokenizer.backend(list(texts), return_offsets_mapping=True)
    ids: list[list[int]] = encoded["input_ids"]
    return ids


# What each loop takes: the texts of `benchmarks.ceiling.Question`.
LOOPS: dict[Task, Callable[..., list[Any]]] = {
    Task.SENTIMENT: sentiment,
    Task.NER: ner,
    Task.ASK: ask,
    Task.SIMILAR: similar,
    Task.TOKENS: tokens,
    Task.FILL_MASK: fill_mask,
    Task.EMBED: embed,
}
