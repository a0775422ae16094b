"""Hooks of mkdocs: links between the languages, lines of Japanese without gaps, and no word of where the site lies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[(?P<words>[^\]]+)\]\(\.\./(?P<language>en|ja)/(?P<name>[\w-]+)\.md(?P<anchor>#[^)]*)?\)")
_JAPANESE = r"[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff5e]"
_BROKEN = re.compile(rf"(?<={_JAPANESE})\n(?={_JAPANESE})")
_ALTERNATE = re.compile(r"<link rel=\"alternate\"[^>]*>")
_FIRST_PAGE = re.compile(r'href="/((?:ja/)?)" hreflang')
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
DEFAULT = "en"  # stands at the site's root


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page's Markdown with such links as HTML: mkdocs builds one language at a time and knows only its pages."""
    here = page.file.src_uri.partition("/")[0]
    built = "en" if page.file.url.partition("/")[0] != "ja" else "ja"

    def led(match: re.Match[str]) -> str:
        there, name = match["language"], match["name"]
        if there == here or not (Path(config["docs_dir"]) / there / f"{name}.md").is_file():
            return match[0]
        if built == "ja" and not (Path(config["docs_dir"]) / "ja" / f"{name}.md").is_file():
            return match[0]  # a page in English alone: the Japanese site has it too
        root = way_up(page.file.url)
        return f'<a href="{root}{address(name, there)}{match["anchor"] or ""}">{match["words"]}</a>'

    return _LINK.sub(led, _joined(markdown))


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """The page with its ways to the first pages below wherever the site lies, which need not be a host's root.

    It names no alternates to search engines: for each of them the theme's script would ask for a map of the site.
    """
    root = way_up(page.file.url)
    return _FIRST_PAGE.sub(lambda found: f'href="{root + found[1] or "./"}" hreflang', _ALTERNATE.sub("", output))


def on_post_build(*, config: Any, **_: Any) -> None:
    """No map of the site: it would have to name the host, which is not known."""
    for name in ("sitemap.xml", "sitemap.xml.gz"):
        (Path(config["site_dir"]) / name).unlink(missing_ok=True)


def _joined(markdown: str) -> str:
    """Without the breaks between two Japanese letters, which a browser would show as a gap; code stays as it is."""
    parts = _FENCED.split(markdown)
    return "".join(part if number % 2 else _BROKEN.sub("", part) for number, part in enumerate(parts))


def way_up(url: str) -> str:
    """From a page's place below the site's root to the root."""
    return "../" * url.removeprefix("./").count("/")


def address(name: str, language: str) -> str:
    """Where a page lies, below the site's root."""
    folder = "" if language == DEFAULT else f"{language}/"
    return folder if name == "index" else f"{folder}{name}/"
