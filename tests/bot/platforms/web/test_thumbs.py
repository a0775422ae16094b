"""The page asks what people think of answers, where that is wanted, and keeps what they say until they take it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.feedback.store import FeedbackStore, Kept
from bot.language import Speech
from engine.contract import Task
from tests.bot.platforms.web.driving import PHONE, WIDE, Opened, opened
from tests.bot.platforms.web.serving import Served
from workers.queue import names

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

NAMES = {"ja": ("正しい答え", "違う答え"), "en": ("Good answer", "Wrong answer")}
LINES = {"ja": "/感情 接客は神対応でした。", "en": "/sentiment The build is flaky again."}
QUESTIONS = {
    "ja": "/質問 どこに入社した？ | 山田太郎は2019年に大学を卒業し、トヨタ自動車に入社した。",
    "en": "/ask Who is the CEO? | Apple is in Cupertino. Tim Cook is the CEO.",
}
PAIRS = {"ja": "/類似 猫がいる。 | A cat is here.", "en": "/similar a cat | a feline"}


def kept(served: Served, task: Task = Task.SENTIMENT) -> list[Kept]:
    assert isinstance(served.store, FeedbackStore)
    return served.store.kept(task)


def thumb(answer: Locator, speech: Speech, *, good: bool) -> Locator:
    return answer.get_by_role("button", name=NAMES[speech][0 if good else 1], exact=True)


def told(found: Opened, words: str) -> None:
    found.last.locator(".opinion").get_by_text(words).first.wait_for()


def test_without_the_setting_there_are_no_thumbs_and_nothing_is_kept(browser: Browser, served: Served) -> None:
    with opened(browser, served) as found:
        found.ask(LINES["ja"])
        assert found.page.locator(".thumb").count() == 0
        assert not list(served.connection.scan_iter(names.answered("*")))


@pytest.mark.parametrize(
    ("line", "count"),
    [(LINES["ja"], 2), (QUESTIONS["en"], 2), (PAIRS["ja"], 2), ("/ner Paris", 2), ("/tokens 猫", 0), ("/help", 0), ("/ner 壊れ", 0)],
)
def test_thumbs_stand_under_answers_that_models_are_trained_for(browser: Browser, asking: Served, line: str, count: int) -> None:
    with opened(browser, asking) as found:
        assert found.ask(line).locator(".thumb").count() == count


@pytest.mark.parametrize(
    ("speech", "said", "back"), [("ja", "学習用に保存しました", "削除しました"), ("en", "kept for training", "has been deleted")]
)
def test_a_thumb_keeps_the_text_and_pressing_it_again_deletes_it(
    browser: Browser, asking: Served, speech: Speech, said: str, back: str
) -> None:
    with opened(browser, asking, speech=speech) as found:
        button = thumb(found.ask(LINES[speech]), speech, good=True)
        assert (button.get_attribute("aria-pressed"), kept(asking)) == ("false", [])
        button.click()
        told(found, said)
        assert button.get_attribute("aria-pressed") == "true"
        (opinion,) = kept(asking)
        assert (opinion.verdict, opinion.answered.platform) == ("good", "web")
        assert said in (found.page.locator("#told").text_content() or "")
        found.page.reload()
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        told(found, back)
        assert kept(asking) == []


@pytest.mark.parametrize("speech", ["ja", "en"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_after_a_wrong_answer_the_right_one_can_be_said(
    browser: Browser, asking: Served, screenshots: Path, speech: Speech, viewport: Any
) -> None:
    right = {"ja": "ネガティブ", "en": "negative"}[speech]
    with opened(browser, asking, speech=speech, viewport=viewport) as found:
        answer = found.ask(LINES[speech])
        found.page.screenshot(path=screenshots / f"thumbs-{speech}-{viewport['width']}.png")
        thumb(answer, speech, good=True).click()
        told(found, {"ja": "正しい例", "en": "a right example"}[speech])
        thumb(answer, speech, good=False).click()
        told(found, {"ja": "間違いの例", "en": "a wrong example"}[speech])
        found.page.screenshot(path=screenshots / f"thumbs-label-{speech}-{viewport['width']}.png")
        answer.get_by_role("button", name=right, exact=True).click()
        answer.locator('.choices [aria-pressed="true"]', has_text=right).wait_for()
        (opinion,) = kept(asking)
        assert (opinion.verdict, json.loads(opinion.correction or "")) == ("bad", "negative")
        answer = found.ask(PAIRS[speech])
        thumb(answer, speech, good=False).click()
        answer.get_by_role("button", name="2", exact=True).click()
        answer.locator('.choices [aria-pressed="true"]').wait_for()
        assert json.loads(kept(asking, Task.SIMILAR)[0].correction or "") == 2
        assert found.overflow() == 0
        found.page.screenshot(path=screenshots / f"thumbs-score-{speech}-{viewport['width']}.png")


@pytest.mark.parametrize(
    ("speech", "wrong", "trouble", "right", "none"),
    [
        ("ja", "ホンダ", "文脈の中にありません", "トヨタ自動車", "文中に答えはない"),
        ("en", "Steve", "does not stand in the context", "tim cook", "The text has no answer"),
    ],
)
def test_the_right_answer_to_a_question_must_stand_in_its_context(
    browser: Browser, asking: Served, screenshots: Path, speech: Speech, wrong: str, trouble: str, right: str, none: str
) -> None:
    with opened(browser, asking, speech=speech, viewport=PHONE) as found:
        answer = found.ask(QUESTIONS[speech])
        thumb(answer, speech, good=False).click()
        field = answer.locator(".opinion input")
        field.fill(wrong)
        field.press("Enter")
        told(found, trouble)
        assert field.input_value() == wrong
        assert [opinion.correction for opinion in kept(asking, Task.ASK)] == [None]
        assert found.overflow() == 0
        found.page.screenshot(path=screenshots / f"thumbs-answer-{speech}.png")
        field.fill(right)
        field.press("Enter")
        told(found, {"ja": "トヨタ自動車", "en": "Tim Cook"}[speech])
        assert json.loads(kept(asking, Task.ASK)[0].correction or "")["text"].lower() == right
        answer.get_by_role("button", name=none).click()
        answer.locator('.choices [aria-pressed="true"]').wait_for()
        assert kept(asking, Task.ASK)[0].correction == "null"


def test_a_press_while_the_server_is_away_is_kept_once_when_it_is_back(browser: Browser, asking: Served) -> None:
    with opened(browser, asking, complains=True) as found:  # the browser itself complains about a server that is away
        answer = found.ask(LINES["ja"])
        asking.stop()
        found.page.locator("#state.away").wait_for()
        thumb(answer, "ja", good=True).click()
        assert "保存しています" in found.last.inner_text()
        assert kept(asking) == []
        asking.start()
        told(found, "学習用に保存しました")
        found.page.reload()
        found.page.locator("#state.connected").wait_for()
        assert [opinion.verdict for opinion in kept(asking)] == ["good"]


@pytest.mark.parametrize(("speech", "trouble"), [("ja", "記録はもう残っていない"), ("en", "is not kept any more")])
def test_a_press_that_comes_too_late_says_so(browser: Browser, asking: Served, speech: Speech, trouble: str) -> None:
    with opened(browser, asking, speech=speech) as found:
        answer = found.ask(LINES[speech])
        asking.connection.flushall()
        button = thumb(answer, speech, good=True)
        button.click()
        told(found, trouble)
        assert (button.get_attribute("aria-pressed"), kept(asking)) == ("false", [])


def test_thumbs_go_when_feedback_is_switched_off(browser: Browser, asking: Served) -> None:
    with opened(browser, asking, complains=True) as found:
        answer = found.ask(LINES["ja"])
        asking.store = None
        asking.restart()
        answer.locator(".thumb").first.wait_for(state="detached")


def test_the_keyboard_stays_on_the_thumb_that_was_pressed(browser: Browser, asking: Served) -> None:
    with opened(browser, asking) as found:
        thumb(found.ask(LINES["ja"]), "ja", good=False).focus()
        found.page.keyboard.press("Enter")
        told(found, "学習用に保存しました")
        assert found.page.evaluate("document.activeElement.ariaLabel") == "違う答え"
