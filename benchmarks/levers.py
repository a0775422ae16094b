"""`python -m benchmarks.levers`: what each lever of the engine gives here: precision, batches, attention, compilation, threads.

One task by the bundled model, in turns, each lever as a ratio against the engine as shipped in the same round. The parts are the
engine's own; the sentences are cut into pieces beforehand, since no lever touches that.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.agreement import check_same
from benchmarks.ceiling import LEAST_ALIKE
from benchmarks.command import parser, run_and_print
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences
from benchmarks.turns import in_turns, seconds
from engine.catalog import Catalog
from engine.contract import SentimentLabel, Task
from engine.models.cache import ModelCache
from engine.models.loaded import TOKENS_PER_BATCH, LoadedModel
from engine.models.precision import computes_bf16
from engine.tasks.sentiment import label_columns
from engine.tokenization.pieces import ModelInput

ROUNDS = 3
SENTENCES, SHORT_SENTENCES = 256, 12
CHECKED_SENTENCES = 64  # before anything is timed; what is said while it is timed is compared, too
PADDED_SENTENCES = 16  # each costs a whole window: these fill one batch
MEMORY_BUDGET_BYTES = 4 * 1024**3
SHIPPED, COMPILED = "as shipped", "torch.compile"
BATCH_TOKENS = (512, 2_048, 16_384)
NOT_IN_SHORT = "left out of the short form: it takes long"
# What torch raises where a model cannot be compiled: its own errors are RuntimeErrors, those of a compiler's process are OSErrors.
CANNOT_COMPILE = (RuntimeError, OSError, ImportError)

Labels = list[SentimentLabel]
Read = Callable[[Sequence[ModelInput]], Labels]


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One way to read. It reads the first `sentences`, or all; where it cannot be pulled, `read` is None and `note` says why."""

    name: str
    read: Read | None
    sentences: int | None = None
    note: str = ""


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "auto") -> Report:
    """Measure every lever that the machine has.

    Raises:
        EngineError: the model cannot be loaded, or a lever changes what it says.
    """
    loaded, other = _load(models_dir, device)
    inputs = _inputs(loaded, made_sentences(SHORT_SENTENCES if short else SENTENCES))
    expected = read(loaded, inputs)
    pulled = [checked(lever, inputs, expected) for lever in levers(loaded, other, short=short)]
    rows = tuple(_measure(pulled, inputs, expected, rounds=rounds or (1 if short else ROUNDS)))
    return Report(benchmark="levers", title="What each lever gives", short=short, rows=rows, notes=tuple(_notes(loaded, inputs)))


def _notes(loaded: LoadedModel, inputs: Sequence[ModelInput]) -> Iterator[str]:
    lengths = sorted(map(len, inputs))
    yield f"Sentiment of {len(inputs)} sentences of {lengths[0]} to {lengths[-1]} pieces, {sum(lengths):,} in all; half are Japanese."
    yield (
        f"{SHIPPED}: {_precision(loaded)}, {loaded.model.config._attn_implementation}, sentences of like length together, "
        f"{TOKENS_PER_BATCH:,} padded tokens a batch, threads: {torch.get_num_threads()}. Each lever changes one of these."
    )
    yield f"Cutting into pieces is left out. Each lever's labels are those of {SHIPPED} (at least {LEAST_ALIKE:.0%} alike)."


def _load(models_dir: Path | None, device: str) -> tuple[LoadedModel, LoadedModel | None]:
    """The model as shipped, and in the other precision: fp32 beside bf16. Where that is fp32, bf16 has no units here."""
    entry = Catalog.load(models_dir=models_dir).entry(Task.SENTIMENT, "ja")
    loaded = ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device).get(entry)
    names = [name for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)) if dtype != loaded.model.dtype]
    wanted = names[0]
    if wanted == "bf16" and not computes_bf16(loaded.device):
        return loaded, None
    return loaded, ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device, precision=wanted).get(entry)


