"""Whether a machine can compute and draw is said row by row; a check that breaks stops no other."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import checking
from engine.checking import Row, check_answers, check_dictionary, check_fonts, check_models, check_torch, guarded
from engine.errors import ModelError


def options(*words: str, models_dir: Path | None = None) -> argparse.Namespace:
    return checking.parser().parse_args([*words, *([f"--models-dir={models_dir}"] if models_dir else [])])


def assert_bilingual(rows: list[Row]) -> None:
    for row in rows:
        assert row.found.ja
        assert row.found.en
        assert (row.advice is None) == (row.state == "ok"), row


def test_this_machine_computes_draws_and_cuts(tiny_pack: Path) -> None:
    rows = [*check_torch("cpu", "fp32"), *check_fonts(), *check_dictionary()]
    assert_bilingual(rows)
    assert {row.name: row.state for row in rows if row.name != "gpu"} == {"torch": "ok", "fonts": "ok", "dictionary": "ok"}
    assert "cpu" in rows[0].found.ja
    assert "東京|都|に|行く" in rows[-1].found.en


def test_whether_torch_computes_is_known_without_loading_what_loads_models() -> None:
    code = (
        "import sys; from engine.checking import check_torch; print(check_torch('cpu', 'auto')[0].state); "
        "print({'engine.models.loading', 'transformers.modeling_utils'} & set(sys.modules))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert outcome.stdout.splitlines() == ["ok", "set()"], outcome.stderr


def test_a_transformers_that_does_not_fit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    [row] = guarded("torch", lambda: check_torch("cpu", "auto"))
    assert (row.state, "transformers" in row.found.ja) == ("error", True)
    assert_bilingual([row])


def test_a_device_that_is_not_there_is_an_error() -> None:
    [row] = check_torch("cuda:7", "auto")
    assert (row.state, "cuda:7" in row.found.ja, "cuda:7" in row.found.en) == ("error", True, True)
    assert_bilingual([row])


def test_models_that_are_whole_are_ok(tiny_pack: Path) -> None:
    rows = check_models(options(models_dir=tiny_pack))
    assert_bilingual(rows)
    assert {row.state for row in rows} == {"ok"}
    assert any(row.name.endswith("sentiment") for row in rows)


def test_a_file_that_was_cut_off_is_named(tiny_pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(tiny_pack, folder)
    [weights, *_] = sorted(folder.glob("sentiment/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-10])
    rows = [row for row in check_models(options(models_dir=folder)) if row.state != "ok"]
    assert [(row.name.rpartition("/")[2], row.state) for row in rows] == [("sentiment", "error")]
    assert weights.name in rows[0].found.ja
    assert_bilingual(rows)


def test_a_folder_that_is_not_there_is_an_error(tiny_pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(tiny_pack, folder)
    shutil.rmtree(folder / "ner")
    rows = [row for row in check_models(options(models_dir=folder)) if row.state != "ok"]
    assert [(row.name.rpartition("/")[2], row.state) for row in rows] == [("ner", "error")]
    assert_bilingual(rows)


def test_models_of_the_hub_that_are_not_here_are_to_be_pulled(tmp_path: Path) -> None:
    rows = check_models(options("--profile=hub", f"--cache={tmp_path}"))
    assert {row.state for row in rows} == {"warning"}
    assert all(row.advice and "yomite models pull" in row.advice.ja for row in rows)
    assert_bilingual(rows)


def test_a_catalog_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text("[[models]]\ntask = 'nonsense'\n")
    [row] = guarded("models", lambda: check_models(options(f"--catalog={catalog}")))
    assert (row.name, row.state, "nonsense" in row.found.en) == ("models", "error", True)
    assert_bilingual([row])


def test_the_bundled_models_answer_in_both_languages() -> None:
    rows = check_answers(options("--device=cpu"))
    assert [(row.name, row.state) for row in rows] == [("answers.ja", "ok"), ("answers.en", "ok")]
    assert all("positive" in row.found.ja for row in rows)


def test_models_that_cannot_answer_say_why(tmp_path: Path) -> None:
    rows = check_answers(options("--device=cpu", models_dir=tmp_path))
    assert {row.state for row in rows} == {"error"}
    assert_bilingual(rows)


def test_what_breaks_says_so_in_its_own_row() -> None:
    def missing() -> list[Row]:
        raise ImportError("no such module", name="a_module")

    def broken() -> list[Row]:
        raise ZeroDivisionError("a bug")

    def refused() -> list[Row]:
        raise ModelError("model_not_found", ja="ない", en="not there")

    rows = [row for name, check in (("a", missing), ("b", broken), ("c", refused)) for row in guarded(name, check)]
    assert [(row.name, row.state) for row in rows] == [("a", "error"), ("b", "error"), ("c", "error")]
    assert "a_module" in rows[0].found.ja
    assert "ZeroDivisionError" in rows[1].found.en
    assert rows[2].found.ja == "ない"
    assert_bilingual(rows)


def test_it_prints_one_list_as_json(tiny_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checking.main([f"--models-dir={tiny_pack}", "--device=cpu", "--batch=4", "--lang=ja"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"torch", "gpu", "fonts", "dictionary"} <= {row["name"] for row in rows}
