"""The command line of `yomite evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.evaluation.asking import REQUESTS_AT_ONCE
from engine.examples.reading import FORMATS
from engine.examples.rows import ExampleTask
from engine.models.precision import PRECISIONS


def parser() -> argparse.ArgumentParser:
    """What may be given; settings that `yomite` passes on come as options too."""
    found = argparse.ArgumentParser(prog="yomite evaluate", description="Measure the engine on a file of rows whose answers are known.")
    formats = ", ".join(FORMATS)
    found.add_argument("task", type=ExampleTask, choices=list(ExampleTask), metavar="|".join(ExampleTask))
    found.add_argument("--data", type=Path, required=True, metavar="FILE", help=f"the rows: {formats}, gzipped (.gz) or not")
    found.add_argument("--model", help="a model id or folder; default: the catalog's")
    found.add_argument("--against", metavar="MODEL", help="compare with this model id or folder on the same rows")
    _add_output(found)
    _add_settings(found)
    found.add_argument("--limit", type=_positive, metavar="N", help="only the first N rows")
    found.add_argument("--held-out", action="store_true", help="sentiment: only the fixed tenth that training never sees")
    return found


def _add_output(found: argparse.ArgumentParser) -> None:
    found.add_argument("--json", action="store_true", help="print one JSON object")
    found.add_argument("--rows", action="store_true", help="with --json: how each row went, as `outcomes`")
    found.add_argument("--page", type=Path, metavar="FILE.html", help="write one page with all that was measured")
    found.add_argument("--picture", type=Path, metavar="FILE.png", help="write a picture of the confusion matrix")
    found.add_argument("--lang", choices=["ja", "en"], help="the language of what is printed and of the page; default: that of the rows")


def _add_settings(found: argparse.ArgumentParser) -> None:
    found.add_argument("--profile", default="bundled", help="the catalog's profile: bundled (default) or hub")
    found.add_argument("--catalog", type=Path, metavar="FILE", help="a catalog file of your own, laid over the profile")
    found.add_argument("--chosen", type=Path, metavar="FILE", help="the file of `yomite models use`")
    found.add_argument("--lock", type=Path, metavar="FILE", help="the file of `yomite models pull`")
    found.add_argument("--models-dir", type=Path, metavar="FOLDER", help="where the bundled models lie")
    found.add_argument("--device", default="auto", help="what computes: auto (default), cpu, cuda, cuda:N, mps")
    found.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="what it computes in; auto (default): bf16 where that is fast"
    )
    found.add_argument("--memory-budget-mb", type=_positive, default=4_096, metavar="MIB", help="for loaded models; default: %(default)s")
    found.add_argument("--batch", type=_positive, default=REQUESTS_AT_ONCE, metavar="N", help="requests at once; default: %(default)s")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value
