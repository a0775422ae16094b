"""Writes the scores of the bundled models, as models/scores.json has them, into pages: `python -m tools.score_tables`."""

from __future__ import annotations

import json
from pathlib import Path

from engine.pack.scores import Scores, write_table

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/en/models.md", "docs/ja/models.md")


def read_scores() -> Scores:
    """What `make pack-scores` measured last."""
    found: Scores = json.loads((ROOT / "models" / "scores.json").read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the tables."""
    for page in PAGES:
        write_table(ROOT / page, read_scores())
        print(f"wrote {page}")


if __name__ == "__main__":
    main()
