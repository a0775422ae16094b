"""A page that comes with an answer opens in place, in a real browser, and reaches nothing that is not its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.language import Speech
from tests.bot.platforms.web.driving import PHONE, Opened, opened
from tests.bot.platforms.web.outcomes import PROBE
from tests.bot.platforms.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Locator

LINES: dict[Speech, str] = {
    "ja": "/explain-attention この映画は本当に素晴らしかった！",
    "en": "/explain-attention The service was terrible.",
}
OPEN: dict[Speech, str] = {"ja": "開く", "en": "Open"}
CLOSE: dict[Speech, str] = {"ja": "閉じる", "en": "Close"}


def page_in(answer: Locator) -> FrameLocator:
    return answer.frame_locator(".attachment iframe")


def put_away(found: Opened) -> None:
    """As long as pages take too much room, the oldest are given up."""
    found.page.evaluate("import('/static/store.js').then(({ Store }) => new Store(localStorage).shrink(null))")


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_the_page_opens_in_place_works_and_is_closed_again(browser: Browser, served: Served, screenshots: Path, speech: Speech) -> None:
    with opened(browser, served, speech=speech) as found:
        answer = found.ask(LINES[speech])
        assert answer.locator("iframe").count() == 0
        button = answer.locator(".attachment button")
        assert button.inner_text() == OPEN[speech]
        assert button.get_attribute("aria-expanded") == "false"
        button.click()
        page = page_in(answer)
        page.locator("h1").first.wait_for()
        assert answer.locator("iframe").get_attribute("sandbox") == "allow-scripts"
        before = page.locator("body").inner_text()
        page.locator("button", has_text="日本語" if speech == "en" else "English").first.click()
        assert page.locator("body").inner_text() != before  # its scripts run
        assert button.inner_text() == CLOSE[speech]
        assert button.get_attribute("aria-expanded") == "true"
        answer.locator(".attachment").screenshot(path=screenshots / f"explorer-{speech}.png")
        button.click()
        assert answer.locator("iframe").count() == 0
        assert button.inner_text() == OPEN[speech]


def test_the_page_fits_a_phone_and_is_reached_by_keyboard(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served, viewport=PHONE, color_scheme="dark") as found:
        answer = found.ask(LINES["ja"])
        answer.locator(".attachment button").focus()
        found.page.keyboard.press("Enter")
        page_in(answer).locator("h1").first.wait_for()
        assert found.overflow() == 0
        found.page.screenshot(path=screenshots / "explorer-phone.png")


@pytest.mark.parametrize("line", ["/explain-attention 覗き見", "/explain-attention probing"])
def test_the_page_reaches_nothing_of_the_chat_and_no_network(browser: Browser, served: Served, line: str) -> None:
    with opened(browser, served, complains=True) as found:
        found.page.evaluate("localStorage.setItem('yomite.secret', 'of the chat')")
        answer = found.ask(line)
        answer.locator(".attachment button").click()
        told = page_in(answer).locator("#told")
        told.filter(has_text="popup").wait_for()
        lines = dict(line.split(": ", 1) for line in (told.text_content() or "").split("\n"))
        assert lines.pop("origin") == "null"
        assert len(lines) == 10
        assert set(lines.values()) == {"refused"}
        assert found.page.url == served.url
        assert found.page.context.pages == [found.page]


def test_what_the_page_says_changes_nothing_in_the_chat(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        answer = found.ask(LINES["ja"])
        before = found.page.locator("#entries").inner_text()
        answer.locator(".attachment button").click()
        page_in(answer).locator("h1").first.evaluate("() => parent.postMessage('<b>hello</b>', '*')")
        answer.locator(".attachment button").click()
        assert found.page.locator("#entries").inner_text() == before


def test_the_room_alone_shows_nothing_and_no_other_page_can_frame_it(browser: Browser, served: Served) -> None:
    with opened(browser, served, complains=True) as found:
        found.page.goto(f"{served.url}static/room.html")
        found.page.evaluate("postMessage('<p>from itself</p>', '*')")
        assert found.page.locator("p").count() == 0
        found.page.goto("about:blank")
        found.page.set_content(f"<iframe src='{served.url}static/room.html'></iframe>")
        found.page.wait_for_timeout(300)
        assert all("room.html" not in frame.url for frame in found.page.frames)


def test_the_page_is_saved_as_it_came(browser: Browser, served: Served) -> None:
    with opened(browser, served, complains=True) as found:
        answer = found.ask("/explain-attention 覗き見")
        with found.page.expect_download() as download:
            answer.locator(".attachment a").click()
        assert download.value.suggested_filename == "attention.html"
        assert Path(download.value.path()).read_bytes() == PROBE


def test_the_page_opens_after_a_reload_too(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        found.ask(LINES["ja"])
        found.page.reload()
        answer = found.answered()
        answer.locator(".attachment button").click()
        page_in(answer).locator("h1").first.wait_for()


def test_pages_are_given_up_before_pictures_where_the_browser_has_no_more_room(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en") as found:
        found.ask(LINES["en"])
        put_away(found)
        found.page.reload()
        answer = found.answered()
        assert "The page is not kept any more" in answer.inner_text()
        assert answer.locator(".attachment").count() == 0
        assert answer.locator("button.picture img").count() == 1
