""".env.example names every variable that docker-compose.yml takes, explains each in both languages, and holds no value."""

from __future__ import annotations

import subprocess

from bot.setting_keys import KEYS
from tests.deploy.composition import EXAMPLE, FILE, ROOT, example_variables, referenced
from tools import env_example


def test_the_example_is_what_make_readme_writes() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == env_example.example_text(), "run `make readme`"


def test_it_names_what_the_compose_file_takes_and_nothing_else() -> None:
    assert set(example_variables()) == referenced(FILE.read_text(encoding="utf-8"))
    assert len(example_variables()) == len(set(example_variables()))


def test_it_names_only_settings_that_somebody_reads() -> None:
    others = {"REDIS_PASSWORD", "RQ_DASHBOARD_PASSWORD", *env_example.FOREIGN}
    assert set(example_variables()) - {key.variable for key in KEYS} == others


def test_each_variable_is_explained_in_both_languages_and_has_no_value() -> None:
    for entry in EXAMPLE.read_text(encoding="utf-8").split("\n\n"):
        *comments, line = entry.strip().splitlines()
        if line.startswith("#"):
            continue
        assert line.endswith("="), line
        japanese, english = comments
        assert any("\u3040" <= letter <= "\u30ff" for letter in japanese), line
        assert not any("\u3040" <= letter <= "\u30ff" for letter in english), line


def test_the_filled_in_copy_is_not_committed() -> None:
    outcome = subprocess.run(["git", "check-ignore", "--quiet", ".env"], cwd=ROOT, check=False)
    assert outcome.returncode == 0
