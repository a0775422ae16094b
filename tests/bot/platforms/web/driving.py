"""Drives the page in a real browser as a person would, and hears its complaints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.language import Speech
from tests.bot.platforms.web.serving import TIMEOUT_S, Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 360, "height": 740}


class Opened:
    """A page, and everything it complained about or asked for."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    @property
    def line(self) -> Locator:
        return self.page.locator("#line")

    @property
    def last(self) -> Locator:
        return self.page.locator(".entry").last

    def ask(self, line: str) -> Locator:
        """Send a line as a whole and wait for its answer."""
        count = self.page.locator(".entry").count()
        self.line.fill(line)
        self.page.locator("#send").click()
        self.page.locator(".entry").nth(count).wait_for()
        return self.answered()

    def answered(self) -> Locator:
        answer = self.last.locator("article.answer")
        answer.wait_for()
        return answer

    def held(self) -> None:
        """Wait until the last line has reached the queue."""
        self.page.locator(".entry.reading").last.wait_for()
        self.until(lambda: bool(self.served.queue.held))

    def until(self, true: Callable[[], bool]) -> None:
        for _ in range(int(TIMEOUT_S * 50)):
            if true():
                return
            self.page.wait_for_timeout(20)
        raise TimeoutError("it did not come")

    def overflow(self) -> int:
        """How many pixels the page can be scrolled sideways."""
        return int(self.page.evaluate("(scrollTo({ left: 10000, behavior: 'instant' }), scrollX)"))


@contextmanager
def opened(browser: Browser, served: Served, *, speech: Speech = "ja", complains: bool = False, **context: Any) -> Iterator[Opened]:
    """The page in a fresh browser profile; at the end it must have had nothing to complain about, unless it `complains`."""
    locale = {"ja": "ja-JP", "en": "en-GB"}[speech]
    with browser.new_context(**{"locale": locale, "viewport": WIDE} | context) as fresh:
        page = fresh.new_page()
        page.set_default_timeout(TIMEOUT_S * 1000)
        found = Opened(page, served)
        page.goto(served.url)
        page.locator("#state.connected").wait_for()
        yield found
        if not complains:
            assert found.complaints == []
        assert found.hosts == {urlsplit(served.url).netloc, ""} & found.hosts
