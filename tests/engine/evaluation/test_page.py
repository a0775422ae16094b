"""The page of an evaluation in a real browser: its numbers, its rows as text, and room for it on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.contract import SentimentLabel
from engine.evaluation.page import page, worst
from engine.evaluation.report import Report
from engine.evaluation.scoring import evaluate
from engine.examples.rows import ExampleTask, NerRow, SentimentRow
from tests.engine.evaluation.scripted import LABELS, UNREADABLE, ScriptedEngine, entities, judged, ner_rows, report_of
from tests.support.explorer import watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE = {"width": 360, "height": 800}
HOSTILE = "<img src=x onerror=alert(1)></section><script>document.title='broken'</script>{{ 7 * 7 }}"
LONG = "とても" * 20 + "長い" + "w" * 150
TEXTS = ("対応が早く、とても満足しています。", HOSTILE, LONG, "The delivery was late again.")


def sentiment_report() -> Report:
    rows = [SentimentRow(text=f"{TEXTS[i % 4]} {i}", label=LABELS[i % 3], lang="ja") for i in range(24)]
    given: list[SentimentLabel | str] = [LABELS[(i + (i % 5 == 0)) % 3] if i != 7 else "" for i in range(24)]
    others = [LABELS[(i + (i % 3 == 0)) % 3] for i in range(24)]
    return report_of(
        rows, judged(rows, given, model="yomite/sentiment"), judged(rows, others, model="/home/team/models/our-very-long-name")
    )


def ner_report() -> Report:
    rows = [*ner_rows(12), NerRow(text="名前のない文", entities=())]
    engine = ScriptedEngine(lambda request: entities((0, 2, "PER", 0.95), (6, 8, "LOC" if "1" in request.text else "ORG", 0.6)))
    return report_of(rows, evaluate(engine, ExampleTask.NER, rows), data="entities.conll")


@contextmanager
def opened(browser: Browser, folder: Path, report: Report, *, language: str, scheme: str = "light", width: int = 360) -> Iterator[Page]:
    """The page on a screen of that width; closes it, and fails where it complained or asked for anything."""
    file = folder / "page.html"
    file.write_text(page(report, language=language), encoding="utf-8")
    with browser.new_context(viewport={"width": width, "height": PHONE["height"]}, color_scheme=scheme) as context:  # type: ignore[arg-type]  # light or dark
        found = context.new_page()
        complaints, asked = watched(found)
        found.goto(file.as_uri())
        yield found
        assert complaints == []
        assert asked == [file.as_uri()]


@pytest.mark.parametrize(("language", "said"), [("ja", "（答えられず）"), ("en", "(could not be answered)")])
def test_a_row_that_could_not_be_answered_is_not_shown_as_one_that_nothing_was_found_in(language: str, said: str) -> None:
    rows = [NerRow(text=text, entities=()) for text in ("読めない文", "雨だ。")]
    read = evaluate(ScriptedEngine(lambda request: entities()), ExampleTask.NER, rows)
    failed = evaluate(ScriptedEngine(lambda request: UNREADABLE if "読" in request.text else entities()), ExampleTask.NER, rows)
    assert page(report_of(rows, failed), language=language).count(said) == 1
    assert page(report_of(rows, failed, failed), language=language).count(said) == 2
    assert said not in page(report_of(rows, read, read), language=language)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", ["sentiment", "ner"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1_000)])
def test_nothing_sticks_out_of_the_screen(
    browser: Browser, tmp_path: Path, screenshots: Path, language: str, kind: str, scheme: str, width: int
) -> None:
    report = sentiment_report() if kind == "sentiment" else ner_report()
    with opened(browser, tmp_path, report, language=language, scheme=scheme, width=width) as found:
        assert found.evaluate("document.documentElement.scrollWidth") == width
        # Only a table may be wider than its place: it scrolls by itself.
        assert (
            found.locator("main *:not(.table *)").evaluate_all(
                "(all, width) => all.filter(one => one.getBoundingClientRect().right > width + 0.5).map(one => one.outerHTML.slice(0, 80))",
                width,
            )
            == []
        )
        found.screenshot(path=screenshots / f"evaluation-{kind}-{language}-{scheme}-{width}.png", full_page=True)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_on_paper_no_table_is_cut_and_no_number_loses_its_ground(browser: Browser, tmp_path: Path, language: str) -> None:
    with opened(browser, tmp_path, sentiment_report(), language=language, width=700) as found:
        found.emulate_media(media="print")
        tables = found.locator(".table").evaluate_all(
            "all => all.map(one => [getComputedStyle(one).overflowX, one.scrollWidth - one.clientWidth])"
        )
        assert tables == [["visible", 0]] * len(tables)
        assert found.locator(".confusion td").first.evaluate("cell => getComputedStyle(cell).printColorAdjust") == "exact"


def test_texts_of_rows_are_shown_as_text_and_run_nothing(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, sentiment_report(), language="ja") as found:
        assert found.locator("article p", has_text=HOSTILE).count() > 0
        assert found.locator("main img, main script").count() == 0
        assert found.title() == "Yomite · 評価の結果 · reviews.csv"


def test_the_numbers_are_those_that_were_measured(browser: Browser, tmp_path: Path) -> None:
    report = sentiment_report()
    evaluation, comparison = report.evaluation, report.comparison
    assert evaluation.confusion is not None
    assert evaluation.calibration is not None
    assert comparison is not None
    with opened(browser, tmp_path, report, language="en") as found:
        assert found.locator("#measures strong").inner_text() == f"{evaluation.metrics['macro_f1']:.3f}"
        cells = found.locator("#confusion td").all_inner_texts()
        assert cells == [str(count) for counts in evaluation.confusion.counts for count in counts]
        assert f"{evaluation.calibration.error:.3f}" in found.locator("#calibration > p").first.inner_text()
        assert found.locator("#calibration .bar").count() == len(evaluation.calibration.bins)
        assert comparison.said.en in found.locator("#comparison").inner_text()
        assert f"({len(comparison.only_first)})" in found.locator("#only_first h2").inner_text()
        assert "1" in found.locator("#measures .verdict").inner_text()


def test_the_wrong_rows_are_listed_with_their_lines(browser: Browser, tmp_path: Path) -> None:
    report = sentiment_report()
    with opened(browser, tmp_path, report, language="ja") as found:
        places = found.locator("#wrong h3").all_inner_texts()
        assert places == [f"{one.line:,} 行目" for one in worst(report.evaluation.outcomes)]
        assert "（答えられず）" in found.locator("#wrong article", has_text="9 行目").first.inner_text()


def test_the_worst_rows_come_first_and_among_them_the_surest() -> None:
    outcomes = ner_report().evaluation.outcomes
    scores = [one.score for one in worst(outcomes)]
    assert scores == sorted(scores)
    assert all(score < 1 for score in scores)
