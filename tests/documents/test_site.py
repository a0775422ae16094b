"""The site: built without a warning, in both languages, with no dead link, and it asks nothing of any other host."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.documents.conftest import Site
from tests.documents.pages import DOCS, ENGLISH_ALONE, LANGUAGES
from tests.support.chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TIMEOUT_MS = 15_000
SIZES = {"wide": (1280, 860), "phone": (390, 844)}
NAMES = sorted(path.stem for path in (DOCS / "en").glob("*.md"))
LOOKED_AT = ("index", "commands", "reliability", "extend")  # pages of which pictures are taken
SLUG = {"en": "", "ja": "ja/"}


class Parsed(HTMLParser):
    """What a page leads to, what it loads, and its anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") not in {"canonical", "alternate", "prev", "next"}:
            self.loaded.append(given.get("href", ""))
        elif "src" in given:
            self.loaded.append(given["src"])


def address(name: str, language: str) -> str:
    """Where a page lies, below the site's root."""
    return SLUG[language] + ("" if name == "index" else f"{name}/")


@functools.cache
def parsed(path: Path) -> Parsed:
    return Parsed(path.read_text(encoding="utf-8"))


def html_pages(site: Site) -> list[Path]:
    return [path for path in sorted(site.folder.rglob("*.html")) if path.name != "404.html"]


def test_it_is_built_without_a_warning(site: Site) -> None:
    assert (site.returncode, [line for line in site.said.splitlines() if line.startswith(("WARNING", "ERROR"))]) == (0, []), site.said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_page_stands_on_it_in_its_language(site: Site, name: str, language: str) -> None:
    html = (site.folder / address(name, language) / "index.html").read_text(encoding="utf-8")
    alone = f"{name}.md" in ENGLISH_ALONE
    title = re.search(r"^# (.+)$", (DOCS / ("en" if alone else language) / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert title is not None
    assert title[1].split("`")[0] in html
    assert f'<html lang="{language}"' in html


def test_no_link_of_it_is_dead(site: Site) -> None:
    dead = []
    for page in html_pages(site):
        for link in parsed(page).links + parsed(page).loaded:
            place, _, anchor = unquote(link).partition("#")
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            there = (page.parent / place).resolve() if place not in {"", "."} else page.parent
            there = there / "index.html" if there.is_dir() else there
            if not there.is_file() or (anchor and there.suffix == ".html" and anchor not in parsed(there).anchors):
                dead.append((str(page.relative_to(site.folder)), link))
    assert dead == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_leads_to_its_twin(site: Site, language: str) -> None:
    [other] = set(LANGUAGES) - {language}
    astray = []
    for name in NAMES:
        page = site.folder / address(name, language) / "index.html"
        links = re.findall(rf'<a href="([^"]*)" hreflang="{other}"', page.read_text(encoding="utf-8"))
        if [(page.parent / link).resolve() for link in links] != [(site.folder / address(name, other)).resolve()]:
            astray.append((name, links))
    assert astray == []


def test_it_loads_nothing_from_elsewhere(site: Site) -> None:
    assert [(page, link) for page in html_pages(site) for link in parsed(page).loaded if urlsplit(link).netloc] == []


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[str]:
    """The site on this machine's own address; it is asked by http, as people would."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # as the base class names it
            """Nothing is told."""

    class Patient(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that has left a page waits for no more of it."""

    handler = functools.partial(Quiet, directory=str(site.folder))
    with Patient(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Visit:
    """A page in the browser, with all that it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(TIMEOUT_MS)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))


@pytest.fixture(params=sorted(SIZES))
def visit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Visit]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    yield Visit(context.new_page())
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_shows_without_a_complaint_and_asks_this_machine_alone(
    visit: Visit, served: str, language: str, screenshots: Path
) -> None:
    wide = []
    for name in NAMES:
        visit.page.goto(served + address(name, language), wait_until="load")
        visit.page.locator("h1").first.wait_for()
        visit.page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        if visit.page.evaluate("document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"):
            wide.append(name)
        if name in LOOKED_AT:
            size = visit.page.viewport_size or {}
            visit.page.screenshot(path=screenshots / f"site-{name}-{language}-{size.get('width')}.png")
    assert (visit.complaints, visit.hosts, wide) == ([], {"127.0.0.1"}, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_switch_leads_to_the_twin(visit: Visit, served: str, language: str) -> None:
    [other] = set(LANGUAGES) - {language}
    for name in ("index", "commands"):
        visit.page.goto(served + address(name, language))
        visit.page.locator(".md-select button").hover()
        visit.page.locator(f".md-select__link[hreflang={other}]").click()
        visit.page.wait_for_url(served + address(name, other))
    assert visit.complaints == []


@pytest.mark.parametrize(("language", "words", "found"), [("en", "confusion matrix", "Measuring"), ("ja", "混同行列", "測る")])
def test_a_page_is_found_by_its_words(visit: Visit, served: str, language: str, words: str, found: str) -> None:
    visit.page.goto(served + address("index", language))
    if not visit.page.locator(".md-search__input").is_visible():
        visit.page.locator("label.md-header__button[for=__search]").click()
    visit.page.locator(".md-search__input").fill(words)
    visit.page.locator(".md-search-result__link", has_text=found).first.wait_for(state="attached")
    assert visit.complaints == []
