"""The chat page, end to end: a real Chromium, the real server, a real Redis, and a real worker with the bundled models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, async_playwright

from bot.platforms.web import WebSettings, serve_web
from tests.end_to_end.system import CASES, EXPLAINED, System
from tools.chromium import find_chromium

PATIENCE_MS = 120_000


def in_browser(system: System, scene: Callable[[Page], Awaitable[None]], *, locale: str) -> None:
    """Open the page in a fresh browser and play a scene; nothing may be complained about on its console."""
    complaints: list[str] = []

    async def run() -> None:
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        settings = WebSettings(port=0)
        async with system.serving(lambda desk: serve_web(settings, desk, on_ready=url.set_result)), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            page = await (await browser.new_context(locale=locale)).new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(await url)
            await scene(page)
            await browser.close()

    asyncio.run(run())
    assert complaints == []


async def ask(page: Page, line: str) -> str:
    """Type a line, send it with Enter, and give the answer as it stands on the page."""
    count = await page.locator("article.answer").count()
    await page.locator("#line").fill(line)
    await page.locator("#line").press("Enter")
    answer = page.locator("article.answer").nth(count)
    await answer.wait_for()
    return await answer.inner_text()


@pytest.mark.parametrize("locale", ["ja-JP", "en-GB"])
def test_web_end_to_end_the_commands_of_the_mission_are_answered(system: System, locale: str) -> None:
    async def scene(page: Page) -> None:
        for case in CASES:
            answer = await ask(page, f"/{case.command} {case.text}")
            missing = [part for part in case.expected if part not in answer and not part.isascii()]
            assert not missing, answer
            if case.picture:
                assert await page.locator("article.answer").last.locator("img").count() == 1

    in_browser(system, scene, locale=locale)


@pytest.mark.parametrize("locale", ["ja-JP", "en-GB"])
def test_web_end_to_end_attention_is_explained_in_every_view(system: System, locale: str) -> None:
    async def scene(page: Page) -> None:
        for case in EXPLAINED:
            answer = await ask(page, f"/{case.command} {case.text}")
            assert [part for part in case.expected if part not in answer] == []
            last = page.locator("article.answer").last
            assert await last.locator("img").count() >= 1
            await last.locator(".attachment button").click()
            explorer = last.frame_locator(".attachment iframe")
            await explorer.locator("h1").wait_for()
            assert await explorer.locator("h1").inner_text() in ("注意を調べる", "Explore the attention")
            await last.locator(".attachment button").click()

    in_browser(system, scene, locale=locale)


def test_web_end_to_end_entities_are_marked_at_their_characters(system: System) -> None:
    async def scene(page: Page) -> None:
        await ask(page, "/ner 😀 山田太郎は京都大学を卒業した。")
        marks = await page.locator("article.answer mark").all_inner_texts()
        assert any("京都大学" in mark for mark in marks), marks

    in_browser(system, scene, locale="ja-JP")


def test_web_end_to_end_a_busy_worker_shows_that_it_reads_until_it_answers(system: System) -> None:
    async def scene(page: Page) -> None:
        with system.busy_worker():
            await page.locator("#line").fill("/sentiment とても満足しています。")
            await page.locator("#line").press("Enter")
            await page.locator(".entry.reading").wait_for()
        await page.locator("article.answer").wait_for()
        assert "ポジティブ" in await page.locator("article.answer").inner_text()

    in_browser(system, scene, locale="ja-JP")
