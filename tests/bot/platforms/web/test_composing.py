"""How a line is written on the page, in a real browser: completion, input methods, earlier lines, files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.commands import COMMANDS
from bot.language import Speech
from tests.bot.platforms.web.driving import Opened, opened
from tests.bot.platforms.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("typed", "keys", "line"),
    [
        ("/", ["ArrowDown", "Tab"], "/ner "),
        ("/se", ["Enter"], "/sentiment "),
        ("／", ["ArrowUp", "ArrowUp", "Tab"], None),
        ("/感", ["Tab"], "/感情 "),
        ("/sentiment 猫 --l", ["Tab"], "/sentiment 猫 --lang "),
        ("/sentiment 猫 --lang ", ["ArrowDown", "Enter"], "/sentiment 猫 --lang en"),
        ("/similar a | b --pooling m", ["ArrowDown", "Tab"], "/similar a | b --pooling max"),
        ("/explain-attention 猫 --layer 5 --", ["Tab"], "/explain-attention 猫 --layer 5 --view "),
        ("/explain-attention 猫 --layer 5 --j", ["Tab"], "/explain-attention 猫 --layer 5 --joined "),
        ("/explain-attention 猫 --view he", ["Enter"], "/explain-attention 猫 --view heads"),
    ],
)
def test_commands_options_and_values_are_completed_by_keys(empty: Opened, typed: str, keys: list[str], line: str | None) -> None:
    empty.line.fill("")
    empty.line.press_sequentially(typed)
    chosen = empty.page.locator("#suggestions [aria-selected=true]")
    chosen.wait_for()
    assert empty.line.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    for key in keys:
        empty.line.press(key)
    assert empty.line.input_value() == (line or f"/{COMMANDS[-2].name} ")
    assert empty.page.locator(".entry").count() == 0


def test_a_line_that_ends_in_a_whole_flag_is_sent(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        found.line.press_sequentially("/explain-attention 猫です --folded")
        found.line.press("Enter")
        assert "ポジティブ" in found.answered().inner_text()


def test_escape_closes_the_list_and_a_whole_command_is_sent(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served) as found:
        found.line.press_sequentially("/")
        found.page.screenshot(path=screenshots / "suggestions.png")
        found.line.press("Escape")
        assert not found.page.locator("#suggestions").is_visible()
        assert found.line.get_attribute("aria-activedescendant") is None
        found.line.fill("")
        found.line.press_sequentially("/help")
        found.line.press("Enter")
        assert "/sentiment" in found.answered().inner_text()


def test_the_enter_that_ends_a_conversion_does_not_send(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        keyboard = found.page.context.new_cdp_session(found.page)
        found.line.focus()
        keyboard.send("Input.imeSetComposition", {"text": "/感情 さいこう", "selectionStart": 8, "selectionEnd": 8})
        # What browsers send of a key that the input method takes.
        found.line.evaluate("""line => {
            line.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }));
            line.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }));
        }""")
        assert found.page.locator(".entry").count() == 0
        keyboard.send("Input.insertText", {"text": "/感情 最高"})
        found.line.press("Enter")
        assert "ポジティブ" in found.answered().inner_text()


def test_shift_enter_breaks_the_line_and_arrow_up_recalls(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en") as found:
        found.ask("/ner Paris")
        found.line.press_sequentially("/similar a cat")
        found.line.press("Shift+Enter")
        found.line.press_sequentially("a dog")
        assert found.line.input_value() == "/similar a cat\na dog"
        found.line.press("Enter")
        assert found.answered().locator(".matrix").count() == 1
        found.line.press("ArrowUp")
        assert found.line.input_value() == "/similar a cat\na dog"
        found.line.press("ArrowUp")
        assert found.line.input_value() == "/ner Paris"
        found.line.press("ArrowDown")
        found.line.press("ArrowDown")
        assert found.line.input_value() == ""


def test_a_file_is_attached_and_read(browser: Browser, served: Served, screenshots: Path) -> None:
    text = "山田太郎は東京にいる。"
    with opened(browser, served) as found:
        found.page.locator("#file").set_input_files({"name": "メモ.txt", "mimeType": "text/plain", "buffer": text.encode()})
        assert "メモ.txt" in found.page.locator("#attached").inner_text()
        found.page.screenshot(path=screenshots / "attached.png")
        answer = found.ask("/ner")
        assert answer.locator("mark").count() == 2
        assert "メモ.txt" in found.last.locator(".question").inner_text()
        assert not found.page.locator("#attached").is_visible()


def test_a_file_is_dropped_anywhere(browser: Browser, served: Served, screenshots: Path) -> None:
    carried = """() => {
        const carried = new DataTransfer();
        carried.items.add(new File(["Tim Cook lives in Paris."], "note.md"));
        return carried;
    }"""
    with opened(browser, served) as found:
        data = found.page.evaluate_handle(carried)
        found.page.dispatch_event("main", "dragover", {"dataTransfer": data})
        assert found.page.locator("#drop").is_visible()
        found.page.screenshot(path=screenshots / "drop.png")
        found.page.dispatch_event("main", "drop", {"dataTransfer": data})
        assert not found.page.locator("#drop").is_visible()
        assert found.ask("/ner").locator("mark").count() == 2


@pytest.mark.parametrize(("speech", "words"), [("ja", "大きすぎます（0.1 MB）"), ("en", "too large (0.1 MB)")])
def test_a_file_that_is_too_large_is_refused_on_the_page(browser: Browser, redis_url: str, speech: Speech, words: str) -> None:
    with Served(redis_url, upload_limit=50_000) as served, opened(browser, served, speech=speech) as found:
        found.page.locator("#file").set_input_files({"name": "large.txt", "mimeType": "text/plain", "buffer": b"a" * 60_000})
        assert words in found.page.locator("#trouble").inner_text()
        assert not found.page.locator("#attached").is_visible()
