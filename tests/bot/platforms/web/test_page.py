"""What the page shows, in a real browser: answers of every kind, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.commands import COMMANDS
from bot.language import Speech
from bot.platforms.web.server import STATIC
from tests.bot.platforms.web.driving import PHONE, Opened, opened
from tests.bot.platforms.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

READING = ("sentiment", "ner", "ask", "similar", "explain-attention", "tokens", "fill-mask")


@pytest.mark.parametrize(
    ("speech", "line", "title", "note"),
    [
        ("ja", "/sentiment 接客はとても良かった。でも少し高い。", "ポジティブ 91.2%", "文ごとに"),
        ("en", "/sentiment The staff was kind. The room was terrible.", "positive 91.2%", "Sentence by sentence"),
    ],
)
def test_a_line_is_sent_and_its_answer_shown(
    browser: Browser, served: Served, screenshots: Path, speech: Speech, line: str, title: str, note: str
) -> None:
    with opened(browser, served, speech=speech) as found:
        found.line.fill(line)
        found.line.press("Enter")
        answer = found.answered()
        assert title in answer.locator(".title").inner_text()
        assert answer.locator(".title .sign").inner_text() == "▲"
        assert note in answer.inner_text()
        assert answer.locator("table").nth(1).locator(".tone-negative .sign").inner_text() == "▼"
        assert found.last.locator(".question").inner_text().endswith(line)
        assert found.line.input_value() == ""
        assert title in (found.page.locator("#told").text_content() or "")
        found.page.screenshot(path=screenshots / f"answer-{speech}.png")


@pytest.mark.parametrize(("speech", "line"), [("ja", "/tokens " + "とても長い文章" * 100), ("en", "/tokens " + "a very long text " * 40)])
def test_of_a_long_answer_only_the_beginning_is_read_out(browser: Browser, served: Served, speech: Speech, line: str) -> None:
    with opened(browser, served, speech=speech) as found:
        found.ask(line)
        told = found.page.locator("#told")
        assert len(told.text_content() or "") == 200
        assert (told.text_content() or "").endswith("…")
        assert told.get_attribute("lang") == speech


@pytest.mark.parametrize(("speech", "said"), [("ja", "答えが届きませんでした"), ("en", "The answer did not arrive")])
def test_that_an_answer_is_lost_is_read_out(browser: Browser, served: Served, speech: Speech, said: str) -> None:
    # A line with a file that was being read when the server ended: the server does not know it, and the page cannot send it again.
    entry = {"id": "0" * 32, "at": 1, "line": "/ner", "lang": speech, "file": "a.txt", "state": "reading"}
    with opened(browser, served, speech=speech) as found:
        found.page.evaluate("(entry) => localStorage.setItem(`yomite.entry.${entry.id}`, JSON.stringify(entry))", entry)
        found.page.reload()
        assert said in found.page.locator(".answer.ended").inner_text()
        assert said in (found.page.locator("#told").text_content() or "")


@pytest.mark.parametrize("speech", ["ja", "en"])
@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("/sentiment The staff was kind.", "en"),
        ("/sentiment 接客が良い。", "ja"),
        ("/sentiment 한국어", None),
        ("/sentiment Apple의", None),
    ],
)
def test_each_text_is_read_out_in_the_voice_of_its_language(
    browser: Browser, served: Served, speech: Speech, line: str, language: str | None
) -> None:
    with opened(browser, served, speech=speech) as found:
        found.ask(line)
        assert found.last.locator(".question").get_attribute("lang") == language


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_an_empty_page_offers_examples_that_work(browser: Browser, served: Served, screenshots: Path, speech: Speech) -> None:
    with opened(browser, served, speech=speech) as found:
        examples = found.page.locator("#examples button")
        assert examples.count() == len(READING) + 2
        found.page.screenshot(path=screenshots / f"welcome-{speech}.png")
        examples.first.click()
        found.answered()
        assert not found.page.locator("#welcome").is_visible()


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_every_command_is_drawn(browser: Browser, served: Served, screenshots: Path, speech: Speech) -> None:
    with opened(browser, served, speech=speech) as found:
        for name in READING:
            command = next(command for command in COMMANDS if command.name == name)
            answer = found.ask(f"/{name} {command.example.in_language(speech)}")
            assert answer.locator(".failed").count() == 0
            found.last.screenshot(path=screenshots / f"{name}-{speech}.png")
        assert found.overflow() == 0


def test_all_of_it_is_drawn_in_the_dark_and_on_a_phone(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served, viewport=PHONE, color_scheme="dark", has_touch=True) as found:
        for name in READING:
            command = next(command for command in COMMANDS if command.name == name)
            found.ask(f"/{name} {command.example.ja}")
        found.ask("/help")
        found.ask("/ner " + "とても長い" * 30 + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
        assert found.overflow() == 0
        found.page.screenshot(path=screenshots / "phone-dark-end.png")
        found.page.set_viewport_size({"width": 360, "height": 5_600})
        found.page.screenshot(path=screenshots / "phone-dark.png")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("/ner 😀👨‍👩‍👧𠮷 山田太郎は東京にいる。", ["山田太郎", "東京"]),
        ("/ner 🇯🇵é Tim Cook runs Apple.", ["Tim Cook", "Apple"]),
    ],
)
def test_names_are_marked_at_the_right_characters_after_emoji(
    browser: Browser, served: Served, screenshots: Path, line: str, names: list[str]
) -> None:
    with opened(browser, served) as found:
        answer = found.ask(line)
        marks = answer.locator(".highlight mark")
        assert [mark.evaluate("mark => mark.firstChild.data") for mark in marks.all()] == names
        assert all(label in ("PER", "ORG", "LOC") for label in marks.locator(".label").all_inner_texts())
        whole = answer.locator(".highlight").evaluate(
            "p => [...p.childNodes].map(n => (n.nodeType === 3 ? n : n.firstChild).data).join('')"
        )
        assert whole == line.removeprefix("/ner ")
        found.page.screenshot(path=screenshots / f"emoji-{len(names[0])}.png")


def test_html_in_a_text_is_shown_as_text(browser: Browser, served: Served) -> None:
    text = "<img src=x onerror=alert(1)><script>alert(2)</script> 山田太郎 & <b>東京</b>"
    with opened(browser, served) as found:
        found.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        answer = found.ask(f"/ner {text}")
        assert "<script>alert(2)</script>" in answer.inner_text()
        assert text in found.last.locator(".question").inner_text()
        assert found.page.locator("#entries script, #entries b, #entries img").count() == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202e山田太郎は東京に\u2066いる", "山田太郎PERは東京LOCにいる"),
        ("See\u202e 山田太郎 in\u200b 東京.", "See 山田太郎PER in 東京LOC."),
    ],
)
def test_marks_that_turn_the_direction_turn_nothing_on_the_page(browser: Browser, served: Served, text: str, shown: str) -> None:
    with opened(browser, served) as found:
        answer = found.ask(f"/ner {text}")
        written = answer.inner_text()
        assert shown in written
        assert not {"\u202e", "\u2066", "\u200b"} & set(written)
        own = found.last.locator(".question .text span").last  # the line as it was typed, which turns nothing but itself
        assert own.evaluate("span => getComputedStyle(span).unicodeBidi") == "isolate"
        assert answer.locator("mark").first.evaluate("mark => getComputedStyle(mark).unicodeBidi") == "isolate"


def test_a_matrix_is_shaded_by_its_numbers(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en") as found:
        answer = found.ask("/similar a cat | a dog | a car")
        cells = answer.locator(".matrix td")
        assert cells.all_inner_texts() == ["1.000", "0.500", "0.100", "0.500", "1.000", "0.500", "0.100", "0.500", "1.000"]
        colours = [cell.evaluate("cell => getComputedStyle(cell).backgroundColor") for cell in cells.all()[:3]]
        assert len(set(colours)) == 3
        assert answer.locator(".matrix").get_by_role("rowheader").count() == 3


def test_a_picture_opens_large_and_escape_brings_the_focus_back(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served) as found:
        answer = found.ask("/explain-attention この映画は本当に素晴らしかった！")
        button = answer.locator("button.picture")
        assert button.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        button.focus()
        found.page.keyboard.press("Enter")
        dialog = found.page.locator("#viewer")
        dialog.wait_for()
        found.page.screenshot(path=screenshots / "viewer.png")
        with found.page.expect_download() as download:
            dialog.locator("#viewer-save").click()
        assert download.value.suggested_filename == "attention-map.png"
        dialog.locator("#viewer-zoom").click()
        assert dialog.locator("#viewer-zoom").get_attribute("aria-pressed") == "true"
        found.page.screenshot(path=screenshots / "viewer-full.png")
        found.page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert button.evaluate("button => button === document.activeElement")


def test_the_language_is_switched_and_remembered(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en") as found:
        assert "What shall I read?" in found.page.locator("#welcome").inner_text()
        found.page.locator("#speech").click()
        assert "何を読みましょうか" in found.page.locator("#welcome").inner_text()
        assert found.page.locator("html").get_attribute("lang") == "ja"
        found.page.reload()
        assert "何を読みましょうか" in found.page.locator("#welcome").inner_text()
        found.ask("/ner")
        assert "文章がありません" in found.last.inner_text()


def test_an_answer_speaks_as_the_line_does_until_the_page_is_switched(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en") as found:
        assert "ポジティブ" in found.ask("/sentiment 最高です。").inner_text()
        found.page.locator("#speech").click()
        assert "ポジティブ" in found.ask("/sentiment The staff was kind.").inner_text()
        found.page.reload()
        found.page.locator("#speech").click()
        assert "positive" in found.ask("/sentiment 最高です。").inner_text()


def test_every_word_of_the_page_stands_in_both_languages(empty: Opened) -> None:
    words = empty.page.evaluate("import('/static/words.js').then((module) => module.WORDS)")
    assert list(words["ja"]) == list(words["en"])


def test_no_word_of_the_page_is_unused(empty: Opened) -> None:
    keys = set(empty.page.evaluate("import('/static/words.js').then((module) => Object.keys(module.WORDS.ja))"))
    files = [path for path in STATIC.glob("*.*") if path.suffix in (".html", ".js") and path.name != "words.js"]
    used = "".join(path.read_text(encoding="utf-8") for path in files)
    assert {key for key in keys if f'"{key}"' not in used} == set()


def test_dark_and_light_follow_the_system_until_switched(browser: Browser, served: Served, screenshots: Path) -> None:
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    with opened(browser, served, color_scheme="dark") as found:
        dark = found.page.evaluate(colour)
        found.page.screenshot(path=screenshots / "welcome-dark.png")
        found.page.locator("#theme").click()
        light = found.page.evaluate(colour)
        assert light != dark
        found.page.reload()
        assert found.page.evaluate(colour) == light
        found.page.locator("#theme").click()
        found.page.emulate_media(color_scheme="light")
        assert found.page.evaluate(colour) == dark
        found.page.locator("#theme").click()
        assert found.page.evaluate(colour) == light


@pytest.mark.parametrize("speech", ["ja", "en"])
def test_the_phone_scrolls_only_up_and_down(browser: Browser, served: Served, screenshots: Path, speech: Speech) -> None:
    with opened(browser, served, speech=speech, viewport=PHONE) as found:
        assert found.overflow() == 0
        found.page.screenshot(path=screenshots / f"phone-welcome-{speech}.png")
        found.line.press_sequentially("/sentiment x --")
        found.page.screenshot(path=screenshots / f"phone-suggestions-{speech}.png")
        assert found.overflow() == 0


def test_everything_is_reached_and_used_by_keyboard(browser: Browser, served: Served, screenshots: Path) -> None:
    with opened(browser, served, speech="en") as found:
        found.ask("/ner Paris")
        focused = "document.activeElement.id || document.activeElement.className"
        found.page.locator(".skip").focus()
        found.page.screenshot(path=screenshots / "focus.png")
        reached = []
        for _ in range(12):
            found.page.keyboard.press("Tab")
            reached.append(found.page.evaluate(focused))
        assert [name for name in ("help", "theme", "clear", "speech", "scrolled", "attach", "line", "send") if name not in reached] == []
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        found.page.locator("#help").focus()
        assert found.page.evaluate(outline) == "solid"
        unnamed = "[...document.querySelectorAll('button')].filter((b) => !(b.getAttribute('aria-label') || b.textContent).trim()).length"
        assert found.page.evaluate(unnamed) == 0


@pytest.mark.parametrize(("speech", "line", "name"), [("ja", "/sentiment 最高", "表"), ("en", "/sentiment great", "Table")])
def test_a_screen_reader_hears_a_table_as_one_and_no_level_of_headings_is_missing(
    browser: Browser, served: Served, speech: Speech, line: str, name: str
) -> None:
    with opened(browser, served, speech=speech) as found:
        answer = found.ask(line)
        assert answer.get_by_role("region", name=name, exact=True).count() == 1
        headings = found.page.locator("h1:visible, h2:visible, h3:visible, h4:visible")
        assert headings.evaluate_all("all => all.map((heading) => heading.tagName)") == ["H1", "H2"]


def test_an_answer_is_copied_as_text(browser: Browser, served: Served) -> None:
    with opened(browser, served, speech="en", permissions=["clipboard-read", "clipboard-write"]) as found:
        found.ask("/similar a cat | a dog").get_by_role("button", name="Copy").click()
        found.last.get_by_role("button", name="Copied").wait_for()
        text = found.page.evaluate("navigator.clipboard.readText()")
        assert text.startswith("Nearest: 1 and 2 (0.500)")
        assert "\t1\t2\n1\t1.000\t0.500" in text
