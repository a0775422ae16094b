"""`make bench`: every benchmark in turn; results go into benchmarks/results. `python -m benchmarks.page` makes their page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import backends, capacity, drawing, engine, gpu, learning, levers, overhead, profile, report, scale, service, start, system
from benchmarks.report import RESULTS, Report
from engine.errors import EngineError

BENCHMARKS: dict[str, Callable[..., Report]] = {
    "engine": engine.run,
    "system": system.run,
    "overhead": overhead.run,
    "scale": scale.run,
    "service": service.run,
    "capacity": capacity.run,
    "start": start.run,
    "drawing": drawing.run,
    "levers": levers.run,
    "learning": learning.run,
    "backends": backends.run,
    "profile": profile.run,
    "gpu": gpu.run,
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    found.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; default: all")
    found.add_argument("--short", action="store_true", help="only show that they run; the numbers mean nothing")
    found.add_argument("--rounds", type=int, help="how often all are measured in turn")
    found.add_argument("--without", action="append", default=[], choices=system.NAMES, metavar="PEER", help="leave a peer out of system")
    found.add_argument("--models-dir", type=Path, help="where the bundled models lie")
    found.add_argument("--model", type=Path, help="the sentence-transformers folder of system and backends")
    found.add_argument("--results", type=Path, default=RESULTS, help="the folder for the results")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; returns how many could not be measured."""
    parsing = parser()
    options = parsing.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parsing.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    missed = 0
    for name in options.names or BENCHMARKS:
        run = partial(BENCHMARKS[name], short=options.short, rounds=options.rounds, models_dir=options.models_dir)
        more = {"without": options.without} if name == "system" else {}
        if name in ("system", "backends", "profile"):
            more |= {"model": options.model}
        try:
            found = run(**more)
        except EngineError as error:
            print(f"{name}:", error.message.ja, error.message.en, sep="\n", file=sys.stderr)
            missed += 1
            continue
        print(report.text(found), report.write(found, options.results), "", sep="\n", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
