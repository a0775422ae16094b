"""Photographs the chat page: the real one, in a real browser, with real answers in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import Browser, Page

from bot.desk import Desk
from bot.language import Speech
from bot.platforms.web import WebSettings, serve_web
from tools.pictures.browser import SCALE, small

PATIENCE_MS = 120_000


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A conversation on the page; `width` and `height` are the window's, in CSS pixels: it grows where that is too low."""

    name: str  # of the picture, without .png
    speech: Speech
    theme: Literal["light", "dark"]
    width: int
    height: int
    lines: tuple[str, ...]


VISITS = (
    Visit(
        name="web",
        speech="en",
        theme="light",
        width=1100,
        height=700,
        lines=(
            "/ask When was the Transformer introduced? | The Transformer was introduced in 2017 "
            "by researchers at Google, for translation. --answers 1",
            "/explain-attention この映画は本当に素晴らしかった！ --view tokens",
        ),
    ),
    Visit(
        name="web-ja",
        speech="ja",
        theme="dark",
        width=390,
        height=844,
        lines=(
            "/感情 部屋はとても清潔で、朝食も最高でした。ただ、フロントの対応は遅くて残念です。",
            "/類似 猫がマットの上に座っている。 | The cat sits on the mat. | 犬が公園で遊んでいる。",
        ),
    ),
)


async def page_pictures(desk: Desk, browser: Browser) -> dict[str, bytes]:
    """The PNG of each visit, by its name."""
    async with served_page(desk) as url:
        return {visit.name: await _picture(browser, url, visit) for visit in VISITS}


@asynccontextmanager
async def served_page(desk: Desk) -> AsyncIterator[str]:
    """The chat page of a desk; its address."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_web(WebSettings(port=0), desk, on_ready=url.set_result))
    try:
        either: list[asyncio.Future[Any]] = [serving, url]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # why it is not served
        yield url.result()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def _picture(browser: Browser, url: str, visit: Visit) -> bytes:
    context = await browser.new_context(
        viewport={"width": visit.width, "height": visit.height},
        device_scale_factor=SCALE,
        locale=visit.speech,
        color_scheme=visit.theme,
    )
    try:
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(url)
        for number, line in enumerate(visit.lines, start=1):
            await ask(page, line, number=number)
        await show_whole(page, width=visit.width, height=visit.height)
        return small(await page.screenshot())
    finally:
        await context.close()


async def show_whole(page: Page, *, width: int, height: int) -> None:
    """A window that is high enough: what sticks to its edges would stand over the middle of a longer page."""
    await page.evaluate("Promise.all([...document.querySelectorAll('article img')].map((image) => image.decode()))")
    needed = await page.evaluate("document.activeElement.blur(), document.scrollingElement.scrollHeight")
    await page.set_viewport_size({"width": width, "height": max(height, needed)})


async def ask(page: Page, line: str, *, number: int) -> None:
    """Send a line, and wait for the answer that is the page's `number`th."""
    await page.locator("#line").fill(line)
    await page.locator("#line").press("Enter")
    await page.locator("article.answer").nth(number - 1).wait_for()
