"""Writes small files of examples for the tests."""

import json
from pathlib import Path

from engine.examples.reading import Examples, read_examples
from engine.examples.rows import ExampleTask


def read(path: Path, content: str | bytes, task: str) -> Examples:
    """Write `content` (text as UTF-8) to the path and read it back as examples."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_examples(path, ExampleTask(task))


def json_lines(*rows: object) -> str:
    """One JSON value a line; text stands as it is."""
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)
