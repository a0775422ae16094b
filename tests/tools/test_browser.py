"""Chromium is found under each of its names, and where it cannot be had `make browser` says what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.chromium import NAMES, find_chromium
from tools.lock import ROOT

BASH = str(shutil.which("bash"))
SCRIPT = ROOT / "tools" / "browser.sh"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Chromium, whose packages cannot be had."""
    for name, does in {"apt-get": "exit 100", "id": "echo 0"}.items():
        put(tmp_path / name, does)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return tmp_path


def put(path: Path, does: str) -> None:
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o755)


def make_browser() -> subprocess.CompletedProcess[str]:
    return subprocess.run([BASH, SCRIPT], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_is_found_under_each_of_its_names(programs: Path, name: str) -> None:
    put(programs / name, "true")
    assert find_chromium() == str(programs / name)
    assert make_browser().returncode == 0


def test_a_browser_of_another_name_is_named_by_a_variable(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs / "chromium", "true")
    put(tmp_path / "the browser", "true")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "the browser"))
    assert find_chromium() == str(tmp_path / "the browser")
    assert make_browser().returncode == 0


@pytest.mark.parametrize("named", ["", "no-such-browser"])
def test_where_there_is_none_it_is_said_what_to_do(programs: Path, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", named)
    with pytest.raises(FileNotFoundError, match=f"{named or 'google-chrome'}: make browser"):
        find_chromium()
    outcome = make_browser()
    assert outcome.returncode == 1
    assert "apt-get install chromium" in outcome.stderr
    assert "CHROMIUM=/path/to/chromium" in outcome.stderr
