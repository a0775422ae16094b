"""Photographs pages with headless Chromium, and makes the pictures small."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from tools.chromium import find_chromium

FONTS = Path(__file__).with_name("fonts.conf")
SCALE = 2  # pixels of a picture to one of CSS
COLOURS = 256


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser.

    Raises:
        FileNotFoundError: there is no Chromium.
    """
    program = find_chromium()
    async with async_playwright() as playwright:
        environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(FONTS)}
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], env=environment)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def drawn_page(browser: Browser, document: str) -> AsyncIterator[Page]:
    """A page with a document that holds all that it shows, its pictures decoded."""
    context = await browser.new_context(viewport={"width": 800, "height": 600}, device_scale_factor=SCALE)
    try:
        page = await context.new_page()
        await page.set_content(document)
        await page.evaluate("Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode())])")
        yield page
    finally:
        await context.close()


async def column_picture(browser: Browser, document: str) -> bytes:
    """The column of a drawn chat as a PNG."""
    async with drawn_page(browser, document) as page:
        return small(await page.locator(".column").screenshot())


def small(png: bytes) -> bytes:
    """The same picture in a palette of its colours: none becomes another that one could tell apart, not even in a heatmap."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        reduced = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
        reduced.save(out, format="PNG", optimize=True)
    return out.getvalue()
