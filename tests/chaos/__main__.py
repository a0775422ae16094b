"""`python -m tests.chaos --seconds 60 --seed 1`: a chaos run; its last line is the count, its exit code 1 where anything went wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.engine import tiny_engine
from tests.chaos.run import Outcome, Plan, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and tell what was done and what became of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long people ask and harm is done")
    parser.add_argument("--seed", type=int, default=1, help="of the questions, of the harm and of its moments")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=4.0, help="questions a second, on both platforms together")
    parser.add_argument("--logs", type=Path, help="a folder where what the processes say is kept")
    options = parser.parse_args(arguments)
    with tiny_engine() as (models, engine):
        folder = options.logs or models.parent / "run"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        plan = Plan(
            seconds=options.seconds,
            seed=options.seed,
            models=models,
            folder=folder.absolute(),
            workers=options.workers,
            rate_per_s=options.rate,
        )
        outcome = asyncio.run(run(plan, engine))
    print("\n".join(report(plan, outcome)), flush=True)
    return 0 if outcome.count.is_clean else 1


def report(plan: Plan, outcome: Outcome) -> list[str]:
    """A line each; the last one is the count."""
    count = outcome.count
    lines = [f"seed {plan.seed}, {plan.seconds:g} s, {plan.workers} workers; quiet {outcome.quiet_after_s:.0f} s after the last harm"]
    lines += [f"  {times:4d} × {kind}" for kind, times in sorted(outcome.harm.items())]
    lines += [f"apology, {times} ×: {text!r}" for text, times in sorted(count.apologies.items())]
    lines += [f"“Reading…” that still stands: {count.waiting}"] if count.waiting else []
    lines += [f"left in Redis: {', '.join(outcome.left)}"] if outcome.left else []
    return [*lines, *count.details, *outcome.around, count.line()]


if __name__ == "__main__":
    sys.exit(main())
