"""Halves of characters that stand alone (JavaScript cuts an emoji in two): no UTF-8 can hold them, so nothing can be written down with one."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """UTF-8 cannot hold lone surrogates; the replacement is one character too, so that spans stay right."""
    return _SURROGATE.sub("\ufffd", text)
