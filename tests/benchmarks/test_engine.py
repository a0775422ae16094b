"""The benchmark of the engine runs every task, and refuses a bare loop that says something else; how fast is no test's business."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.bare import LOOPS, Span, Way
from benchmarks.ceiling import bare_answers, check, engine_answers, question
from benchmarks.engine import BARE, ENGINE, main, run
from benchmarks.errors import BenchmarkError
from benchmarks.texts import made_sentences
from engine.catalog import Catalog
from engine.contract import Task
from engine.engine import Engine
from engine.models.cache import ModelCache


def test_every_task_gets_both_speeds_and_their_ratio(tiny_pack: Path) -> None:
    report = run(short=True, rounds=2, models_dir=tiny_pack, device="cpu")
    for task in LOOPS:
        ours, theirs, ratio = (row for row in report.rows if row.group == str(task))
        assert (ours.name, theirs.name, ratio.name) == (ENGINE, BARE, f"{ENGINE} ÷ {BARE}")
        assert len(ours.values) == len(theirs.values) == 2
        assert ratio.values == pytest.approx([a / b for a, b in zip(ours.values, theirs.values, strict=True)])
    assert report.short


@pytest.mark.parametrize("task", list(LOOPS))
def test_a_bare_loop_that_says_something_else_is_refused(tiny_pack: Path, task: Task) -> None:
    catalog, cache = Catalog.load(models_dir=tiny_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    loaded = cache.get(catalog.entry(task, "ja"))
    asked = question(task, made_sentences(8))
    results = engine_answers(Engine(catalog, cache), asked.requests)
    found = bare_answers(asked, Way(loaded=loaded, backend="torch", batch=4))
    check(asked, results, found, loaded, name="right")
    with pytest.raises(BenchmarkError, match="wrong"):
        check(asked, results, wrong(task, found), loaded, name="wrong")


def wrong(task: Task, found: list[object]) -> list[object]:
    """Other answers of the same form."""
    if task is Task.EMBED:
        return found[::-1]
    other: dict[Task, object] = {Task.SENTIMENT: "no label", Task.SIMILAR: -1.0, Task.FILL_MASK: 0, Task.TOKENS: []}
    if task in other:
        return [other[task]] * len(found)
    if task is Task.ASK:
        return [other_span(span) for span in found]
    return [table[:, ::-1] for table in found]  # type: ignore[index]  # a table each


def other_span(span: object) -> Span:
    """The logits the other way round."""
    assert isinstance(span, Span)
    return replace(span, starts=-span.starts, ends=-span.ends)


def test_a_missing_pack_is_told_in_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--short", "--models-dir", str(tmp_path / "nothing")]) == 1
    said = capsys.readouterr().err
    assert "nothing" in said
    assert "フォルダ" in said
