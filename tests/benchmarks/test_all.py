"""Every benchmark runs in its short form, over real workers and a real Redis, and leaves a result that can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.contestants import http, plain_rq
from benchmarks.page import ORDER
from benchmarks.report import Report, read
from engine.contract import Task
from engine.models.precision import computes_bf16
from tests.support.checkpoints import write_sentence_transformer

PEERS = [peer.name for peer in http.PEERS]
SIMPLE, FORKING = plain_rq.KINDS


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that all serve, with a window for the longest sentences."""
    folder = write_sentence_transformer(tmp_path_factory.mktemp("sentences") / "model")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256, "do_lower_case": False}), encoding="utf-8")
    return folder


def run_one(name: str, folder: Path, *arguments: str) -> Report:
    assert main([name, "--short", "--results", str(folder), *arguments]) == 0
    report = read(folder / f"{name}.json")
    assert report.short
    assert all(row.values or row.note for row in report.rows)
    assert all(value >= 0 for row in report.rows for value in row.values if "overhead" not in row.name)
    return report


def names(report: Report) -> set[str]:
    return {row.name for row in report.rows}


def test_the_whole_system_is_compared_with_plain_rq_and_says_whom_it_left_out_end_to_end(
    tmp_path: Path, tiny_pack: Path, sentences: Path
) -> None:
    left_out = [word for name in [*PEERS, FORKING] for word in ("--without", name)]
    report = run_one("system", tmp_path, "--models-dir", str(tiny_pack), "--model", str(sentences), *left_out)
    [*_, ratio] = report.rows_of(f"yomite ÷ {SIMPLE}")
    assert ratio.values
    assert [row.note for row in report.rows_of("yomite ÷ mosec")] == ["left out by --without"]
    assert "Left out by --without: mosec." in report.notes
    assert {"all tasks, 1 at once", "all tasks, 8 at once"} <= {row.group for row in report.rows}


def test_overhead_is_what_the_path_takes_beyond_the_model_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("overhead", tmp_path, "--models-dir", str(tiny_pack))
    assert names(report) == {"the whole path, p50", "the engine alone, p50", "overhead, p50"}


def test_scale_is_measured_by_workers_jobs_and_long_documents_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("scale", tmp_path, "--models-dir", str(tiny_pack))
    wanted = {
        "as against one worker",
        "time a job, last quarter ÷ second",
        "memory, last quarter ÷ second",
        "beside long documents ÷ alone",
    }
    assert wanted <= names(report)


def test_what_batches_take_is_measured_for_each_task_and_for_long_documents(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("service", tmp_path, "--models-dir", str(tiny_pack))
    assert {row.group for row in report.rows_of("a batch")} == {f"{task}, {size}" for task in Task for size in (1, 2)}
    assert {row.group for row in report.rows_of("a long document")} == {"sentiment", "ask"}


def test_the_simulation_is_compared_with_real_workers_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("capacity", tmp_path, "--models-dir", str(tiny_pack))
    compared = {"p95 of real workers with a simulated model", "p95 simulated", "processor time of a real worker, a question"}
    assert {"workers that keep p95 under 2 s", *compared} <= names(report)


def test_start_and_memory_are_measured_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("start", tmp_path, "--models-dir", str(tiny_pack))
    assert {"yomite --help", "yomite worker, to the first answer", "memory, some seconds later"} <= names(report)


def test_drawing_beside_is_compared_with_drawing_within_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    assert "drawn beside ÷ drawn within" in names(run_one("drawing", tmp_path, "--models-dir", str(tiny_pack)))


def test_the_levers_are_measured_against_the_engine_as_shipped_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    assert "one sentence at a time ÷ as shipped" in names(run_one("levers", tmp_path, "--models-dir", str(tiny_pack)))


def test_ways_to_learn_are_compared_with_pytorchs_attention_end_to_end(tmp_path: Path, tiny_pack: Path) -> None:
    report = run_one("learning", tmp_path, "--models-dir", str(tiny_pack))
    assert {row.unit for row in report.rows} == ({"tokens/s", "×"} if computes_bf16(torch.device("cpu")) else {"×"})


def test_backends_are_measured_by_torch_alone_in_the_short_form_end_to_end(tmp_path: Path, sentences: Path) -> None:
    report = run_one("backends", tmp_path, "--model", str(sentences))
    assert {"torch fp32", "openvino bf16", "onnxruntime int8"} <= names(report)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_without_a_gpu_the_result_says_so(tmp_path: Path, tiny_pack: Path) -> None:
    [row] = run_one("gpu", tmp_path, "--models-dir", str(tiny_pack)).rows
    assert row.note == "no GPU here"


def test_what_cannot_be_measured_is_counted_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drawing", "gpu", "--short", "--results", str(tmp_path), "--models-dir", str(tmp_path / "nothing")]) == 1
    assert "nothing" in capsys.readouterr().err
    assert not (tmp_path / "drawing.json").exists()
    assert (tmp_path / "gpu.json").exists()


def test_a_name_that_is_no_benchmark_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["engin"])
    assert "there is no benchmark 'engin'" in capsys.readouterr().err


def test_the_page_knows_every_benchmark() -> None:
    assert set(BENCHMARKS) == set(ORDER)
