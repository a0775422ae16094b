"""The pages about deployment, in both languages, name every profile, every variable that must be set, and every unit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.composition import ROOT, written
from tools.env_example import NEEDED

PAGES = ("docs/en/deploy.md", "docs/ja/deploy.md")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_everything_that_can_be_started(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    profiles = {profile for service in written()["services"].values() for profile in service.get("profiles", [])}
    units = {path.name for path in (ROOT / "docs" / "examples").glob("*.service")}
    images = {service["image"] for service in written()["services"].values() if "build" in service}
    assert [name for name in (*profiles, *NEEDED, *units, *images) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_what_stops_everything_names_profiles(page: str) -> None:
    """Without them Compose stops Redis alone, which has none."""
    stops = re.findall(r"docker compose ([^`\n]*)\bstop\b", (ROOT / page).read_text(encoding="utf-8"))
    assert stops
    assert [options for options in stops if "--profile" not in options] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_the_way_to_the_other_language(page: str) -> None:
    other = {"en": "../ja", "ja": "../en"}[Path(page).parent.name]
    assert f"({other}/deploy.md)" in (ROOT / page).read_text(encoding="utf-8").splitlines()[2]
