"""Pins a catalog file: writes the commit that each hub revision stands for now. `python -m engine.models.pin [FILE]`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from engine.catalog.catalog import CATALOG_FILE

_MODEL = re.compile(r'^model\s*=\s*"([^"]+)"')
_REVISION = re.compile(r'^(revision\s*=\s*)"([^"]+)"')
_COMMIT = re.compile(r"[0-9a-f]{40}")

# (model, revision) → the commit, 40 hexadecimal digits.
Resolve = Callable[[str, str], str]


def pin(text: str, resolve: Resolve) -> str:
    """A catalog's text with each revision replaced by its commit; all else stays as it was written.

    In each row the revision must come after the model, as it does in the catalog of this repository.
    """
    model = None
    lines = []
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            model = None
        if found := _MODEL.match(line):
            model = found[1]
        found = _REVISION.match(line)
        if model and found and not _COMMIT.fullmatch(found[2]):
            line = _REVISION.sub(rf'\g<1>"{resolve(model, found[2])}"', line)
        lines.append(line)
    return "".join(lines)


def commit_on_hub(model: str, revision: str) -> str:
    """Ask the hub which commit a branch, tag or shortened commit stands for.

    Raises:
        OSError: it does not know, or cannot be reached.
    """
    from huggingface_hub import HfApi

    commit = HfApi().model_info(model, revision=revision).sha
    if not commit:
        raise OSError(f"the hub gives no commit for {model} at {revision}")
    return commit


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.pin", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=CATALOG_FILE, help="a catalog file (default: the one of the engine)")
    path = parser.parse_args().file
    before = path.read_text(encoding="utf-8")
    after = pin(before, commit_on_hub)
    path.write_text(after, encoding="utf-8")
    changed = sum(old != new for old, new in zip(before.splitlines(), after.splitlines(), strict=True))
    print(f"{path}: {changed} revisions pinned")


if __name__ == "__main__":
    main()
