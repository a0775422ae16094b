"""Opens the page of an explanation in a real browser, points at things in it, and reads what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.attention.explained import Array, Explained
from engine.figures.explorer import explorer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, FrameLocator, Locator, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 360, "height": 740}
# Japanese and English, pieces and whole words, an emoji, and special tokens around them.
NAMES = ("[CLS]", "この", "映画", "は", "素晴らしかっ", "た", "😀", "##ing", "cat", "[SEP]")


@contextmanager
def opened(browser: Browser, folder: Path, read: Explained, *, context: dict[str, Any] | None = None, **options: Any) -> Iterator[Page]:
    """The page from a file. At the end it must have asked for nothing, and had nothing to complain about."""
    file = folder / "attention.html"
    file.write_bytes(explorer(read, **{"other": None, "japanese": True} | options).data)
    with browser.new_context(**{"viewport": WIDE} | (context or {})) as fresh:
        page = fresh.new_page()
        complaints, asked = watched(page)
        page.goto(file.as_uri())
        page.locator(".panel .chip").first.wait_for()
        yield page
        assert complaints == []
        assert asked == [file.as_uri()]


def watched(page: Page) -> tuple[list[str], list[str]]:
    """What the page complains about, and what it asks for, as they grow."""
    complaints: list[str] = []
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", refuse)
    page.on("request", lambda request: asked.append(request.url))
    return complaints, asked


def look_at_cell(page: Page | FrameLocator, row: int, column: int, *, of: int, panel: int = 0) -> str:
    """Point at a cell of the table of `of` tokens and read what the page says of it."""
    canvas = page.locator(".panel").nth(panel).locator(".table canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    canvas.hover(position={"x": (column + 0.5) * box["width"] / of, "y": (row + 0.5) * box["height"] / of})
    return page.locator(".panel").nth(panel).locator(".readout").inner_text()


def bars(page: Page, which: str, *, panel: int = 0) -> list[tuple[str, str]]:
    """Names and numbers of a list."""
    rows = page.locator(".panel").nth(panel).locator(f".{which} li")
    return [(row.locator(".name").inner_text(), row.locator(".number").inner_text()) for row in rows.all()]


def strongest(values: Array, names: tuple[str, ...], *, quote: str = "「{}」", count: int = 3) -> list[tuple[str, str]]:
    return [(quote.format(names[index]), f"{values[index]:.3f}") for index in np.argsort(-values)[:count]]


def chip(page: Page, index: int, *, panel: int = 0) -> Locator:
    return page.locator(".panel").nth(panel).locator(f'.chip[data-token="{index}"]')


def ink(canvas: Locator) -> int:
    """How many pixels of a canvas are drawn on."""
    return int(
        canvas.evaluate(
            """canvas => {
              const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              return copy.getImageData(0, 0, canvas.width, canvas.height).data.filter((part, at) => at % 4 === 3 && part).length;
            }"""
        )
    )
