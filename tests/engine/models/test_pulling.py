"""Tests of `yomite models pull`: the hub's real client against a hub on loopback, with tiny checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import BertForSequenceClassification

from engine.catalog import Catalog
from engine.contract import Task
from engine.models.__main__ import BAD_INPUT, OK, TROUBLE
from engine.models.verifying import verify
from tests.engine.models.machines import NAME, Machine
from tests.support.checkpoints import SENTIMENTS, write_english
from tests.support.hub import COMMIT, FakeHub, serve_hub
from tests.support.ports import closed_port

NEXT = "f" * 40


@pytest.fixture
def hub(checkpoint: Path) -> Iterator[FakeHub]:
    with serve_hub({NAME: checkpoint}) as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, hub: FakeHub) -> Machine:
    return Machine(tmp_path / "machine", hub.url)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def changed_copy(checkpoint: Path, folder: Path) -> Path:
    """The same checkpoint with another vocabulary file at its next commit."""
    write_english(folder, BertForSequenceClassification, labels=SENTIMENTS)
    (folder / "vocab.txt").write_text((checkpoint / "vocab.txt").read_text(encoding="utf-8") + "もう\n", encoding="utf-8")
    return folder


def test_a_pull_fetches_what_is_needed_and_locks_commit_and_hashes(machine: Machine, hub: FakeHub, checkpoint: Path) -> None:
    assert machine.call("pull", "feelings") == OK
    locked = machine.locked()
    needed = {"config.json", "vocab.txt", "tokenizer_config.json", "model.safetensors"}
    assert locked.commit == COMMIT
    assert set(locked.files) == needed == hub.fetched()
    assert {name: file.sha256 for name, file in locked.files.items()} == {name: digest(checkpoint / name) for name in needed}
    assert {path.name for path in machine.snapshot.iterdir()} == needed


def test_a_second_pull_asks_nobody(machine: Machine, hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    machine.call("pull")
    asked = len(hub.asked)
    assert machine.call("pull") == OK
    assert len(hub.asked) == asked > 0
    assert "is here already, and right" in capsys.readouterr().out


def test_a_branch_that_has_moved_does_not_move_what_is_locked(machine: Machine, hub: FakeHub, checkpoint: Path, tmp_path: Path) -> None:
    machine.call("pull")
    hub.move(NAME, NEXT, changed_copy(checkpoint, tmp_path / "next"))
    (machine.snapshot / "vocab.txt").unlink()
    assert machine.call("pull") == OK
    assert machine.locked().commit == COMMIT
    assert digest(machine.snapshot / "vocab.txt") == digest(checkpoint / "vocab.txt")


@pytest.mark.parametrize(
    ("lang", "said"), [("ja", f"{COMMIT[:12]} から {NEXT[:12]} に替えました"), ("en", f"moved from {COMMIT[:12]} to {NEXT[:12]}")]
)
def test_an_update_moves_on_purpose_and_says_from_where_to_where(
    machine: Machine, hub: FakeHub, checkpoint: Path, tmp_path: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.call("pull")
    hub.move(NAME, NEXT, changed_copy(checkpoint, tmp_path / "next"))
    assert machine.call("pull", NAME, "--update", lang=lang) == OK
    assert machine.locked().commit == NEXT
    assert said in capsys.readouterr().out


def test_a_catalog_over_the_lock_stands_at_the_locked_commit(machine: Machine) -> None:
    machine.call("pull")
    catalog = Catalog.load(user_file=machine.places.catalog, lock=machine.places.lock)
    entry = catalog.entry(Task.SENTIMENT, "ja")
    assert entry.pinned
    assert (entry.revision, entry.locked) == (COMMIT, machine.locked())
    assert catalog.entry(Task.EXPLAIN_ATTENTION, "ja", NAME).revision == COMMIT


def test_a_connection_that_breaks_midway_is_taken_up_after_the_last_whole_chunk(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "large" / "model.safetensors").write_bytes(bytes(range(256)) * (25 * 2**20 // 256))
    with serve_hub({NAME: tmp_path / "large"}) as hub:
        machine, hub.cut_after = Machine(tmp_path / "machine", hub.url), 23 * 2**20
        assert machine.call("pull") == OK
    assert hub.ranges == [f"bytes={20 * 2**20}-"]  # the client writes 10 MiB at a time
    assert digest(machine.snapshot / "model.safetensors") == digest(tmp_path / "large" / "model.safetensors")


def test_a_pull_that_was_stopped_goes_on_after_the_files_that_are_there(machine: Machine, hub: FakeHub, checkpoint: Path) -> None:
    hub.instead["model.safetensors"] = (checkpoint / "model.safetensors").read_bytes()[:-1] + b"!"
    assert machine.call("pull") == TROUBLE
    assert machine.locked() is None
    before = len([path for path in hub.asked if path.endswith("vocab.txt")])
    hub.instead.clear()
    assert machine.call("pull") == OK
    assert len([path for path in hub.asked if path.endswith("vocab.txt")]) == before


@pytest.mark.parametrize(("lang", "said"), [("ja", "ハッシュと違います"), ("en", "does not have the hash that")])
@pytest.mark.parametrize("file", ["model.safetensors", "vocab.txt"])
def test_bytes_that_are_not_those_that_the_hub_describes_are_thrown_away(
    machine: Machine, hub: FakeHub, checkpoint: Path, file: str, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.instead[file] = (checkpoint / file).read_bytes()[:-1] + b"!"
    assert machine.call("pull", lang=lang) == TROUBLE
    assert said in (err := capsys.readouterr().err)
    assert file in err
    assert not (machine.snapshot / file).exists()
    assert machine.locked() is None


@pytest.mark.parametrize(("lang", "said"), [("ja", "しか空いていません"), ("en", "has only")])
def test_a_model_that_the_disk_has_no_room_for_is_not_begun(
    machine: Machine, hub: FakeHub, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.claimed["model.safetensors"] = 2**60
    assert machine.call("pull", lang=lang) == TROUBLE
    assert said in capsys.readouterr().err
    assert hub.fetched() == set()


@pytest.mark.parametrize(("lang", "said"), [("ja", "接続できないか"), ("en", "cannot be reached")])
def test_without_a_hub_a_pull_says_what_to_do(tmp_path: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine(tmp_path / "machine", f"http://127.0.0.1:{closed_port()}")
    assert machine.call("pull", lang=lang) == TROUBLE
    err = capsys.readouterr().err
    assert said in err
    assert machine.mirror in err
    assert "--from" in err
    assert "YOMITE_HUB_MIRROR" in err


@pytest.mark.parametrize(("lang", "said"), [("ja", "がないか、公開されていません"), ("en", "has no model owner/feelings")])
def test_a_model_that_the_hub_does_not_have_is_named(
    machine: Machine, hub: FakeHub, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.repositories.clear()
    assert machine.call("pull", lang=lang) == TROUBLE
    assert said in capsys.readouterr().err


def test_what_was_pulled_is_verified_and_a_flipped_byte_is_found_by_file(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.call("pull")
    assert machine.call("verify", NAME) == OK
    path = machine.snapshot / "model.safetensors"
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)
    assert machine.call("verify", NAME) == TROUBLE
    captured = capsys.readouterr()
    assert "owner/feelings: changed: model.safetensors (other content)" in captured.out
    assert "yomite models pull owner/feelings" in captured.err
    assert machine.call("pull") == OK
    assert machine.call("verify", NAME) == OK


def test_half_a_file_is_another_size_and_a_lost_one_is_missing(machine: Machine) -> None:
    machine.call("pull")
    path = machine.snapshot / "vocab.txt"
    path.write_bytes(path.read_bytes()[:-5])
    (machine.snapshot / "tokenizer_config.json").unlink()
    [found] = verify(machine.places, [NAME])
    assert found.state == "changed"
    assert {wrong.name: wrong.trouble for wrong in found.wrong} == {"vocab.txt": "size", "tokenizer_config.json": "missing"}


def test_a_model_that_was_never_pulled_is_missing_and_one_without_a_lock_is_not_locked(machine: Machine) -> None:
    assert machine.call("verify", NAME) == TROUBLE
    assert [found.state for found in verify(machine.places, [NAME])] == ["missing"]
    machine.call("pull")
    elsewhere = replace(machine.places, lock=machine.folder / "no.lock")
    refs = machine.snapshot.parent.parent / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT, encoding="utf-8")  # as the engine leaves it that fetched a model by itself
    assert [(found.state, found.right) for found in verify(elsewhere, [NAME])] == [("not_locked", False)]


def test_a_lock_that_cannot_be_read_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.folder.mkdir()
    (machine.folder / "models.lock").write_text("{", encoding="utf-8")
    assert machine.call("pull") == BAD_INPUT
    assert "models.lock cannot be read" in capsys.readouterr().err


def test_a_lock_that_leads_out_of_the_cache_is_refused(machine: Machine) -> None:
    machine.call("pull")
    path = machine.folder / "models.lock"
    path.write_text(path.read_text(encoding="utf-8").replace('"vocab.txt"', '"../../../vocab.txt"'), encoding="utf-8")
    assert machine.call("pull") == BAD_INPUT


@pytest.mark.parametrize(("lang", "said"), [("ja", "feelings のことですか"), ("en", "Did you mean feelings")])
def test_a_name_that_is_nearly_right_is_asked_about(machine: Machine, lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.call("pull", "feeling", lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_the_list_tells_a_model_before_and_after_it_was_pulled(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.call("list", "--json")
    [before] = [row for row in json.loads(capsys.readouterr().out) if row["name"] == NAME]
    assert (before["state"], before["revision"], before["pinned"], before["checked"]) == ("absent", "main", False, None)
    machine.call("pull")
    capsys.readouterr()
    machine.call("list", "--json")
    [after] = [row for row in json.loads(capsys.readouterr().out) if row["name"] == NAME]
    assert (after["state"], after["revision"], after["pinned"], after["licence"]) == ("cached", COMMIT, True, "MIT")
    assert after["bytes"] == sum(file.size for file in machine.locked().files.values())
    assert after["checked"]


def test_licences_name_the_data_and_where_that_stands(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.call("licences", NAME) == OK
    out = capsys.readouterr().out
    assert "owner/feelings: MIT" in out
    assert "- sentences of this test" in out
    assert "https://huggingface.co/owner/feelings" in out
