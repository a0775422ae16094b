"""Photographs one answer of each command on the chat page, in both languages, for the documents' list of commands."""

from __future__ import annotations

from playwright.async_api import Browser, FloatRect, Page

from bot.desk import Desk
from bot.language import Speech, both
from tools.command_lines import LINES
from tools.pictures.browser import SCALE, small
from tools.pictures.web import PATIENCE_MS, ask, served_page, show_whole

WIDTH, HEIGHT, MARGIN = 640, 800, 12  # CSS pixels
LARGE, SMALLER = ("explain-attention",), 1.5  # drawn with fewer pixels to one of CSS
SPEECHES: tuple[Speech, ...] = ("en", "ja")
# It stops what has not been answered: its picture is taken where nobody computes.
WITHOUT_WORKER = ("cancel",)
WAITING = both("/感情 この映画は本当に素晴らしかった！", "/sentiment The film was really wonderful!")


def picture_of(command: str, speech: Speech) -> str:
    """The name of a command's picture, without .png."""
    return f"command-{command}-{speech}"


async def command_pictures(desk: Desk, idle: Desk, browser: Browser) -> dict[str, bytes]:
    """The PNG of each command in each language, by its name; nobody computes for the desk `idle`."""
    pictures: dict[str, bytes] = {}
    for commands, asked in ((LINES.keys() - set(WITHOUT_WORKER), desk), (set(WITHOUT_WORKER), idle)):
        async with served_page(asked) as url:
            for command in sorted(commands):
                for speech in SPEECHES:
                    pictures[picture_of(command, speech)] = await _picture(browser, url, command, speech)
    return pictures


async def _picture(browser: Browser, url: str, command: str, speech: Speech) -> bytes:
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=SMALLER if command in LARGE else SCALE,
        locale=speech,
        color_scheme="light",
    )
    try:
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(url)
        if command in WITHOUT_WORKER:
            await _say(page, WAITING.in_language(speech))
        await ask(page, LINES[command].in_language(speech), number=1)
        await show_whole(page, width=WIDTH, height=HEIGHT)
        return small(await page.screenshot(clip=await _place_of_entries(page)))
    finally:
        await context.close()


async def _place_of_entries(page: Page) -> FloatRect:
    """Where the conversation lies, with a margin: its cards have borders and shadows."""
    box = await page.locator("#entries").bounding_box()
    if box is None:
        raise RuntimeError("the page shows no conversation")
    top = max(0.0, box["y"] - MARGIN)
    return {"x": 0, "y": top, "width": WIDTH, "height": box["y"] + box["height"] + MARGIN - top}


async def _say(page: Page, line: str) -> None:
    """Send a line to which no answer comes, and wait until it was taken."""
    await page.locator("#line").fill(line)
    await page.locator("#line").press("Enter")
    await page.locator(".entry.reading").wait_for()
