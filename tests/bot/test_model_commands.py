"""Tests of `yomite models …` from the shell: the settings reach the process that fetches, and what was altered never answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers import BertForSequenceClassification

from bot.cli import main
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.model_commands import NAMES
from engine.catalog.chosen import read_chosen
from engine.contract import Task
from tests.support.checkpoints import SENTIMENTS, write_english
from tests.support.hub import COMMIT, FakeHub, serve_hub
from tests.support.ports import closed_port

ROW = """
[[models]]
task = "sentiment"
languages = ["ja", "en", "mixed"]
model = "owner/feelings"
revision = "main"
licence = "MIT"
window = 64
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    checkpoint = write_english(tmp_path / "hub", BertForSequenceClassification, labels=SENTIMENTS)
    with serve_hub({"owner/feelings": checkpoint}) as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of this test's own whose catalog has one model of the hub; its folder."""
    for name in list(os.environ):
        if name.startswith(("HF_", "YOMITE_")) or "proxy" in name.lower():
            monkeypatch.delenv(name)
    (tmp_path / "catalog.toml").write_text(ROW, encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("YOMITE_CATALOG", str(tmp_path / "catalog.toml"))
    monkeypatch.setenv("YOMITE_MODELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("YOMITE_DEVICE", "cpu")
    monkeypatch.setenv("YOMITE_LANG", "en")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flip_last_byte(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def test_a_model_is_pulled_from_the_mirror_chosen_loaded_and_refused_when_it_was_altered(
    machine: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_HUB_MIRROR", f"{hub.url}/")
    assert main(["models", "pull", "feelings"]) == OK
    assert "model.safetensors" in hub.fetched()
    assert (machine / "state" / "yomite" / "models.lock").is_file()
    assert main(["models", "use", "feelings"]) == OK
    assert main(["models", "warm", "sentiment"]) == OK
    flip_last_byte(machine / "cache" / "models--owner--feelings" / "snapshots" / COMMIT / "model.safetensors")
    capfd.readouterr()
    assert main(["models", "warm", "sentiment"]) == CANNOT_ANSWER
    err = capfd.readouterr().err
    assert "model.safetensors" in err
    assert "yomite models pull owner/feelings" in err
    assert read_chosen(machine / "state" / "yomite" / "chosen.json") == {Task.SENTIMENT: "owner/feelings"}


def test_the_lock_may_be_a_file_that_a_team_keeps(machine: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOMITE_HUB_MIRROR", hub.url)
    monkeypatch.setenv("YOMITE_MODELS_LOCK", str(machine / "repository" / "models.lock"))
    assert main(["models", "pull", "feelings"]) == OK
    assert COMMIT in (machine / "repository" / "models.lock").read_text(encoding="utf-8")
    assert not (machine / "state" / "yomite" / "models.lock").exists()


@pytest.mark.parametrize(("lang", "said"), [("ja", "YOMITE_HUB_MIRROR で指定"), ("en", "Name a mirror by YOMITE_HUB_MIRROR")])
def test_a_mirror_that_is_away_is_named_and_what_to_do(
    machine: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    mirror = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("YOMITE_HUB_MIRROR", mirror)
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["models", "pull", "feelings"]) == CANNOT_ANSWER
    err = capfd.readouterr().err
    assert mirror in err
    assert said in err


@pytest.mark.parametrize(("lang", "said"), [("ja", "同梱"), ("en", "bundled")])
def test_the_list_needs_neither_redis_nor_a_worker(
    machine: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{closed_port()}")
    assert main(["models", "list"]) == OK
    out = capfd.readouterr().out
    assert f"yomite/ner{'：' if lang == 'ja' else ': '}{said}" in out
    assert "owner/feelings" in out
    assert "CC-BY-SA-4.0" in out


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_help_of_models_names_every_command(
    machine: Path, lang: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["models", "--help"]) == OK
    out = capfd.readouterr().out
    assert [name for name in NAMES if f"yomite models {name}" not in out] == []


@pytest.mark.parametrize(("lang", "said"), [("ja", "運んできたフォルダ"), ("en", "a folder that was carried")])
def test_each_command_has_a_help_in_the_person_s_language(
    machine: Path, lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["models", "pull", "--help"]) == OK
    assert said in " ".join(capfd.readouterr().out.split()).replace("carried, ", "carried ")
