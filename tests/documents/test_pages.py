"""What pages say of the project is so: folders, import contracts, words, settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot.commands import COMMANDS
from bot.setting_keys import KEYS
from bot.settings import read_settings
from tests.documents.pages import DOCS, LANGUAGES, ROOT, blocks, documents, name_of

TOP_LEVEL = ("bot", "engine", "workers")
BESIDE = ("models", "tests", "tools", "benchmarks", "docs")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_architecture_names_every_folder_of_the_packages(language: str) -> None:
    text = (DOCS / language / "architecture.md").read_text(encoding="utf-8")
    inner = [path.parent for package in TOP_LEVEL for path in (ROOT / package).glob("*/__init__.py")]
    folders = {f"{folder.relative_to(ROOT)}/" for folder in inner} | {f"{name}/" for name in (*TOP_LEVEL, *BESIDE)}
    assert set(re.findall(r"^\| `([\w/]+/)` \| [^|]+ \|$", text, re.MULTILINE)) == folders


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_architecture_names_every_import_contract(language: str) -> None:
    text = (DOCS / language / "architecture.md").read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts if f"| {contract['name']} |" not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_its_section(language: str) -> None:
    text = (DOCS / language / "commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^## /([\w-]+)", text, re.MULTILINE) == [command.name for command in COMMANDS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_file_of_the_page_says_what_the_page_says_of_it(language: str, tmp_path: Path) -> None:
    [shown] = [block.body for block in blocks(DOCS / language / "settings.md") if block.info == "toml"]
    path = tmp_path / "yomite.toml"
    path.write_text(shown, encoding="utf-8")
    text = (DOCS / language / "settings.md").read_text(encoding="utf-8")
    variables = dict(re.findall(r'`(YOMITE_\w+)="?([^"`]+)"?`', text))
    assert len(variables) == len(shown.splitlines())
    assert read_settings({}, folder=tmp_path) == read_settings(variables, folder=tmp_path / "elsewhere")


@pytest.mark.parametrize("document", [path for path in documents() if path.name not in {"CHANGELOG.md", "messages.md"}], ids=name_of)
def test_every_setting_that_a_document_names_is_one(document: Path) -> None:
    known = {key.variable for key in KEYS} | OTHERS
    named = set(re.findall(r"\bYOMITE_[A-Z_]+[A-Z]\b", document.read_text(encoding="utf-8")))
    assert {name for name in named - known if not any(key.startswith(name) for key in known)} == set()


# Read by no setting: where the settings file is, and what tests take.
OTHERS = {"YOMITE_CONFIG", "YOMITE_LIVES", "YOMITE_SCREENSHOTS"}
