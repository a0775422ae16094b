"""Tests of how `yomite models …` is called: help in the person's language, and no torch where nothing is computed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.models.__main__ import BAD_INPUT, RUNNERS, main
from engine.models.command_line import HELP


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("command", HELP)
def test_each_command_says_what_it_does_in_the_person_s_language(command: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, f"--lang={lang}", "--help"])
    assert ended.value.code == 0
    said = "".join(capsys.readouterr().out.split())
    assert "".join(HELP[command].in_language(lang).split()) in said


def test_without_a_command_all_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == BAD_INPUT
    out = capsys.readouterr().out
    assert [name for name in (*RUNNERS, "use", "reset") if f"yomite models {name}" not in out] == []


def test_lists_pulls_and_checks_load_no_torch() -> None:
    code = "import sys; from engine.models.__main__ import main; main(['list', '--json']); main(['verify', '--json']); print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.splitlines()[-1] == "False"
