"""The documents as the tests see them: which pages there are, and what links, anchors and code they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "ja")
ENGLISH_ALONE = {"benchmarks.md", "pack.md", "messages.md"}  # long tables; the last is for both languages
OUTSIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)(?P=marks) *$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"(?<!\\)!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?[^)]*\)|<(https?://[^>\s]+)>")


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind its marks, its lines, and its first line's number."""

    info: str
    body: str
    line: int


def documents() -> list[Path]:
    """Every page, and the files beside them that are read first."""
    return [ROOT / name for name in OUTSIDE] + sorted(DOCS.rglob("*.md"))


def name_of(path: Path) -> str:
    """For a test's report."""
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = path.read_text(encoding="utf-8")
    return [Block(found["info"].strip(), found["body"], text[: found.start()].count("\n") + 2) for found in _FENCE.finditer(text)]


def without_blocks(path: Path) -> str:
    """A page's text without its fenced blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def inline_codes(path: Path) -> list[str]:
    """What stands between single marks of code."""
    return [found[2].strip().replace("\\|", "|") for found in _INLINE.finditer(without_blocks(path))]


def links(path: Path) -> Iterator[str]:
    """Where a page leads, apart from what stands in code."""
    for found in _LINK.finditer(_INLINE.sub("``", without_blocks(path))):
        yield found[1] or found[2]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", without_blocks(path), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        number = next(i for i in range(100) if (f"{slug}-{i}" if i else slug) not in found)
        found.add(f"{slug}-{number}" if number else slug)
    return found
