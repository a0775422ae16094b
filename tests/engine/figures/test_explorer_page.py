"""The page of an explanation in a real browser: its numbers, its controls, its languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.contract import Prediction, WordLink
from tests.engine.tasks.tiny_models import answering_model, judging_model
from tests.support.explained import made_up, read_by
from tests.support.explorer import NAMES, PHONE, bars, chip, ink, look_at_cell, opened, strongest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_every_head_that_is_gone_to_shows_its_own_numbers(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=3, heads=4)
    with opened(browser, tmp_path, read) as page:
        for layer, head in ((0, 0), (1, 3), (2, 2)):
            page.locator(f'.thumb[data-layer="{layer}"][data-head="{head}"]').click()
            assert page.locator(".panel h3").inner_text() == f"層 {layer}・ヘッド {head}"
            for row, column in ((0, 0), (2, 7), (9, 4), (5, 9)):
                said = look_at_cell(page, row, column, of=10)
                assert said == f"「{NAMES[row]}」 → 「{NAMES[column]}」 {read.maps[layer, head, row, column]:.3f}"
            chip(page, 4).hover()
            assert bars(page, "looks-at")[:3] == strongest(read.maps[layer, head, 4], NAMES)


def test_the_mean_the_rollout_and_the_relevance_show_their_own_numbers(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=3, heads=4)
    assert read.relevance is not None
    with opened(browser, tmp_path, read) as page:
        maps = {"mean": read.maps[2].astype(np.float64).mean(axis=0), "rollout": read.rollout, "relevance": read.relevance}
        for view, values in maps.items():
            page.locator(f"#view [data-value={view}]").click()
            assert look_at_cell(page, 3, 6, of=10).endswith(f" {values[3, 6]:.3f}")
        page.locator("#view [data-value=mean]").click()
        page.locator('.thumb[data-layer="0"][data-head="mean"]').click()
        assert look_at_cell(page, 8, 1, of=10).endswith(f" {read.maps[0].astype(np.float64).mean(axis=0)[8, 1]:.3f}")


@pytest.mark.parametrize(("japanese", "quote"), [(True, "「{}」"), (False, "“{}”")])
def test_pointing_at_a_token_tells_what_it_looks_at_and_what_looks_at_it(
    browser: Browser, tmp_path: Path, japanese: bool, quote: str
) -> None:
    read = made_up(NAMES, layers=2, heads=4)
    with opened(browser, tmp_path, read, japanese=japanese, layer=1, head=2) as page:
        assert page.locator(".panel .looks-at").count() == 0
        chip(page, 2).hover()
        assert bars(page, "looks-at")[:3] == strongest(read.maps[1, 2, 2], NAMES, quote=quote)
        assert bars(page, "looked-by")[:3] == strongest(read.maps[1, 2, :, 2], NAMES, quote=quote)
        assert [page.locator(".panel .chip .number").nth(i).inner_text() for i in range(10)] == [f"{v:.3f}" for v in read.maps[1, 2, 2]]
        page.locator("h1").hover()
        assert page.locator(".panel .looks-at").count() == 0


def test_a_tapped_token_stays_chosen_until_it_is_tapped_again(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=2, heads=4)
    with opened(browser, tmp_path, read, context={"viewport": PHONE, "has_touch": True}, head=0) as page:
        chip(page, 8).tap()
        assert chip(page, 8).get_attribute("aria-selected") == "true"
        assert bars(page, "looks-at")[:3] == strongest(read.maps[1, 0, 8], NAMES)
        page.locator('.thumb[data-layer="0"][data-head="3"]').tap()
        assert bars(page, "looked-by")[:3] == strongest(read.maps[0, 3, :, 8], NAMES)
        page.locator(".table canvas").tap(position={"x": 3, "y": 3})
        assert page.locator(".readout").inner_text() == f"「[CLS]」 → 「[CLS]」 {read.maps[0, 3, 0, 0]:.3f}"
        chip(page, 0).tap()
        assert page.locator(".panel .looks-at").count() == 0


def test_an_asked_word_of_several_tokens_looks_by_their_mean_and_is_looked_at_by_their_sum(browser: Browser, tmp_path: Path) -> None:
    names = ("[CLS]", "京都", "大学", "の", "人", "[SEP]")
    links = tuple(WordLink(token=i, looks_at=0.0, looked_by=0.0, own=i in (1, 2)) for i in range(6))
    read = made_up(names, word="京都大学", links=links)
    exact = read.maps[1, 1].astype(np.float64)
    with opened(browser, tmp_path, read, head=1) as page:
        assert page.locator(".looks-at h4").inner_text() == "「京都大学」 が見る先"
        for which, values in (("looks-at", exact[1:3].mean(axis=0)), ("looked-by", exact[:, 1:3].sum(axis=1))):
            listed = bars(page, which)
            assert len(listed) > 2
            for name, number in listed:
                assert float(number) == pytest.approx(values[names.index(name.strip("「」"))], abs=0.0011)


def test_the_sliders_and_choices_are_worked_by_keys(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=3, heads=4)
    with opened(browser, tmp_path, read, japanese=False, head=1) as page:
        heading = page.locator(".panel h3")
        page.locator("#layer").focus()
        page.keyboard.press("ArrowLeft")
        assert heading.inner_text() == "Layer 1, head 1"
        page.locator("#head").focus()
        page.keyboard.press("End")
        assert heading.inner_text() == "Layer 1, head 3"
        assert page.locator("#head-now").inner_text() == "3 / 0–3"
        assert look_at_cell(page, 4, 5, of=10).endswith(f" {read.maps[1, 3, 4, 5]:.3f}")
        page.locator("#view [aria-checked=true]").focus()
        page.keyboard.press("ArrowRight")
        assert heading.inner_text() == "Layer 1, mean of 4 heads"
        assert page.locator("#head").is_disabled()
        page.keyboard.press("ArrowRight")
        assert heading.inner_text() == "Rollout (all layers)"
        assert page.evaluate("document.activeElement.dataset.value") == "rollout"


def test_thumbnails_tokens_and_cells_are_walked_by_arrow_keys(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=3, heads=4)
    with opened(browser, tmp_path, read, head=0) as page:
        page.locator(".thumb[aria-checked=true]").focus()
        for key in ("ArrowUp", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        assert page.locator(".panel h3").inner_text() == "層 1・ヘッド 2"
        assert page.locator(".thumb[aria-checked=true]").evaluate("thumb => thumb === document.activeElement")
        page.locator('.panel .chip[tabindex="0"]').focus()
        for key in ("ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        assert chip(page, 2).get_attribute("aria-selected") == "true"
        assert chip(page, 2).evaluate("chip => chip === document.activeElement")
        assert bars(page, "looks-at")[:3] == strongest(read.maps[1, 2, 2], NAMES)
        page.locator(".table canvas").focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight"):  # the first one enters the table
            page.keyboard.press(key)
        assert page.locator(".readout").inner_text() == f"「この」 → 「この」 {read.maps[1, 2, 1, 1]:.3f}"


@pytest.mark.parametrize(("japanese", "first", "second"), [(True, "ポジティブ", "positive"), (False, "positive", "ポジティブ")])
def test_a_button_changes_the_language_of_everything(browser: Browser, tmp_path: Path, japanese: bool, first: str, second: str) -> None:
    with opened(browser, tmp_path, made_up(["[CLS]", "a", "b", "[SEP]"]), japanese=japanese) as page:
        before, label = page.locator("body").inner_text(), page.locator(".predicted .label")
        assert label.inner_text() == first
        page.locator("#speech").click()
        assert label.inner_text() == second
        assert page.evaluate("document.documentElement.lang") == ("en" if japanese else "ja")
        kana = r"[\u3040-\u30ff]"
        texts = "[...document.querySelectorAll('main *')].flatMap(e => [e.textContent, e.ariaLabel, e.title]).join(' ')"
        if japanese:
            assert page.evaluate(f"/{kana}/.test({texts})") is False
        page.locator("#speech").click()
        assert page.locator("body").inner_text() == before


def test_both_languages_say_the_same_things(browser: Browser, tmp_path: Path) -> None:
    shape = "(w) => JSON.stringify(w, (k, v) => typeof v === 'string' ? [...v.matchAll(/\\{\\w+\\}/g)].map(String).sort().join() : v)"
    with opened(browser, tmp_path, made_up(["a", "b"])) as page:
        assert page.evaluate(f"({shape})(WORDS.ja) === ({shape})(WORDS.en)")


def test_special_tokens_are_folded_and_what_goes_to_them_is_said(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=2, heads=4)
    with opened(browser, tmp_path, read, head=1) as page:
        page.locator("#special").uncheck()
        assert page.locator(".panel .chip").count() == 8
        assert page.locator(".mattering .chip").count() == 8
        assert look_at_cell(page, 0, 7, of=8).endswith(f"「cat」 {read.maps[1, 1, 1, 8]:.3f}")
        hidden = read.maps[1, 1, :, 0] + read.maps[1, 1, :, 9]
        most = int(hidden[1:9].argmax()) + 1
        chip(page, most).hover()
        assert f"約 {round(100 * float(hidden[most]))} %" in page.locator(".looks-at").inner_text()


def test_scores_and_the_faithfulness_check_are_told(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES)
    with opened(browser, tmp_path, read, japanese=False) as page:
        numbers = page.locator(".mattering .chip .number")
        attributions = [score.attribution or 0.0 for score in read.scores]
        assert numbers.all_inner_texts() == [f"{value:+.3f}".replace("-", "−") for value in attributions]
        page.locator(".mattering [data-value=rollout]").click()
        assert numbers.all_inner_texts() == [f"{score.rollout:.3f}" for score in read.scores]
        sentence = page.locator(".tested").inner_text()
        assert "91.2% became 61.0% (−0.302) with the top 3 by attention rollout masked" in sentence
        assert "moved the prediction more than random" in sentence


def test_it_is_said_when_attention_explains_no_more_than_chance(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES)
    attention, attribution, random = read.faithfulness
    weak = replace(read, faithfulness=(replace(attention, change=random.change - 0.01), attribution, random))
    with opened(browser, tmp_path, weak) as page:
        assert "注意を予測の理由と読まないでください" in page.locator(".tested").inner_text()


@pytest.mark.parametrize(
    ("task", "label", "text", "said"),
    [
        ("ner", "LOC", "東京", "「東京」 地名"),
        ("ner", "O", "猫", "「猫」 固有名ではない"),
        ("ask", " ", None, "答えなし"),
        ("ask", "2017年", None, "2017年"),
        ("sentiment", "LABEL_1", None, "LABEL_1"),
    ],
)
def test_a_prediction_is_told_in_words(browser: Browser, tmp_path: Path, task: str, label: str, text: str | None, said: str) -> None:
    prediction = Prediction(label=label, probability=0.9999, text=text)
    with opened(browser, tmp_path, made_up(["猫"], task=task, prediction=prediction)) as page:
        assert page.locator(".predicted .label").inner_text() == said
        assert page.locator(".predicted .probability").inner_text() == ">99.9%"


def test_telling_heads_are_marked_explained_and_one_press_away(browser: Browser, tmp_path: Path) -> None:
    read = made_up(NAMES, layers=3, heads=4)
    with opened(browser, tmp_path, read, japanese=False) as page:
        places = {(one.layer, one.head) for one in read.telling}
        assert page.locator(".thumb.marked").count() == len(places)
        focused = read.telling[0]
        line = page.locator(".telling li").first
        assert f"looks at the fewest tokens (entropy {focused.value:.2f} nats)" in line.inner_text()
        line.locator("button").click()
        assert page.locator(".panel h3").inner_text() == f"Layer {focused.layer}, head {focused.head}"


def test_a_pair_stands_apart_and_is_filtered_to_looks_across(browser: Browser, tmp_path: Path, screenshots: Path) -> None:
    read = read_by(answering_model(), "日本の首都は。", "東京です。猫が鳴く。", task="ask")
    second, size = read.second_from, len(read.tokens)
    assert second is not None
    with opened(browser, tmp_path, read, head=0) as page:
        assert page.locator(".panel .line .segment").all_inner_texts() == ["質問", "文脈"]
        assert page.locator(".panel .line").nth(1).locator(".chip").count() == size - second
        page.locator("#between").check()
        assert look_at_cell(page, 1, 2, of=size) == ""
        assert look_at_cell(page, 1, second, of=size).endswith(f" {read.maps[-1, 0, 1, second]:.3f}")
        chip(page, 1).hover()
        across = read.maps[-1, 0, 1, second:]
        assert [number for _, number in bars(page, "looks-at")][:2] == [f"{value:.3f}" for value in np.sort(across)[::-1][:2]]
        page.screenshot(path=screenshots / "explorer-pair.png", full_page=True)


def test_two_readings_follow_the_same_controls(browser: Browser, tmp_path: Path, screenshots: Path) -> None:
    model = judging_model()
    read, other = read_by(model, "この映画は本当に素晴らしかった"), made_up(NAMES, layers=1, heads=2, model="small")
    with opened(browser, tmp_path, read, other=other, head=3) as page:
        assert page.locator(".panel h3").all_inner_texts() == [f"層 1・ヘッド 3 · {model.name}", "層 0・ヘッド 1 · small"]
        page.locator("#head").focus()
        page.keyboard.press("Home")
        size = len(read.tokens)
        assert look_at_cell(page, 1, 2, of=size).endswith(f" {read.maps[1, 0, 1, 2]:.3f}")
        assert look_at_cell(page, 1, 2, of=10, panel=1).endswith(f" {other.maps[0, 0, 1, 2]:.3f}")
        tops = [panel.bounding_box() for panel in page.locator(".panel").all()]
        assert tops[0] is not None
        assert tops[1] is not None
        assert tops[0]["y"] == tops[1]["y"]
        page.screenshot(path=screenshots / "explorer-compare.png", full_page=True)


def test_a_token_chosen_in_one_reading_is_chosen_in_another_of_the_same_tokens(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, made_up(NAMES), other=made_up(NAMES, seed=1), head=0) as page:
        chip(page, 5, panel=1).click()
        assert chip(page, 5).get_attribute("aria-selected") == "true"


def test_lines_can_be_drawn_instead_of_the_table(browser: Browser, tmp_path: Path, screenshots: Path) -> None:
    with opened(browser, tmp_path, made_up(NAMES), head=0) as page:
        page.locator("#shape [data-value=lines]").click()
        all_of_them = ink(page.locator(".lines canvas"))
        page.locator(".side.left .label").nth(2).hover()
        assert 0 < ink(page.locator(".lines canvas")) < all_of_them
        assert page.locator(".looks-at h4").inner_text() == "「映画」 が見る先"
        page.screenshot(path=screenshots / "explorer-lines.png", full_page=True)
