"""The page for operators names every check and every reason of a failed job, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import build_app
from bot.settings import Settings

ROOT = Path(__file__).parents[3]
SOURCES = [*sorted((ROOT / "bot" / "operating").glob("*.py")), ROOT / "engine" / "checking.py"]
NAMED = re.compile(r"""(?:\b(?:ok|warning|error|skipped|check_port)\(\s*|name=)f?"([a-z][a-z._]*)[".{]""")
INNER = {"computing", "machine", "ports", "answers"}  # what only a check that broke is called by; answers of --deep
WHYS = re.compile(r'blame=f?"(\w+):')


def page(lang: str) -> str:
    return (ROOT / "docs" / lang / "operate.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_check_is_named(lang: str) -> None:
    names = {name.rstrip(".") for path in SOURCES for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert {"redis.persistence", "slack.scopes", "torch", "port.web"} <= names
    shown = page(lang)
    written = [(f"`{name}`", f"`{name.partition('.')[0]}.…`", f"`{name}.…`") for name in sorted(names - INNER)]
    assert [forms[0] for forms in written if not any(form in shown for form in forms)] == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_reason_is_explained(lang: str) -> None:
    sources = [ROOT / "workers" / name for name in ("computing.py", "carried.py", "recovering.py")]
    whys = {why for path in sources for why in WHYS.findall(path.read_text(encoding="utf-8"))} | {"worker_died", "forbidden"}
    assert {"timeout", "out_of_memory", "internal_error"} <= whys
    assert [why for why in sorted(whys) if f"| `{why}` |" not in page(lang)] == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_command_on_the_page_is_one_of_the_command_line(lang: str) -> None:
    known = {command.name for command in build_app(Settings(), "en").registered_commands} | {
        group.name for group in build_app(Settings(), "en").registered_groups
    }
    used = set(re.findall(r"`yomite ([a-z-]+)", page(lang)))
    assert used - known == set()