def _precision(loaded: LoadedModel) -> str:
    return str(loaded.model.dtype).removeprefix("torch.")


def _inputs(loaded: LoadedModel, texts: Sequence[str]) -> list[ModelInput]:
    """One a sentence; the made ones are shorter than any bundled model's window."""
    return [loaded.tokenizer.assemble(pieces.ids) for pieces in loaded.tokenizer.pieces(texts)]


def levers(loaded: LoadedModel, other: LoadedModel | None, *, short: bool) -> Iterator[Lever]:
    """All of them, the engine as shipped first."""
    yield Lever(name=SHIPPED, read=partial(read, loaded))
    yield _other_precision(other)
    yield Lever(name="in the order of arrival", read=partial(read_as_they_come, loaded))
    yield _left_out("padded to the window") if short else padded_to_window(loaded)
    yield Lever(name="one sentence at a time", read=partial(read, loaded, tokens_per_batch=1))
    for tokens in BATCH_TOKENS:
        yield Lever(name=f"{tokens:,} tokens a batch", read=partial(read, loaded, tokens_per_batch=tokens))
    yield eager(loaded)
    yield _left_out(COMPILED) if short else compiled(loaded)
    yield from _threads(loaded)


def _left_out(name: str) -> Lever:
    return Lever(name=name, read=None, note=NOT_IN_SHORT)


def _other_precision(other: LoadedModel | None) -> Lever:
    if other is None:
        return Lever(name="bfloat16", read=None, note="this machine has no units for bf16")
    return Lever(name=_precision(other), read=partial(read, other))


def _threads(loaded: LoadedModel) -> Iterator[Lever]:
    """One and all cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Lever(name="1 thread", read=partial(read_by_threads, loaded, 1))
    if cores > 1:
        yield Lever(name=f"{cores} threads (all cores)", read=partial(read_by_threads, loaded, cores))


def read(loaded: LoadedModel, inputs: Sequence[ModelInput], *, tokens_per_batch: int = TOKENS_PER_BATCH) -> Labels:
    """As `engine.tasks.sentiment` reads."""
    return _labels(loaded, len(inputs), loaded.forward_batches(inputs, tokens_per_batch=tokens_per_batch))


def read_by_threads(loaded: LoadedModel, threads: int, inputs: Sequence[ModelInput]) -> Labels:
    """The same by so many of torch's threads."""
    with torch_threads(threads):
        return read(loaded, inputs)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Torch computes in `count` threads within."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def read_as_they_come(loaded: LoadedModel, inputs: Sequence[ModelInput]) -> Labels:
    """Batches of as many neighbours as TOKENS_PER_BATCH allows."""
    return _labels(loaded, len(inputs), _forward(loaded, inputs, _neighbours(inputs)))


def _neighbours(inputs: Sequence[ModelInput]) -> Iterator[list[int]]:
    rows: list[int] = []
    longest = 0
    for index, one in enumerate(inputs):
        longest = max(longest, len(one))
        if rows and longest * (len(rows) + 1) > TOKENS_PER_BATCH:
            yield rows
            rows, longest = [], len(one)
        rows.append(index)
    yield rows


