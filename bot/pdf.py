"""Reads the text of a PDF; a file from a stranger gets a process of its own, with so much time and memory and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.paragraphs import unwrapped
from engine.contract import Message

MOST_PAGES = 200
TIMEOUT_S = 60.0
# More than this share of signs without a meaning: the file's fonts do not say which characters they draw.
_MOST_NONSENSE = 0.2


@dataclass(frozen=True, kw_only=True)
class PdfText:
    """The text of a PDF. Pages count from 1; the empty ones hold no text: they are blank, or pictures."""

    text: str
    pages: int
    empty_pages: tuple[int, ...] = ()


def read_pdf(data: bytes, *, name: str, most_pages: int = MOST_PAGES, timeout_s: float = TIMEOUT_S) -> PdfText:
    """The text of a PDF, its paragraphs in one piece. Takes seconds for a long file.

    Raises:
        InputError: protected, broken, without text, with too many pages, or not read within `timeout_s`.
    """
    found = _in_a_child(data, most_pages=most_pages, timeout_s=timeout_s)
    if "error" in found:
        raise _error(str(found["error"]), name=name, pages=int(found.get("pages", 0)), most_pages=most_pages)
    pages: list[str] = found["pages"]
    text = unwrapped(pages)
    if not text:
        raise _error("no_text", name=name)
    if _nonsense(text) > _MOST_NONSENSE:
        raise _error("no_characters", name=name)
    return PdfText(text=text, pages=len(pages), empty_pages=tuple(i for i, page in enumerate(pages, start=1) if not page.strip()))


def _in_a_child(data: bytes, *, most_pages: int, timeout_s: float) -> dict[str, Any]:
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "bot.pdf_text", str(most_pages)]
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=environment, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return {"error": "too_slow"}
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:  # it died on the way, for want of memory: every other trouble it tells
        return {"error": "too_slow"}
    return found


def _nonsense(text: str) -> float:
    """The share (0..1) of replacement signs, of private ones, and of those that Unicode does not know."""
    return sum(sign == "\ufffd" or unicodedata.category(sign) in ("Co", "Cn") for sign in text) / len(text)


def _error(code: str, *, name: str, pages: int = 0, most_pages: int = MOST_PAGES) -> InputError:
    messages = {
        "encrypted": Message(
            ja="パスワードで保護されています。保護を外した PDF か、文章そのものを送ってください。",
            en="is protected by a password. Send it without one, or the text itself.",
        ),
        "broken": Message(
            ja="PDF として読めません（壊れているようです）。もう一度保存し直すか、テキスト（.txt）で送ってください。",
            en="cannot be read as a PDF; it seems to be damaged. Save it again, or send it as text (.txt).",
        ),
        "no_text": Message(
            ja="文字がありません（紙を読み取った画像のようです）。文字認識（OCR）をかけた PDF か、文章そのものを送ってください。",
            en="holds no text; it seems to be scanned. Send a PDF with text recognition (OCR), or the text itself.",
        ),
        "no_characters": Message(
            ja="文字の情報がなく、取り出すと文字化けします。別のアプリで PDF にし直すか、テキスト（.txt）で送ってください。",
            en="does not say which characters its fonts draw. Make the PDF with another program, or send it as text (.txt).",
        ),
        "too_many_pages": Message(
            ja=f"{pages} ページあります。{most_pages} ページまで読めます。必要なページだけの PDF にしてください。",
            en=f"has {pages} pages; up to {most_pages} can be read. Send only the pages that matter.",
        ),
        "too_slow": Message(
            ja="複雑すぎて読みきれません。必要なページだけの PDF か、テキスト（.txt）で送ってください。",
            en="is too complex to be read here. Send only the pages that matter, or the text itself (.txt).",
        ),
    }
    return InputError(ja=f"{name}：{messages[code].ja}", en=f"{name} {messages[code].en}")
