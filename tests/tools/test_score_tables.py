"""Tests of the scores that stand in pages: they are those that were measured last, in the page's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.pack.scores import HEAD_EN, HEAD_JA, MARK_BEGIN, MARK_END, score_lines, write_table
from tools.score_tables import PAGES, ROOT, read_scores


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_have_the_scores_that_were_measured_last(page: str) -> None:
    table = "\n".join(score_lines(read_scores(), japanese="/ja/" in page))
    assert f"{MARK_BEGIN}\n{table}\n{MARK_END}" in (ROOT / page).read_text(encoding="utf-8"), "run `python -m tools.score_tables`"


@pytest.mark.parametrize(("folder", "head"), [("ja", HEAD_JA), ("en", HEAD_EN)])
def test_a_table_is_written_in_the_language_of_its_folder(tmp_path: Path, folder: str, head: str) -> None:
    page = tmp_path / folder / "page.md"
    page.parent.mkdir()
    page.write_text(f"before\n{MARK_BEGIN}\nold\n{MARK_END}\nafter\n", encoding="utf-8")
    write_table(page, read_scores())
    lines = page.read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[2], lines[-1]) == ("before", head, "after")
    assert "old" not in lines