def _read_padded(loaded: LoadedModel, inputs: Sequence[ModelInput]) -> Labels:
    count = max(1, TOKENS_PER_BATCH // loaded.window)
    batches = [list(range(start, min(start + count, len(inputs)))) for start in range(0, len(inputs), count)]
    return _labels(loaded, len(inputs), _forward(loaded, inputs, batches, width=loaded.window))


def padded_to_window(loaded: LoadedModel) -> Lever:
    """Every sentence as long as the model's window, as a pipeline of fixed length has it."""
    note = f"{PADDED_SENTENCES} sentences, {loaded.window} tokens each"
    return Lever(name="padded to the window", read=partial(_read_padded, loaded), sentences=PADDED_SENTENCES, note=note)


def _forward(
    loaded: LoadedModel, inputs: Sequence[ModelInput], batches: Iterator[list[int]] | list[list[int]], *, width: int = 0
) -> Iterator[tuple[list[int], Any]]:
    """`LoadedModel.forward_batches` with the batches as given, padded to at least `width`."""
    for rows in batches:
        tensors = loaded.tensors([inputs[row] for row in rows])
        missing = max(0, width - tensors["input_ids"].shape[1])
        fill = {"input_ids": loaded.tokenizer.pad_id}
        widened = {name: torch.nn.functional.pad(one, (0, missing), value=fill.get(name, 0)) for name, one in tensors.items()}
        with torch.inference_mode():
            yield rows, loaded.model(**widened)


def _labels(loaded: LoadedModel, count: int, outputs: Iterator[tuple[list[int], Any]]) -> Labels:
    """The likeliest label of each input."""
    columns = label_columns(loaded)
    names = list(columns)
    found = [names[0]] * count
    for rows, output in outputs:
        odds = torch.softmax(output.logits.double(), dim=-1)
        sums = torch.stack([odds[:, places].sum(-1) for places in columns.values()], dim=-1)
        for row, best in zip(rows, sums.argmax(-1).tolist(), strict=True):
            found[row] = names[best]
    return found


def eager(loaded: LoadedModel) -> Lever:
    """Attention written out, as the models that show their attention have it."""
    model = copy.deepcopy(loaded.model)
    model.set_attn_implementation("eager")
    return Lever(name="eager attention", read=partial(read, replace(loaded, model=model)))


def compiled(loaded: LoadedModel, *, backend: str = "inductor") -> Lever:
    """Compiled for any length when it first reads, without the points at which short work is let in: they would cut the graph."""
    model = copy.deepcopy(loaded.model)
    for part in model.modules():
        part._forward_pre_hooks.clear()

    @cache
    def compiled_model() -> LoadedModel:
        fast: Any = torch.compile(model, dynamic=True, backend=backend)
        return replace(loaded, model=fast)

    return Lever(name=COMPILED, read=lambda inputs: read(compiled_model(), inputs), note="compiling itself is not counted")


def checked(lever: Lever, inputs: Sequence[ModelInput], expected: Labels) -> Lever:
    """The lever, warmed up, after its labels were compared; one that cannot be compiled is left with the reason.

    Raises:
        BenchmarkError: it says something else.
    """
    if lever.read is None:
        return lever
    count = min(lever.sentences or CHECKED_SENTENCES, len(inputs))
    try:
        found = lever.read(inputs[:count])
    except CANNOT_COMPILE as error:
        if lever.name != COMPILED:
            raise
        return replace(lever, read=None, note=f"cannot be compiled here: {_first_line(error)}")
    check_same(lever.name, found, expected[:count], least=LEAST_ALIKE)
    return lever


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _measure(pulled: Sequence[Lever], inputs: Sequence[ModelInput], expected: Labels, *, rounds: int) -> Iterator[Row]:
    """Each lever's rate and what it is of the first one's."""
    found = in_turns(
        {lever.name: partial(_rate, lever.name, lever.read, inputs[: lever.sentences], expected) for lever in pulled if lever.read},
        rounds=rounds,
    )
    shipped = over(found, SHIPPED)
    for lever in pulled:
        values = over(found, lever.name) if lever.read else ()
        yield Row(name=lever.name, unit="sentences/s", values=values, note=lever.note)
        if lever.name != SHIPPED and values:
            yield Row(name=f"{lever.name} ÷ {SHIPPED}", unit=RATIO, values=ratio(values, shipped))


def _rate(name: str, read_all: Read, inputs: Sequence[ModelInput], expected: Labels) -> float:
    """Sentences a second."""
    found: Labels = []
    taken_s = seconds(lambda: found.extend(read_all(inputs)))
    check_same(name, found, expected[: len(inputs)], least=LEAST_ALIKE)
    return len(inputs) / taken_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each lever gives; 1 where the model cannot answer."""
    return run_and_print(run, parser("levers", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
