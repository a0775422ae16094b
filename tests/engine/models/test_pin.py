"""Tests of pinning: commits for branches, and nothing else changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.catalog.catalog import CATALOG_FILE
from engine.models.pin import pin
from tests.support.hub import COMMIT, serve_hub

ROWS = """# 注釈は残る
[[models]]
task = "embed"
languages = ["ja", "en"]
model = "owner/model"
revision = "main"  # a branch
licence = "MIT"
window = 64

[[models]]
task = "embed"
languages = ["mixed"]
folder = "own"
licence = "MIT"
window = 64
"""


def test_each_revision_is_asked_for_with_its_own_model() -> None:
    asked: list[tuple[str, str]] = []

    def resolve(model: str, revision: str) -> str:
        asked.append((model, revision))
        return COMMIT

    pinned = pin(ROWS + ROWS.replace("owner/model", "other/one").replace('"main"', '"v2"'), resolve)
    assert asked == [("owner/model", "main"), ("other/one", "v2")]
    assert pinned.count(COMMIT) == 2


def test_all_but_the_revisions_stays_as_it_was_written() -> None:
    assert pin(ROWS, lambda *_: COMMIT) == ROWS.replace('"main"', f'"{COMMIT}"')


def test_a_pinned_file_is_not_asked_about_again() -> None:
    def refuse(*_: str) -> str:
        raise AssertionError("asked")

    once = pin(ROWS, lambda *_: COMMIT)
    assert pin(once, refuse) == once


def test_the_catalog_of_the_engine_can_be_pinned_in_every_row() -> None:
    pinned = pin(CATALOG_FILE.read_text(encoding="utf-8"), lambda *_: COMMIT)
    revisions = [line for line in pinned.splitlines() if line.startswith("revision")]
    assert len(revisions) > 20
    assert all(COMMIT in line for line in revisions)


def test_the_command_asks_the_hub_and_writes_the_file(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text(ROWS, encoding="utf-8")
    (tmp_path / "repository").mkdir()
    with serve_hub({"owner/model": tmp_path / "repository"}) as hub:
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "home"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        subprocess.run(
            [sys.executable, "-m", "engine.models.pin", str(catalog)], env=environment, check=True, capture_output=True, timeout=120
        )
    assert catalog.read_text(encoding="utf-8") == ROWS.replace('"main"', f'"{COMMIT}"')
