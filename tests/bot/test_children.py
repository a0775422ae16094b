"""Tests of what `yomite` hands on to a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.cli import main
from bot.exit_codes import INTERRUPTED, OK, WRONG_USAGE
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


@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        (["models", "use"], "FOLDER を指定してください", "FOLDER must be given"),
        (["models", "list", "--lang", "fr"], "--lang に「fr」は使えません", "--lang cannot be 'fr'"),
        (["train", "ner", "--dat", "x"], "--data を指定してください", "--data must be given"),
        (["adapt", "--text", "x", "--epoch", "3"], "--epochs のことですか？", "Did you mean --epochs?"),
        (["evaluate", "ner", "--lang"], "--lang の値がありません", "--lang needs a value"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_is_missing_or_wrong_is_said_by_the_process_that_needs_it_in_the_person_s_language(
    words: list[str], ja: str, en: str, lang: str, chosen: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("YOMITE_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8" if lang == "ja" else "C.UTF-8")
    assert main(words) == WRONG_USAGE
    assert (ja if lang == "ja" else en) in capfd.readouterr().err


@pytest.mark.parametrize("option", [["--lang", "ja"], ["--lang=ja"]], ids=" ".join)
def test_an_option_for_the_language_goes_before_the_setting(
    option: list[str], chosen: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", "en")
    assert main(["models", "list", *option]) == OK
    assert "yomite/ner：同梱" in capfd.readouterr().out


@pytest.mark.parametrize(("lang", "said"), [("ja", "yomite models use フォルダ"), ("en", "yomite models use FOLDER")])
def test_the_help_of_models_tells_how_to_choose_one(
    chosen: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["models", "--help"]) == OK
    assert said in capfd.readouterr().out


def busy_child(command: psutil.Process) -> psutil.Process:
    """The process that `command` started, once it has computed for a moment."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in command.children():
            if sum(child.cpu_times()[:2]) > 0.2:
                return child
        time.sleep(0.02)
    raise AssertionError("nothing was started")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_stops_the_command_stops_the_process_that_computes_for_it(tmp_path: Path, number: signal.Signals) -> None:
    rows = [f"{word} {place},{label}" for place in range(20) for word, label in (("good", "positive"), ("bad", "negative"))]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    words = [sys.executable, "-m", "bot", "train", "sentiment", "--data", str(tmp_path / "rows.csv"), "--out", str(tmp_path / "ours")]
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "OMP_NUM_THREADS": "1"}
    command = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        computing = busy_child(psutil.Process(command.pid))
        command.send_signal(number)
        assert command.wait(timeout=60) in (INTERRUPTED, 128 + signal.SIGTERM)
        computing.wait(timeout=10)
    finally:
        command.kill()
        command.wait()
