"""What the page does while it waits, and what it keeps over lost connections, reloads and tabs, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bot.platforms.web.driving import WIDE, opened
from tests.bot.platforms.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_it_says_that_it_reads_how_far_it_is_and_can_be_cancelled(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served) as found:
        found.line.fill("/ner 待って")
        found.line.press("Enter")
        found.held()
        assert "読んでいます…" in found.last.inner_text()
        for _ in range(100):  # what is told before the bot listens is gone
            served.queue.advance(0.4)
            if "40%" in found.last.inner_text():
                break
            found.page.wait_for_timeout(50)
        assert "40%" in found.last.inner_text()
        found.page.screenshot(path=screenshots / "reading.png")
        found.last.get_by_role("button", name="やめる").click()
        assert "取り消しました" in found.last.inner_text()
        served.queue.release()
        found.ask("/ner 東京")
        assert found.page.locator("article.answer").count() == 1
        found.page.screenshot(path=screenshots / "cancelled.png")


def test_a_failure_says_what_and_can_be_tried_again(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served, speech="en") as found:
        answer = found.ask("/sentiment This is broken.")
        assert "The model cannot be loaded." in answer.inner_text()
        assert "Problem" in (answer.locator(".title").text_content() or "")
        found.page.screenshot(path=screenshots / "failure.png")
        answer.get_by_role("button", name="Try again").click()
        found.page.locator(".entry").nth(1).locator("article").wait_for()
        assert len(served.queue.submitted) == 2


def test_an_answer_that_came_while_the_page_was_away_is_shown(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served, complains=True) as found:  # the browser itself complains about a server that is away
        found.line.fill("/ner 東京で待って")
        found.line.press("Enter")
        found.held()
        served.stop()
        found.page.locator("#state.away").wait_for()
        found.page.screenshot(path=screenshots / "away.png")
        served.queue.release()
        served.start()
        assert "固有名 1 件" in found.answered().inner_text()
        found.page.locator("#state.connected").wait_for()
        assert len(served.queue.submitted) == 1


def test_a_line_typed_while_the_server_is_away_is_sent_when_it_is_back(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en", complains=True) as found:
        served.stop()
        found.page.locator("#state.away").wait_for()
        found.line.fill("/ner Paris")
        found.line.press("Enter")
        assert "once connected" in found.last.inner_text()
        served.start()
        assert "1 name" in found.answered().inner_text()


def test_the_conversation_is_kept_over_a_reload_and_in_other_tabs_and_can_be_cleared(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        found.ask("/explain-attention 猫が好き")
        found.line.fill("/ner 東京で待って")
        found.line.press("Enter")
        found.held()
        found.page.reload()
        assert found.page.locator("article.answer img").count() == 1
        other = found.page.context.new_page()
        other.goto(served.url)
        served.queue.release()
        other.locator(".entry").nth(1).locator("article").wait_for()
        found.answered()
        other.locator("#clear").click()
        other.locator("#sure").get_by_role("button", name="履歴を消す").click()
        found.page.locator("#welcome").wait_for()
        assert other.locator(".entry").count() == 0
        other.reload()
        other.locator("#welcome").wait_for()
        kept = other.evaluate("JSON.stringify(Object.keys(localStorage))")
        assert not any("entry" in key for key in json.loads(kept))


def test_what_is_kept_is_bounded(browser: Browser, served: Served) -> None:
    fill = """async () => {
        const { Store } = await import("/static/store.js");
        const store = new Store(localStorage);
        const data = "A".repeat(300_000);
        for (let i = 0; i < 250; i += 1) {
            const blocks = i % 5 ? [] : [{ kind: "picture", data }];
            store.put({ id: `entry-${i}`, at: i, line: "x", state: "answered", reply: { title: "x", blocks } });
        }
        const again = new Store(localStorage).all();
        return [again.length, again.at(-1).id, JSON.stringify(again).length, again.filter((e) => e.reply.blocks[0]?.data).length];
    }"""
    with opened(browser, served) as found:
        count, newest, characters, pictured = found.page.evaluate(fill)
        assert count == 200
        assert newest == "entry-249"
        assert characters < 5_000_000
        assert 5 <= pictured < 20


def test_with_a_token_the_page_asks_for_it_once(browser: Browser, redis_url: str, screenshots: Path) -> None:
    with Served(redis_url, host="0.0.0.0", token="long-secret") as served, browser.new_context(locale="ja-JP", viewport=WIDE) as fresh:
        page = fresh.new_page()
        page.goto(served.url)
        page.screenshot(path=screenshots / "door.png")
        page.locator("#token").fill("long-secret")
        page.locator("#token").press("Enter")
        page.locator("#state.connected").wait_for()
        assert "token" not in page.url
        page.locator("#line").fill("/ner 東京")
        page.locator("#line").press("Enter")
        page.locator("article.answer").wait_for()
