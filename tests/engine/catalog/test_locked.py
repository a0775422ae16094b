"""Tests of the lock: what is written is read, in an order that makes small differences, and what is wrong with it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.catalog import Catalog
from engine.catalog.entry import LockedFile, LockedModel
from engine.catalog.locked import Lock, read_lock, write_lock
from engine.contract import Task
from engine.errors import CatalogError

FILES = {name: LockedFile(size=1, sha256="ab" * 32) for name in ("vocab.txt", "config.json")}
LOCKED = LockedModel(commit="c" * 40, files=FILES)
NER = "jurabi/bert-ner-japanese"


def test_a_lock_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "models.lock") == Lock()


def test_what_is_written_is_read_again_and_sorted(tmp_path: Path) -> None:
    path, lock = tmp_path / "deep" / "models.lock", Lock().with_model("owner/b", "main", LOCKED).with_model("owner/a", None, LOCKED)
    write_lock(path, lock)
    assert read_lock(path) == lock
    body = json.loads(path.read_text(encoding="utf-8"))
    assert list(body["models"]) == ["owner/a@main", "owner/b@main"]
    assert list(body["models"]["owner/a@main"]["files"]) == ["config.json", "vocab.txt"]


def test_rows_of_every_profile_stand_at_their_locked_commits(tmp_path: Path) -> None:
    write_lock(tmp_path / "models.lock", Lock().with_model(NER, "main", LOCKED))
    for profile in ("bundled", "hub"):
        entry = Catalog.load(profile=profile, lock=tmp_path / "models.lock").entry(Task.NER, "ja", NER)
        assert (entry.revision, entry.locked) == (LOCKED.commit, LOCKED)


def test_a_model_that_no_row_describes_is_locked_too(tmp_path: Path) -> None:
    write_lock(tmp_path / "models.lock", Lock().with_model("somebody/model", None, LOCKED))
    assert Catalog.load(lock=tmp_path / "models.lock").entry(Task.NER, "ja", "somebody/model").locked == LOCKED


def test_a_row_that_asks_for_another_revision_is_not_locked(tmp_path: Path) -> None:
    write_lock(tmp_path / "models.lock", Lock().with_model(NER, "v2", LOCKED))
    assert Catalog.load(profile="hub", lock=tmp_path / "models.lock").entry(Task.NER, "ja").locked is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 9}, "version 9"),
        ({"models": {"a@main": {"commit": "main", "files": {}}}}, "commit 'main'"),
        ({"models": {"a@main": {"commit": "c" * 40, "files": {"../x": {"size": 1, "sha256": "ab" * 32}}}}}, "../x"),
        ({"models": {"a@main": {"commit": "c" * 40, "files": {"x": {"size": 1, "sha256": "ab"}}}}}, "'x'"),
        ({"models": []}, "models"),
    ],
    ids=["version", "commit", "path", "digest", "form"],
)
def test_a_lock_that_is_wrong_is_refused_with_what_is_wrong(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = tmp_path / "models.lock"
    path.write_text(json.dumps({"version": 1, "models": {}} | changes), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        read_lock(path)
    for message in (caught.value.message.ja, caught.value.message.en):
        assert str(path) in message
        assert said in message


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"YOMITE_MODELS_LOCK"):
        write_lock(tmp_path / "file" / "models.lock", Lock())
