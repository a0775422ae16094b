"""Tests of what `yomite` hands on to a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from bot.exit_codes import OK, WRONG_USAGE
from engine.catalog.chosen import read_chosen
from engine.contract import Task
from tests.support.trained import write_trained


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where choices are kept, in a state folder of this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "yomite" / "chosen.json"


@pytest.mark.parametrize(("lang", "said"), [("ja", "これからは ours が"), ("en", "From now on ours answers")])
def test_a_trained_model_is_chosen_from_the_shell_by_a_relative_path(
    tmp_path: Path, chosen: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    write_trained(tmp_path / "ours")
    assert main(["models", "use", "ours"]) == OK
    assert said in capfd.readouterr().out
    assert read_chosen(chosen)[Task.SENTIMENT] == tmp_path / "ours"
    assert main(["models", "reset", "sentiment"]) == OK
    assert read_chosen(chosen) == {}


def test_what_is_missing_is_said_by_the_process_that_needs_it(chosen: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use"]) == WRONG_USAGE
    assert "required: FOLDER" in capfd.readouterr().err


@pytest.mark.parametrize(("lang", "said"), [("ja", "yomite models use フォルダ"), ("en", "yomite models use FOLDER")])
def test_the_help_of_models_tells_how_to_choose_one(
    chosen: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["models", "--help"]) == OK
    assert said in capfd.readouterr().out
