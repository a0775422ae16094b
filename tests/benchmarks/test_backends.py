"""Backends are timed in a process of their own; one that computes something else, fails or is not installed is told, never left out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.backends import BACKENDS, SHORT_SHAPES, TORCH, Found, Plan, measured, rows_of, run
from benchmarks.contestants import environments
from benchmarks.errors import BenchmarkError
from benchmarks.report import RATIO
from engine.contract import Message
from tests.support.checkpoints import write_sentence_transformer

INT8 = "onnxruntime int8"


def plan(*backends: str, python: Path = Path(sys.executable)) -> Plan:
    return Plan(python=python, backends=(TORCH, *backends), left_out={}, shapes=((1, 16), (8, 24)), rounds=2)


def found(name: str, vector: list[float]) -> Found:
    times = {TORCH: [[4.0, 6.0], [8.0, 8.0]], name: [[2.0, 2.0], [8.0, 4.0]]}
    return Found(vectors={TORCH: [[1.0, 0.0]], name: [vector]}, milliseconds=times, versions={})


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentence_transformer(tmp_path_factory.mktemp("backends") / "model")


def test_the_short_form_has_torch_alone_and_says_what_it_left_out(encoder: Path) -> None:
    report = run(short=True, model=encoder)
    rows = {(row.name, row.group): row for row in report.rows}
    for texts, tokens in SHORT_SHAPES:
        assert rows[TORCH, f"{texts} × {tokens} tokens"].values
    for name in BACKENDS:
        if not name.startswith("torch"):
            assert not rows[name, ""].values
            assert "left out of the short form" in rows[name, ""].note
            assert name in report.notes[-1]


def test_every_backend_gets_its_loss_its_times_and_their_ratio() -> None:
    rows = {(row.name, row.group): row for row in rows_of(found(INT8, [3.0, 0.3]), plan(INT8))}
    assert rows[f"{INT8}: loss", "worst sentence"].values == pytest.approx((1 - 3.0 / (9.09**0.5),))
    assert rows[INT8, "8 × 24 tokens"].values == (8.0, 4.0)
    ratio = rows[f"{TORCH} ÷ {INT8}", "1 × 16 tokens"]
    assert (ratio.values, ratio.unit) == ((2.0, 3.0), RATIO)


@pytest.mark.parametrize(
    ("name", "vector"), [("openvino bf16", [1.0, 0.1]), (INT8, [1.0, 0.5]), ("openvino fp32", [-1.0, 0.0])], ids=["bf16", "int8", "fp32"]
)
def test_a_backend_that_computes_something_else_is_refused(name: str, vector: list[float]) -> None:
    with pytest.raises(BenchmarkError, match=f"{name} does not answer as the others do"):
        list(rows_of(found(name, vector), plan(name)))


def test_a_backend_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError) as caught:
        measured(plan(), tmp_path / "no model")
    assert "no model" in caught.value.message.en
    assert "build/peers/backends" in caught.value.message.en
    assert "測に失敗しました" in caught.value.message.ja


def test_an_environment_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="could not be measured"):
        measured(plan(python=tmp_path / "bin" / "python"), tmp_path)


def test_what_cannot_be_installed_says_what_can_be_measured_without_it(tmp_path: Path) -> None:
    (tmp_path / "backends").write_text("a file where the environment should be", encoding="utf-8")
    instead = Message(ja="--short なら測れます。", en="With --short, torch alone runs.")
    with pytest.raises(BenchmarkError) as caught:
        environments.make("backends", peer="openvino", folder=tmp_path, instead=instead)
    assert "not installed: openvino. With --short, torch alone runs." in caught.value.message.en
    assert "openvino がインストールされていません。--short なら測れます。" in caught.value.message.ja
