"""The page shows what was measured, with plots, and is never written from a short run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.page import HEAD, PAGE, main, reports_in, section
from benchmarks.report import RATIO, RESULTS, Report, Row, write


def result(folder: Path, *, short: bool = False) -> None:
    rows = [
        Row(name=f"{who}: {what}", unit="ms", values=(1.0, 2.0, 4.0), group=f"{at} at once")
        for what in ("requests/s", "p95")
        for who in ("yomite", "mosec")
        for at in (1, 8)
    ]
    rows.append(Row(name="yomite ÷ mosec", unit=RATIO, values=(0.8, 0.9, 1.2), group="8 at once", target=1.0))
    rows.append(Row(name="yomite ÷ litserve", unit=RATIO, values=(), note="left out by --without"))
    write(Report(benchmark="system", title="The system", short=short, rows=tuple(rows), notes=("A note.",)), folder)


def test_the_page_has_tables_and_plots(tmp_path: Path) -> None:
    result(tmp_path / "results")
    page, images = tmp_path / "docs" / "benchmarks.md", tmp_path / "docs" / "images"
    assert main(["--results", str(tmp_path / "results"), "--page", str(page), "--images", str(images)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| yomite ÷ mosec | 8 at once | 0.9 | 0.8 – 1.20 | × | ≥ 1 | **no** |" in text
    assert "| yomite ÷ litserve |  | left out by --without |" in text
    assert "- A note." in text
    for name in ("benchmarks-system.png", "benchmarks-system-ratios.png"):
        assert f"(images/{name})" in text
        assert (images / name).read_bytes().startswith(b"\x89PNG")


def test_the_published_page_says_what_the_results_say() -> None:
    """Its plots are left out: those are drawn."""
    text = PAGE.read_text(encoding="utf-8")
    said = "\n".join(line for line in text.splitlines() if not line.startswith("!["))
    written = "\n".join([HEAD, *(section(one) for one in reports_in(RESULTS))])
    assert [line for line in said.splitlines() if line] == [line for line in written.splitlines() if line], "run `make bench-page`"


def test_capacity_is_drawn_over_the_number_of_workers(tmp_path: Path) -> None:
    groups = ("1 worker", "2 workers")
    rows = [Row(name=f"as assumed: {measure}", unit="ms", values=(8.0, 9.0), group=group) for measure in ("p50", "p95") for group in groups]
    write(Report(benchmark="capacity", title="Workers", short=False, rows=tuple(rows)), tmp_path)
    assert main(["--results", str(tmp_path), "--page", str(tmp_path / "page.md"), "--images", str(tmp_path)]) == 0
    assert (tmp_path / "benchmarks-capacity.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("short", [True, False], ids=["of a short run", "without results"])
def test_no_page_is_written_from_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], short: bool) -> None:
    if short:
        result(tmp_path, short=True)
    page = tmp_path / "page.md"
    assert main(["--results", str(tmp_path), "--page", str(page), "--images", str(tmp_path)]) == 1
    assert not page.exists()
    said = capsys.readouterr().err
    assert "python -m benchmarks で測ってください" in said
    assert "Measure first" in said
