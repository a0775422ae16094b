"""What every benchmark's command line does: run, print what came out and keep it, or say why it cannot be measured."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.report import Report
from engine.errors import EngineError


def parser(name: str, about: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    found = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=(about or "").partition("\n")[0])
    found.add_argument("--short", action="store_true", help="only show that it runs; the numbers mean nothing")
    found.add_argument("--rounds", type=int, help=f"how often all are measured in turn (default: {rounds}, short: 1)")
    found.add_argument("--models-dir", type=Path, help="where the bundled models lie")
    found.add_argument("--device", default="auto")
    found.add_argument("--results", type=Path, help="a folder to write the result into; default: it is only printed")
    return found


def run_and_print(run: Callable[..., Report], parsing: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Call `run` with the parsed arguments by their names; 1 where it cannot be measured."""
    options = vars(parsing.parse_args(arguments))
    folder = options.pop("results")
    try:
        found = run(**options)
    except EngineError as error:
        print(error.message.ja, error.message.en, sep="\n", file=sys.stderr)
        return 1
    print(report.text(found))
    if folder is not None:
        print(report.write(found, folder))
    return 0
