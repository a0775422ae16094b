"""The example units of systemd start command lines that exist, without rights that these do not need, and leave time to stop."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.closing import CLOSING_S
from bot.running import WORKER_STOP_S
from bot.service_commands import NAMES
from bot.serving import PLATFORMS
from bot.setting_keys import KEYS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "examples"
UNITS = ("yomite-run.service", "yomite-bot@.service", "yomite-worker@.service")
PROGRAM = "/opt/yomite/bin/yomite"


OTHERS = {"PYTHONUNBUFFERED", "HF_HOME", "MPLCONFIGDIR"}  # of Python and of the libraries of models


def section(unit: str) -> dict[str, str]:
    """What stands under [Service]; of what is written twice, both in one."""
    found: dict[str, str] = {}
    lines = (FOLDER / unit).read_text(encoding="utf-8").partition("[Service]")[2].partition("\n[")[0].splitlines()
    for name, _, value in (line.partition("=") for line in lines if line and not line.startswith("#")):
        found[name] = f"{found[name]} {value}" if name in found else value
    return found


def test_these_are_all_units() -> None:
    assert {path.name for path in FOLDER.glob("*.service")} == set(UNITS)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_command_that_exists(unit: str) -> None:
    program, command, *rest = shlex.split(section(unit)["ExecStart"])
    assert program == PROGRAM
    assert command in NAMES
    assert rest == (["%i"] if command == "serve" else [])
    assert all(f"yomite-bot@{platform}" in (FOLDER / "yomite-bot@.service").read_text(encoding="utf-8") for platform in PLATFORMS)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_gives_only_settings_that_are_read(unit: str) -> None:
    given = {pair.partition("=")[0] for pair in shlex.split(section(unit)["Environment"])}
    assert given - {key.variable for key in KEYS} <= OTHERS


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_has_no_rights_that_it_does_not_need(unit: str) -> None:
    found = section(unit)
    assert found["User"] == "yomite"
    assert found["CapabilityBoundingSet"] == ""
    assert [found[name] for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp")] == ["yes"] * 3
    assert found["ProtectSystem"] == "strict"


@pytest.mark.parametrize(
    ("unit", "needed_s"),
    [("yomite-run.service", WORKER_STOP_S + CLOSING_S), ("yomite-bot@.service", CLOSING_S), ("yomite-worker@.service", WORKER_STOP_S)],
)
def test_a_unit_leaves_time_to_stop_and_lets_the_main_process_do_it(unit: str, needed_s: float) -> None:
    assert section(unit)["KillMode"] == "mixed"
    assert int(section(unit)["TimeoutStopSec"]) >= 4 * needed_s
    assert section(unit)["Restart"] == "always"


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_itself_has_nothing_to_say_against_a_unit(tmp_path: Path, unit: str) -> None:
    """Where there is a systemd to ask; the program and the user of the unit are those of this machine."""
    text = (FOLDER / unit).read_text(encoding="utf-8").replace(PROGRAM, sys.executable).replace("User=yomite\n", "")
    path = tmp_path / unit.replace("@", "@web")
    path.write_text(text, encoding="utf-8")
    program = shutil.which("systemd-analyze")
    outcome = subprocess.run([program or "true", "verify", path], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert path.name not in outcome.stderr
