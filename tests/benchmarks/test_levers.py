"""Each lever is measured as the engine would pull it, says what the engine says, and is never left out without a word."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.errors import BenchmarkError
from benchmarks.levers import (
    COMPILED,
    NOT_IN_SHORT,
    SHIPPED,
    Labels,
    Lever,
    checked,
    compiled,
    eager,
    levers,
    padded_to_window,
    read,
    read_as_they_come,
    run,
    torch_threads,
)
from benchmarks.report import RATIO, Row
from benchmarks.texts import made_sentences
from engine.catalog import Catalog
from engine.contract import Task
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput


@pytest.fixture(scope="module")
def loaded(tiny_pack: Path) -> LoadedModel:
    cache = ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    return cache.get(Catalog.load(models_dir=tiny_pack).entry(Task.SENTIMENT, "ja"))


@pytest.fixture(scope="module")
def inputs(loaded: LoadedModel) -> list[ModelInput]:
    return [loaded.tokenizer.assemble(pieces.ids) for pieces in loaded.tokenizer.pieces(made_sentences(24))]


def test_every_lever_gets_its_speed_and_its_ratio_or_says_why_not(tiny_pack: Path) -> None:
    rows = {row.name: row for row in run(short=True, rounds=2, models_dir=tiny_pack, device="cpu").rows}
    speeds = [row for row in rows.values() if row.unit != RATIO]
    assert len(speeds) >= 11
    for row in speeds:
        assert len(row.values) == 2 or row.note
        assert (f"{row.name} ÷ {SHIPPED}" in rows) == (bool(row.values) and row.name != SHIPPED)
    for name in ("padded to the window", COMPILED):
        assert rows[name] == Row(name=name, unit="sentences/s", values=(), note=NOT_IN_SHORT)


def test_ratios_are_against_the_engine_as_shipped_in_the_same_round(tiny_pack: Path) -> None:
    rows = {row.name: row for row in run(short=True, rounds=2, models_dir=tiny_pack, device="cpu").rows}
    one = rows["one sentence at a time"].values
    expected = [value / shipped for value, shipped in zip(one, rows[SHIPPED].values, strict=True)]
    assert rows[f"one sentence at a time ÷ {SHIPPED}"].values == pytest.approx(expected)


def test_a_lever_that_says_something_else_is_refused(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    right = read(loaded, inputs)

    def wrong(some: Sequence[ModelInput]) -> Labels:
        return ["positive" if label != "positive" else "negative" for label in right[: len(some)]]

    with pytest.raises(BenchmarkError, match="upside down does not answer as the others do"):
        checked(Lever(name="upside down", read=wrong), inputs, right)


def test_neighbours_in_the_order_of_arrival_are_read_alike(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    assert read_as_they_come(loaded, inputs) == read(loaded, inputs)


def test_sentences_padded_to_the_window_are_read_alike(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    widths: list[int] = []
    hook = loaded.model.register_forward_pre_hook(lambda _, __, options: widths.append(options["input_ids"].shape[1]), with_kwargs=True)
    try:
        checked(padded_to_window(loaded), inputs, read(loaded, inputs))
    finally:
        hook.remove()
    assert widths[-1] == loaded.window


def test_eager_attention_leaves_the_engines_own_model_as_it_is(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    checked(eager(loaded), inputs, read(loaded, inputs))
    assert loaded.model.config._attn_implementation == "sdpa"


def test_compiling_leaves_the_engines_own_model_as_it_is(loaded: LoadedModel) -> None:
    before = sum(len(part._forward_pre_hooks) for part in loaded.model.modules())
    assert compiled(loaded).name == COMPILED
    assert sum(len(part._forward_pre_hooks) for part in loaded.model.modules()) == before > 0


def test_a_compiled_model_is_read_alike(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    # The graph is taken as for the benchmark, and run without a C++ compiler, which takes its time.
    assert checked(compiled(loaded, backend="eager"), inputs, read(loaded, inputs)).read


def test_a_model_that_cannot_be_compiled_is_a_row_that_says_why(loaded: LoadedModel, inputs: list[ModelInput]) -> None:
    def no_compiler(some: Sequence[ModelInput]) -> Labels:
        raise RuntimeError("No working C++ compiler found\nand more")

    lever = checked(replace(compiled(loaded), read=no_compiler), inputs, read(loaded, inputs))
    assert lever.read is None
    assert lever.note == "cannot be compiled here: No working C++ compiler found"


def test_any_other_lever_that_fails_ends_the_benchmark(inputs: list[ModelInput]) -> None:
    def fail(some: Sequence[ModelInput]) -> Labels:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        checked(Lever(name="other", read=fail), inputs, ["neutral"] * len(inputs))


def test_without_units_for_bf16_the_other_precision_is_a_row_that_says_so(loaded: LoadedModel) -> None:
    [_, precision, *_] = levers(loaded, None, short=True)
    assert precision == Lever(name="bfloat16", read=None, note="this machine has no units for bf16")


def test_torchs_threads_are_as_before_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with suppress(ValueError), torch_threads(before + 1):
        within = torch.get_num_threads()
        raise ValueError
    assert within == before + 1
    assert torch.get_num_threads() == before
