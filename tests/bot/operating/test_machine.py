"""The machine itself: what is too old, missing, full or open to others is said, with what to do."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from bot.operating.machine import check_disk, check_machine, check_memory, check_packages, check_python, check_state, fits
from bot.settings import Settings
from tests.bot.operating.findings import assert_bilingual, by_name


def test_this_machine_can_run_it(settings: Settings) -> None:
    found = check_machine(settings)
    assert_bilingual(found)
    assert {finding.state for finding in found if finding.name in ("python", "packages", "state")} == {"ok"}
    assert set(by_name(found)) == {"python", "packages", "disk", "state", "memory"}


def test_an_old_python_is_an_error() -> None:
    found = check_python((3, 10, 4))
    assert (found.state, found.found.ja, found.found.en) == ("error", "Python 3.10.4 は古すぎます。", "Python 3.10.4 is too old.")
    assert_bilingual([found])


@pytest.mark.parametrize(
    ("there", "wanted", "is_fit"),
    [
        ("2.13.0+cpu", "==2.13.0", True),
        ("2.12.1", "==2.13.0", False),
        ("1.10", "<2,>=1.9", True),
        ("2.0", "<2,>=1.9", False),
        ("6.2.912183", "<7,>=6.2.912183", True),
        ("2026.11.1", ">=2026.11", True),
        ("3.0", ">=3", True),
        ("0.9.dev1", "!=0.9", False),
        ("1", "", True),
    ],
)
def test_a_version_is_within_its_range_or_not(there: str, wanted: str, is_fit: bool) -> None:
    assert fits(there, wanted) is is_fit


def test_missing_and_wrong_packages_are_named() -> None:
    found = check_packages(["redis[hiredis]<2,>=1", "a-package-that-is-not (>=1)", "typer>=0.1", 'nothing>=1; extra == "test"'])
    assert found.state == "error"
    assert "redis" in found.found.en
    assert "a-package-that-is-not" in found.found.ja
    assert "typer" not in found.found.en
    assert "nothing" not in found.found.en
    assert_bilingual([found])


def test_where_all_is_there_but_what_runs_models_it_is_a_bot_alone() -> None:
    def version_of(name: str) -> str:
        if name in ("torch", "transformers"):
            raise PackageNotFoundError(name)
        return "1.0"

    found = check_packages(["typer>=0.1", "torch==2", "transformers>=5"], version_of=version_of)
    assert found.state == "warning"
    assert "torch, transformers" in found.found.ja
    assert "enough for a bot" in (found.advice.en if found.advice else "")
    assert_bilingual([found])


def test_what_was_never_installed_is_not_compared() -> None:
    assert check_packages([]).state == "skipped"


@pytest.mark.parametrize(("free_mib", "state"), [(255, "error"), (256, "warning"), (2_047, "warning"), (2_048, "ok")])
def test_a_full_disk_is_said_where_the_folder_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, state: str) -> None:
    there, folder = shutil.disk_usage(tmp_path), tmp_path / "not" / "there"
    usages = {tmp_path: there._replace(free=free_mib << 20)}
    monkeypatch.setattr(shutil, "disk_usage", usages.__getitem__)
    found = check_disk(folder)
    assert (found.name, found.state, found.advice is not None) == ("disk", state, state != "ok")
    assert all(f"{free_mib:,} MiB" in said and str(folder) in said for said in (found.found.ja, found.found.en))
    assert_bilingual([found])


def test_a_folder_that_others_can_write_to_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    [found] = check_state(tmp_path)
    assert (found.state, found.advice and found.advice.en) == ("error", f"Run: chmod 700 {tmp_path}")
    assert_bilingual([found])


def test_files_that_others_can_read_are_named_and_what_is_no_secret_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name, mode in (("feedback.db", 0o644), ("history", 0o600), ("chosen.json", 0o644)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    [found] = check_state(tmp_path)
    assert found.state == "warning"
    assert found.found.en.endswith(": feedback.db")
    tmp_path.chmod(0o700)
    assert [found.state for found in check_state(tmp_path)] == ["ok"]


def test_a_state_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    [found] = check_state(tmp_path / "state")
    assert found.state == "error"
    assert "YOMITE_STATE_DIR" in (found.advice.ja if found.advice else "")


@pytest.mark.parametrize(
    ("free_mib", "profile", "state"),
    [(8_000, "hub", "ok"), (3_000, "hub", "warning"), (3_000, "bundled", "ok"), (500, "bundled", "warning")],
)
def test_memory_is_held_against_what_models_may_take(tmp_path: Path, free_mib: int, profile: str, state: str) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:       99999999 kB\nMemAvailable:   {free_mib * 1024} kB\n")
    found = check_memory(Settings(profile=profile, memory_budget_mb=4_096), meminfo)  # type: ignore[arg-type]  # one of the two
    assert found.state == state
    assert f"{free_mib:,} MiB" in found.found.ja
    assert_bilingual([found])


def test_where_memory_cannot_be_read_it_is_left_out(tmp_path: Path) -> None:
    assert check_memory(Settings(), tmp_path / "none").state == "skipped"
