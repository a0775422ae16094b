"""Tests of models that are carried to a machine without a network: out of one cache, into another, each byte checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.locked import read_lock, write_lock
from engine.models.__main__ import BAD_INPUT, OK, TROUBLE
from tests.engine.models.machines import NAME, Machine
from tests.support.hub import COMMIT, serve_hub
from tests.support.ports import closed_port


@pytest.fixture
def carried(tmp_path: Path, checkpoint: Path) -> Path:
    """A folder that was written where there is a hub; there is none any more."""
    with serve_hub({NAME: checkpoint}) as hub:
        assert Machine(tmp_path / "outside", hub.url).call("pull", "--to", str(tmp_path / "stick")) == OK
    return tmp_path / "stick"


@pytest.fixture
def inside(tmp_path: Path) -> Machine:
    """A machine that reaches no hub."""
    return Machine(tmp_path / "inside", f"http://127.0.0.1:{closed_port()}")


def place(carried: Path) -> Path:
    return carried / "owner--feelings" / COMMIT


def test_a_model_is_carried_without_any_network(carried: Path, inside: Machine, checkpoint: Path) -> None:
    assert inside.call("pull", "--from", str(carried)) == OK
    assert inside.locked() == read_lock(carried / "models.lock").of(NAME, "main")
    assert inside.call("verify", NAME) == OK
    for name in inside.locked().files:
        assert (inside.snapshot / name).read_bytes() == (checkpoint / name).read_bytes()


def test_the_folder_holds_plain_files_and_a_lock(carried: Path) -> None:
    files = [path for path in carried.rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in files)
    assert {path.name for path in files} == {"models.lock", "config.json", "vocab.txt", "tokenizer_config.json", "model.safetensors"}


def test_what_was_carried_is_here_and_a_pull_asks_nobody(carried: Path, inside: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    inside.call("pull", "--from", str(carried))
    assert inside.call("pull") == OK
    assert "is here already" in capsys.readouterr().out


@pytest.mark.parametrize(("lang", "said"), [("ja", "運ばれたロックのハッシュと違います"), ("en", "the carried lock says")])
def test_a_file_that_was_damaged_on_the_way_is_not_taken(
    carried: Path, inside: Machine, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place(carried) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert inside.call("pull", "--from", str(carried), lang=lang) == TROUBLE
    assert said in capsys.readouterr().err
    assert not (inside.snapshot / "model.safetensors").exists()
    assert inside.locked() is None


def test_a_file_that_was_left_behind_is_named(carried: Path, inside: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    (place(carried) / "vocab.txt").unlink()
    assert inside.call("pull", "--from", str(carried)) == TROUBLE
    assert "vocab.txt" in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "said"), [("ja", "はありません。あるもの"), ("en", "does not hold owner/feelings")])
def test_a_folder_without_the_model_says_what_it_holds(
    tmp_path: Path, inside: Machine, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inside.call("pull", "--from", str(tmp_path), lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_another_commit_than_the_locked_one_is_taken_only_on_purpose(
    carried: Path, inside: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = read_lock(carried / "models.lock")
    locked = lock.of(NAME, "main")
    assert locked
    older = type(locked)(commit="a" * 40, files=locked.files)
    write_lock(inside.folder / "models.lock", lock.with_model(NAME, "main", older))
    assert inside.call("pull", "--from", str(carried)) == BAD_INPUT
    assert "locked at aaaaaaaaaaaa" in capsys.readouterr().err
    assert inside.call("pull", "--from", str(carried), "--update") == OK
    assert inside.locked().commit == COMMIT
