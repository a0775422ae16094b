"""No link of a document is dead: files and anchors are there, and other sites are named in one place."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.documents.pages import DOCS, ENGLISH_ALONE, ROOT, anchors, documents, links, name_of

# Every other site that a document leads to. They are not asked: only their form is looked at.
EXTERNAL = {
    "http://127.0.0.1:8765",
    "http://127.0.0.1:8765/",
    "http://127.0.0.1:9181",
    "https://aclanthology.org/2020.acl-main.385/",
    "https://aclanthology.org/N19-1357/",
    "https://aclanthology.org/W19-4828/",
    "https://api.slack.com/apps",
    "https://arxiv.org/abs/1706.03762",
    "https://arxiv.org/abs/2103.15679",
    "https://discord.com/developers/applications",
    "https://keepachangelog.com/en/1.1.0/",
    "https://proceedings.mlr.press/v70/sundararajan17a.html",
    "https://semver.org/",
}


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_file_and_anchor_that_a_document_leads_to_is_there(document: Path) -> None:
    dead = []
    for link in links(document):
        place, _, anchor = unquote(link).partition("#")
        if urlsplit(link).scheme:
            continue
        there = (document.parent / place).resolve() if place else document
        if not there.exists() or not there.is_relative_to(ROOT):
            dead.append(link)
        elif anchor and (there.suffix != ".md" or anchor not in anchors(there)):
            dead.append(f"{link}: no such anchor")
    assert dead == []


@pytest.mark.parametrize("document", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_a_page_leads_to_nothing_outside_of_docs(document: Path) -> None:
    relative = [link for link in links(document) if not urlsplit(link).scheme and not link.startswith("#")]
    assert [link for link in relative if not (document.parent / link.partition("#")[0]).resolve().is_relative_to(DOCS)] == []


def test_other_sites_are_named_here_and_look_like_addresses() -> None:
    named = {link for document in documents() for link in links(document) if urlsplit(link).scheme}
    assert named == EXTERNAL
    assert [
        link for link in named if not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(/[\w.~%/-]*)?(#[\w-]+)?|http://127\.0\.0\.1:\d+/?", link)
    ] == []


@pytest.mark.parametrize("document", sorted((DOCS / "en").glob("*.md")), ids=name_of)
def test_every_page_has_its_twin_and_each_leads_to_the_other_in_its_first_lines(document: Path) -> None:
    twin = DOCS / "ja" / document.name
    if document.name in ENGLISH_ALONE:
        assert not twin.exists()
        return
    heads = ["\n".join(path.read_text(encoding="utf-8").splitlines()[:4]) for path in (document, twin)]
    assert f"(../ja/{document.name})" in heads[0]
    assert f"(../en/{document.name})" in heads[1]


def test_no_japanese_page_stands_alone() -> None:
    assert {path.name for path in (DOCS / "ja").glob("*.md")} == {path.name for path in (DOCS / "en").glob("*.md")} - ENGLISH_ALONE


@pytest.mark.parametrize("document", sorted((DOCS / "ja").glob("*.md")), ids=name_of)
def test_a_japanese_page_says_where_it_leads_to_an_english_one(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    leading = [line for line in text.splitlines() if any(f"/{name})" in line or f"({name})" in line for name in ENGLISH_ALONE)]
    assert not leading or "英語" in text


def test_twins_have_the_same_sections_tables_and_pictures() -> None:
    differing = []
    for document in sorted((DOCS / "ja").glob("*.md")):
        shapes = [shape((DOCS / language / document.name).read_text(encoding="utf-8")) for language in ("en", "ja")]
        if shapes[0] != shapes[1]:
            differing.append((document.name, *shapes))
    assert differing == []


def shape(text: str) -> tuple[int, ...]:
    """How many sections, rows of tables and blocks of code a page has."""
    return tuple(len(re.findall(form, text, re.MULTILINE)) for form in (r"^## ", r"^### ", r"^\|", r"^```"))
