"""The page of an explanation wherever and with whatever it is opened: in frames, on phones, with hostile, odd and many tokens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.contract import Prediction
from engine.figures.explorer import explorer
from tests.support.explained import made_up
from tests.support.explorer import NAMES, PHONE, WIDE, bars, chip, look_at_cell, opened, strongest, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = (
    "[CLS]",
    "</script><img src=x onerror=document.title='broken'>",
    "<img src=x onerror=alert(1)>",
    "--><script>alert(2)</script>",
    "[SEP]",
)


def test_hostile_texts_are_shown_as_text_and_run_nothing(browser: Browser, tmp_path: Path) -> None:
    read = made_up(
        HOSTILE,
        model="<script>alert(3)</script>",
        word="<b>",
        prediction=Prediction(label="<img src=x onerror=alert(4)>", probability=0.5, text="<script>alert(5)</script>"),
    )
    with opened(browser, tmp_path, read, other=read, head=0) as page:
        chip(page, 1).click()
        page.locator("#shape [data-value=lines]").click()
        page.locator("#speech").click()
        assert chip(page, 1).locator(".piece").inner_text() == HOSTILE[1]
        assert page.locator("main img, main b b, main script, .chip img").count() == 0
        assert page.title() == "Yomite · 注意 / attention"


def test_it_works_in_a_frame_that_may_do_nothing_but_run_scripts(browser: Browser) -> None:
    read = made_up(NAMES, layers=2, heads=4)
    page = browser.new_page()
    complaints, asked = watched(page)
    page.set_content("<iframe sandbox='allow-scripts' style='width: 100%; height: 3000px'></iframe>")
    page.locator("iframe").evaluate("(frame, text) => { frame.srcdoc = text; }", explorer(read, other=None, japanese=True).data.decode())
    frame = page.frame_locator("iframe")
    frame.locator('.thumb[data-layer="0"][data-head="2"]').click()
    assert look_at_cell(frame, 3, 4, of=10).endswith(f" {read.maps[0, 2, 3, 4]:.3f}")
    assert complaints == []
    assert [url for url in asked if url != "about:srcdoc"] == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("japanese", [True, False])
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_page_never_scrolls_sideways(
    browser: Browser, tmp_path: Path, screenshots: Path, scheme: str, japanese: bool, size: str
) -> None:
    names = ("[CLS]", *(f"語{i}" for i in range(60)), "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2, "👨‍👩‍👧", "[SEP]")
    read = made_up(names, layers=12, heads=12, model="organisation/" + "a-very-long-name" * 8)
    context = {"viewport": PHONE if size == "phone" else WIDE, "color_scheme": scheme}
    with opened(browser, tmp_path, read, context=context, japanese=japanese, other=read if size == "desktop" else None) as page:
        for shape in ("lines", "table"):
            page.locator(f"#shape [data-value={shape}]").click()
            chip(page, 61).click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=screenshots / f"explorer-{size}-{scheme}-{'ja' if japanese else 'en'}.png", full_page=True)


@pytest.mark.parametrize(
    "names", [("猫",), ("[CLS]", "[SEP]"), ("👨‍👩‍👧", "🇯🇵", "é", "\u202eabc", "", " ", "\x00\n")], ids=["one", "special", "emoji"]
)
def test_odd_texts_are_drawn(browser: Browser, tmp_path: Path, names: tuple[str, ...]) -> None:
    read = made_up(names, telling=())
    with opened(browser, tmp_path, read, head=0) as page:
        chip(page, 0).click()
        assert bars(page, "looks-at")[0][1] == f"{read.maps[1, 0, 0].max():.3f}"
        assert all(text.strip() for text in page.locator(".panel .chip .piece").all_inner_texts())
        assert page.locator(".panel .table canvas").count() == 1
        page.locator("#special").set_checked(False, force=True) if page.locator("#special-label").is_visible() else None
        assert page.locator(".panel .chip").count() == sum(not token.special for token in read.tokens)


def test_sixty_four_tokens_by_twelve_layers_of_twelve_heads_are_right(browser: Browser, tmp_path: Path) -> None:
    read = made_up([f"語{i}" for i in range(64)], layers=12, heads=12)
    with opened(browser, tmp_path, read) as page:
        assert page.locator(".thumb").count() == 12 * 13
        page.locator('.thumb[data-layer="7"][data-head="11"]').click()
        assert look_at_cell(page, 63, 17, of=64).endswith(f" {read.maps[7, 11, 63, 17]:.3f}")
        chip(page, 40).hover()
        assert bars(page, "looked-by")[:2] == strongest(read.maps[7, 11, :, 40], tuple(f"語{i}" for i in range(64)), count=2)


def test_a_model_without_relevance_or_prediction_offers_neither(browser: Browser, tmp_path: Path) -> None:
    read = replace(made_up(NAMES), relevance=None, prediction=None, faithfulness=())
    with opened(browser, tmp_path, read) as page:
        assert page.locator("#view button").all_inner_texts() == ["ヘッドひとつ", "ヘッドの平均", "ロールアウト"]
        assert "何も予測しません" in page.locator(".predicted").inner_text()
        assert page.locator(".tested").count() == 0


def test_a_part_of_a_long_text_says_so(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, made_up(NAMES, window=2, windows=9, chosen=True), japanese=False) as page:
        assert "the part that matters most to the prediction is shown (window 2 of 0–8)" in page.locator(".mattering").inner_text()
