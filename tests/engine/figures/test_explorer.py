"""The page of an explanation as a file: what is in it, how exact, how large, and that no text breaks out of it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.attention.explained import Array, Explained
from engine.contract import TokenScores, WordLink
from engine.figures.explorer import explorer
from tests.support.explained import made_up

JAPANESE = ("[CLS]", "この", "映画", "は", "素晴らしかっ", "##た", "[SEP]")
HOSTILE = ("</script><img src=x onerror=alert(1)>", "<!--<script>", "]]>", "&lt;", "a\u2028b\u2029c", "\ud800", "{{script}}", "\x00'\"\\")
# Of 64 tokens by 12 layers of 12 heads.
LARGEST = 2**20


def page_of(read: Explained, **options: Any) -> str:
    return explorer(read, **{"other": None, "japanese": True} | options).data.decode()


def data_of(page: str) -> dict[str, Any]:
    [block] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(block)
    return found


def unpacked(packed: str) -> NDArray[np.int64]:
    """Thousandths, read byte by byte."""
    data = iter(base64.b64decode(packed))
    return np.array([byte if byte < 255 else next(data) * 256 + next(data) for byte in data])


def test_the_file_says_what_it_is_in_both_languages() -> None:
    file = explorer(made_up(JAPANESE), other=None, japanese=True)
    assert (file.name, file.media_type) == ("attention.html", "text/html")
    assert "層" in file.title.ja
    assert "layer" in file.title.en
    assert file.data.startswith(b"<!doctype html>")


def test_the_page_names_nothing_outside_itself() -> None:
    page = page_of(made_up(JAPANESE))
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in page
    assert not re.search(r"https?:|//[a-z]|\bsrc=|@import|url\(|\bfetch\(|XMLHttpRequest|localStorage", page)
    assert "{{" not in page


@pytest.mark.parametrize("sharpness", [0.05, 0.5, 50.0])
def test_maps_are_exact_to_three_digits(sharpness: float) -> None:
    maps = np.random.default_rng(1).dirichlet(np.full(9, sharpness), size=(3, 2, 9)).astype(np.float32)
    read = replace(made_up([f"語{i}" for i in range(9)], layers=3, heads=2), maps=maps)
    [reading] = data_of(page_of(read))["readings"]
    exact = maps.astype(np.float64)
    assert np.array_equal(unpacked(reading["maps"]), np.rint(exact * 1000).ravel())
    assert np.array_equal(unpacked(reading["means"]), np.rint(exact.mean(axis=1) * 1000).ravel())
    assert np.array_equal(unpacked(reading["rollout"]), np.rint(read.rollout.astype(np.float64) * 1000).ravel())


def test_values_at_the_edges_of_their_range_are_kept_in_it() -> None:
    values: Array = np.array([[0.0, 1.0000001, 0.2544], [0.2546, 0.255, np.nan], [-1e-9, 1.0, 0.9996]])
    read = replace(made_up(["a", "b", "c"]), rollout=values)
    [reading] = data_of(page_of(read))["readings"]
    assert unpacked(reading["rollout"]).tolist() == [0, 1000, 254, 255, 255, 0, 0, 1000, 1000]


def test_a_model_without_relevance_and_scores_has_none_in_its_page() -> None:
    nothing = TokenScores(rollout=0.5, relevance=None, attribution=float("nan"))
    read = replace(made_up(["a", "b"]), relevance=None, scores=(nothing, nothing), completeness_error=None)
    [reading] = data_of(page_of(read))["readings"]
    assert reading["relevance"] is None
    assert reading["scores"] == {"attribution": None, "relevance": None, "rollout": [0.5, 0.5]}


@pytest.mark.parametrize("row", ["sharp", "flat", "random"])
def test_the_largest_page_is_about_a_megabyte(row: str) -> None:
    read = made_up([f"とても長い語{i}" for i in range(64)], layers=12, heads=12)
    worst = np.zeros((12, 12, 64, 64), dtype=np.float32)
    worst[..., :3] = (0.26, 0.3, 0.44)  # no row can hold more values that take three bytes
    maps = {"sharp": worst, "flat": np.full_like(worst, 1 / 64), "random": read.maps}[row]
    assert len(page_of(replace(read, maps=maps, rollout=maps[0, 0], relevance=maps[0, 0]))) < LARGEST


def test_no_text_can_end_the_data_or_fill_a_place() -> None:
    read = made_up(HOSTILE, model="<b>&model</b>", word="</script>")
    page = page_of(read)
    [block] = re.findall(r'id="data">(.*)</script>\s*<script>\s*"use strict";', page, re.DOTALL)
    assert not re.search("[<>&\u2028\u2029]", block)
    [reading] = data_of(page)["readings"]
    assert [token["text"] for token in reading["tokens"]] == list(HOSTILE)
    assert reading["model"] == "<b>&model</b>"
    assert page.count("<script") == 2


def test_the_asked_word_is_chosen_at_all_its_places_when_the_page_opens() -> None:
    names = ("[CLS]", "京都", "と", "京都", "[SEP]")
    links = tuple(WordLink(token=i, looks_at=0.1, looked_by=0.1, own=name == "京都") for i, name in enumerate(names))
    [reading] = data_of(page_of(made_up(names, word="京都", links=links)))["readings"]
    assert reading["chosen"] == [1, 3]


def test_the_page_opens_in_the_language_and_at_the_map_that_were_asked() -> None:
    read = made_up(JAPANESE, layers=3)
    assert data_of(page_of(read))["speech"] == "ja"
    assert data_of(page_of(read))["start"] == {"layer": 2, "head": None}
    asked = data_of(page_of(read, japanese=False, layer=1, head=0))
    assert asked["speech"] == "en"
    assert asked["start"] == {"layer": 1, "head": 0}


def test_two_readings_stand_in_one_page() -> None:
    data = data_of(page_of(made_up(JAPANESE, model="one"), other=made_up(["a"], model="two")))
    assert [reading["model"] for reading in data["readings"]] == ["one", "two"]


def test_the_page_is_built_without_torch() -> None:
    code = "import sys, engine.figures.explorer; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
