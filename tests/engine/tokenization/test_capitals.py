"""Sentences in capitals alone are read in small letters; where each piece stands is told in the text as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.contract import Task
from engine.models.loading import tokenizer_for
from engine.tokenization.capitals import without_shouting
from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import TextTokenizer
from tests.engine.tokenization.folders import write_bilingual


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    folder = write_bilingual(tmp_path_factory.mktemp("cased"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "do_lower_case": False}))
    return load_tokenizer(folder, max_length=64)


@pytest.mark.parametrize(
    ("typed", "read", "for_names"),
    [
        ("THANK YOU SO MUCH!", "Thank you so much!", "Thank You So Much!"),
        ("I SAID: I'LL ASK TIM, DON'T WAIT.", "I said: I'll ask tim, don't wait.", "I Said: I'll Ask Tim, Don't Wait."),
        ("会議の件です。SEE YOU AT NOON", "会議の件です。See you at noon", "会議の件です。See You At Noon"),
        ("NOTICE\nThe API of AWS is down.", "Notice\nThe API of AWS is down.", "Notice\nThe API of AWS is down."),
        ("😀 “STOP THIS” (NOW)", "😀 “Stop this” (now)", "😀 “Stop This” (Now)"),
        ("ＴＨＡＮＫ　ＹＯＵ", "Ｔｈａｎｋ　ｙｏｕ", "Ｔｈａｎｋ　Ｙｏｕ"),
        ("DANKE SCHÖN, İPEK", "Danke schön, İpek", "Danke Schön, İpek"),
        ("WHERE IS [MASK] NOW?", "Where is [MASK] now?", "Where Is [MASK] Now?"),
        ("@priya THANK YOU SO MUCH :tada:", "@priya Thank you so much :tada:", "@priya Thank You So Much :tada:"),
        ("MAIL bob@example.org OR <@U07AB> TODAY", "Mail bob@example.org or <@U07AB> today", "Mail bob@example.org Or <@U07AB> Today"),
        (
            "<:ok:12> PLEASE READ https://example.org/a IN #general",
            "<:ok:12> Please read https://example.org/a in #general",
            "<:ok:12> Please Read https://example.org/a In #general",
        ),
    ],
)
def test_a_sentence_in_capitals_is_read_in_small_letters(typed: str, read: str, for_names: str) -> None:
    assert without_shouting(typed) == read
    assert without_shouting(typed, names=True) == for_names


@pytest.mark.parametrize(
    "text",
    [
        "OK",
        "LGTM!",
        "JIRAのAPIとGPUとURL",
        "This is SO GOOD and IBM KNOWS IT",
        "[MASK] [MASK]",
        "@PRIYA #GENERAL",
        "see https://EXAMPLE.ORG/ABCDEF",
        "2026-11-28 10:00",
        "カタカナ",
        "",
    ],
)
def test_abbreviations_and_all_that_has_small_or_japanese_letters_stay(text: str) -> None:
    assert without_shouting(text) == text
    assert without_shouting(text, names=True) == text


@given(st.text(st.sampled_from("ABCXYZabcİßŐДあ漢ー。.!? \n'[MASK]1😀\u0301\ud800@#<:>/"), max_size=40), st.booleans())
def test_no_character_comes_or_goes(text: str, names: bool) -> None:
    read = without_shouting(text, names=names)
    assert len(read) == len(text)
    assert read.casefold() == text.casefold()


def test_pieces_are_those_of_small_letters_and_stand_where_they_were_typed(tokenizer: TextTokenizer) -> None:
    text = "猫。 HELLO, HELLO!"
    [pieces], [small] = tokenizer.pieces([text]), tokenizer.pieces(["猫。 Hello, hello!"])
    assert pieces.ids == small.ids
    assert pieces.text == text
    assert [text[start:end] for start, end in pieces.offsets][-2:] == ["HELLO", "!"]


def test_names_keep_their_capitals(tokenizer: TextTokenizer) -> None:
    [names] = tokenizer_for(Task.NER, tokenizer).pieces(["HELLO HELLO"])
    [others] = tokenizer_for(Task.SENTIMENT, tokenizer).pieces(["HELLO HELLO"])
    [written] = tokenizer.pieces(["Hello Hello"])
    assert names.ids == written.ids != others.ids


def test_a_vocabulary_of_small_letters_alone_reads_capitals_by_itself(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(write_bilingual(tmp_path), max_length=64)
    assert tokenizer.pieces(["HELLO"])[0].ids == tokenizer.pieces(["hello"])[0].ids
    assert tokenizer.for_names() is tokenizer
