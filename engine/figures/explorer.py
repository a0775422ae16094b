"""Builds the page that comes with an explanation: one HTML file to look through all layers and heads, with no network."""

from __future__ import annotations

import base64
import json
import math
import re
from importlib import resources
from typing import Any

import numpy as np

from engine.attention.explained import Array, Explained
from engine.contract import NO_BETTER, File, Message

# Scripts share one scope, in this order.
_SCRIPTS = (
    "words.js",
    "reading.js",
    "colours.js",
    "elements.js",
    "drawing.js",
    "mattering.js",
    "map.js",
    "navigator.js",
    "panel.js",
    "explorer.js",
)
_TITLE = Message(ja="注意を手もとで調べるページ（層とヘッドの切り替え）", en="A page to explore the attention of every layer and head")
# Values are kept in thousandths, as they are shown. Below _LONG they take one byte, else three. A row sums to 1 at most, so that
# at most three of its values are long: a map of n tokens takes at most n * (n + 6) bytes.
_STEPS = 1_000
_LONG = 255
# What would end a script, open a comment or an entity, or break a line of script.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def explorer(read: Explained, *, other: Explained | None = None, japanese: bool, layer: int | None = None, head: int | None = None) -> File:
    """The page about `read`, and beside it `other`, in Japanese or English first; it holds both languages.

    It opens at `layer` (None: the last) and `head` (None: the mean over heads). The maps in it are exact to three digits, and it
    takes at most 1 MiB for a reading of 64 tokens by 12 layers of 12 heads.
    """
    readings = [_reading(one) for one in (read, other) if one is not None]
    start = {"layer": read.maps.shape[0] - 1 if layer is None else layer, "head": head}
    data = {"speech": "ja" if japanese else "en", "start": start, "noBetter": NO_BETTER, "readings": readings}
    return File(name="attention.html", media_type="text/html", title=_TITLE, data=_page(data).encode())


def _page(data: dict[str, Any]) -> str:
    parts = {
        "style": _asset("explorer.css"),
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).translate(_ESCAPES),
        "script": "\n".join(_asset(name) for name in _SCRIPTS),
    }
    # In one pass: what is filled in is not looked through for more places to fill.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _asset("explorer.html"))


def _asset(name: str) -> str:
    return (resources.files("engine.figures") / "page" / name).read_text(encoding="utf-8")


def _reading(read: Explained) -> dict[str, Any]:
    """What the page is told of one reading, as JSON can hold it."""
    layers, heads = read.maps.shape[:2]
    return {
        "model": read.model,
        "language": read.language,
        "task": read.task,
        "tokens": [{"text": token.text, "special": token.special} for token in read.tokens],
        "secondFrom": read.second_from,
        "layers": layers,
        "heads": heads,
        "maps": _packed(read.maps),
        "means": _packed(read.maps.astype(np.float64).mean(axis=1)),  # of their own: a mean of rounded values would be less exact
        "rollout": _packed(read.rollout),
        "relevance": None if read.relevance is None else _packed(read.relevance),
        "prediction": None if read.prediction is None else vars(read.prediction),
        "scores": {name: _scores(read, name) for name in ("attribution", "relevance", "rollout")},
        "completenessError": _number(read.completeness_error),
        "faithfulness": [vars(effect) for effect in read.faithfulness],
        "telling": [vars(one) for one in read.telling],
        "chosen": [link.token for link in read.links if link.own],
        "window": read.window,
        "windows": read.windows,
        "partChosen": read.chosen,
    }


def _packed(values: Array) -> str:
    """Values of 0..1 as thousandths: a byte each, or 255 and two bytes, high first, for those from 0.255 on; base64."""
    exact = np.nan_to_num(np.asarray(values, dtype=np.float64).ravel(), nan=0.0, posinf=0.0, neginf=0.0)
    steps = np.rint(np.clip(exact, 0.0, 1.0) * _STEPS).astype(np.uint16)
    long = steps >= _LONG
    ends = np.cumsum(np.where(long, 3, 1))
    packed = np.zeros(int(ends[-1]) if ends.size else 0, dtype=np.uint8)
    packed[ends[~long] - 1] = steps[~long]
    packed[ends[long] - 3] = _LONG
    packed[ends[long] - 2] = steps[long] >> 8
    packed[ends[long] - 1] = steps[long] & 0xFF
    return base64.b64encode(packed.tobytes()).decode("ascii")


def _scores(read: Explained, name: str) -> list[float | None] | None:
    """One measure of every token; None where it says nothing of any."""
    values = [_number(getattr(score, name)) for score in read.scores]
    return values if any(value is not None for value in values) else None


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
