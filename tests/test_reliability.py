"""Each fault that docs/en/reliability.md and docs/ja/reliability.md say a test shows has that test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {language: (ROOT / "docs" / language / "reliability.md").read_text(encoding="utf-8") for language in ("en", "ja")}
IN_ORDER = {language: re.findall(r"`([\w/]+\.py)::(\w+)`", text) for language, text in PAGES.items()}
NAMED = sorted(set(IN_ORDER["en"]))


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 80


def test_both_languages_name_the_same_tests_in_the_same_places() -> None:
    assert IN_ORDER["ja"] == IN_ORDER["en"]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE)
