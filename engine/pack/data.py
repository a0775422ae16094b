"""Reads the data folder: gzipped JSON lines and plain text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class DataFolder:
    """The training data of the pack; `root` holds qa/, ner/, sentiment/, similarity/, parallel/ and text/."""

    root: Path

    def rows(self, name: str) -> list[Row]:
        """All rows of e.g. `qa/ja/jaquad-train`."""
        with gzip.open(self.root / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def lines(self, name: str) -> Iterator[str]:
        """The lines of e.g. `text/ja/aozora-modern`, without their ends; empty lines left out."""
        with gzip.open(self.root / f"{name}.txt.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                stripped = line.strip()
                if stripped:
                    yield stripped
