"""BertJapaneseTokenizer checkpoints give the ids that transformers' own slow tokenizer gives."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st
from transformers import BertJapaneseTokenizer

from engine.errors import ModelError
from engine.tokenization.japanese import JapaneseSettings
from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import TextTokenizer
from tests.engine.tokenization.folders import KANJI_WORDS, sentencepiece_model, write_japanese

_SETTINGS: dict[str, dict[str, Any]] = {
    "ipadic": {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic"}},
    "unidic-lite": {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "unidic_lite"}},
    "lower case": {"word_tokenizer_type": "mecab", "do_lower_case": True},
    "no NFKC": {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic", "normalize_text": False}},
    "characters": {"word_tokenizer_type": "mecab", "subword_tokenizer_type": "character"},
    "characters, no NFKC": {
        "word_tokenizer_type": "mecab",
        "subword_tokenizer_type": "character",
        "mecab_kwargs": {"normalize_text": False},
    },
    "characters, no words": {"do_word_tokenize": False, "subword_tokenizer_type": "character"},
    "pieces, no words": {"do_word_tokenize": False},
    "basic": {},
    "basic, lower case": {"do_lower_case": True},
}
_LETTERS = "山田太郎京都大学卒業は猫犬の。、！ abcXYZ0１ｱｶﾞ゛\u3099ー㈱①…-'\n\t\u3000でしたÉe\u0301ｦ「」🦊한각Σ½\r"
_TEXTS = st.lists(st.sampled_from([*_LETTERS, "トヨタ自動車", "[MASK]", "[CLS]", "卒業しました。", "hello"]), max_size=30).map("".join)


@cache
def both(name: str) -> tuple[TextTokenizer, Any]:
    with TemporaryDirectory() as folder:
        write_japanese(Path(folder), **_SETTINGS[name])
        return load_tokenizer(folder, max_length=64), BertJapaneseTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("name", _SETTINGS)
@given(text=_TEXTS)
@example(text="山田太郎は２０１９年に京都大学を卒業し、トヨタ自動車に入社した。")
@example(text="Apple Inc. is looking at buying U.K. startup for $1 billion.")
@example(text="w" * 101 + " " + "w" * 100)
@settings(max_examples=100, deadline=None)
def test_the_ids_are_those_of_the_slow_tokenizer(name: str, text: str) -> None:
    fast, slow = both(name)

    [pieces] = fast.pieces([text])

    assert list(pieces.ids) == slow(text, add_special_tokens=False)["input_ids"]


def test_a_text_goes_on_after_a_nul(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab")

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["京都\0卒業"])

    assert pieces.tokens == ("京都", "卒業")
    assert pieces.offsets == ((0, 2), (3, 5))


def test_pieces_of_one_mecab_word_belong_to_one_word(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab", mecab_kwargs={"mecab_dic": "ipadic"})

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["猫を卒業した犬"])

    assert pieces.tokens == ("猫", "を", "卒業", "し", "た", "犬")
    assert pieces.words == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(("dictionary", "words"), [("ipadic", ["京都大学"]), ("unidic_lite", ["京都", "大学"])])
def test_the_dictionary_that_the_checkpoint_names_is_used(tmp_path: Path, dictionary: str, words: list[str]) -> None:
    folder = write_japanese(tmp_path, extra=["大学"], word_tokenizer_type="mecab", mecab_kwargs={"mecab_dic": dictionary})

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["京都大学"])

    assert list(pieces.tokens) == words


@pytest.mark.parametrize(("size", "dictionary"), [(32_000, "ipadic"), (4_000, "ipadic"), (32_768, "unidic_lite")])
def test_a_dictionary_that_is_not_named_goes_by_the_vocabulary(size: int, dictionary: str) -> None:
    settings_ = JapaneseSettings.read({"word_tokenizer_type": "mecab", "mecab_kwargs": None}).with_dictionary(size)

    assert settings_.cutter_options == {"mecab_dic": dictionary}


def test_a_system_dictionary_is_opened_by_its_option(tmp_path: Path) -> None:
    import ipadic

    options = {"mecab_dic": None, "mecab_option": f"-d {ipadic.DICDIR}"}
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab", mecab_kwargs=options)

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["京都大学"])

    assert pieces.tokens == ("京都大学",)


def test_added_tokens_keep_the_ids_that_the_checkpoint_gives_them(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab")
    size = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    (folder / "added_tokens.json").write_text(json.dumps({"<name>": size, "<date>": size + 1}), encoding="utf-8")

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["猫<date><name>"])

    assert pieces.ids[1:] == (size + 1, size)


def test_an_added_token_with_another_id_is_refused(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab", added_tokens_decoder={"9999": {"content": "<name>"}})

    with pytest.raises(ModelError, match=r"<name>.*9999"):
        load_tokenizer(folder, max_length=64)


def test_sentencepiece_pieces_inside_words_begin_with_their_mark(tmp_path: Path) -> None:
    model = sentencepiece_model(user_defined_symbols="[CLS],[SEP],[MASK],[PAD],[UNK]")
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab", subword_tokenizer_type="sentencepiece")
    (folder / "spiece.model").write_bytes(model)
    slow = BertJapaneseTokenizer.from_pretrained(folder, spm_file=str(folder / "spiece.model"))
    text = "吾輩は猫である。 The cat sits."

    [pieces] = load_tokenizer(folder, max_length=64).pieces([text])

    assert list(pieces.ids) == slow(text, add_special_tokens=False)["input_ids"]
    assert "".join(text[start:end] for start, end in pieces.offsets) == text.replace(" ", "")


@pytest.mark.parametrize(
    ("settings_", "named"),
    [
        ({"word_tokenizer_type": "kuromoji"}, "kuromoji"),
        ({"subword_tokenizer_type": "syllable"}, "syllable"),
        ({"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "neologd"}}, "neologd"),
        ({"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": None, "mecab_option": "-d /nowhere"}}, "mecab-jumandic"),
    ],
)
def test_settings_that_cannot_be_followed_are_named(tmp_path: Path, settings_: dict[str, Any], named: str) -> None:
    folder = write_japanese(tmp_path, **settings_)

    with pytest.raises(ModelError) as caught:
        load_tokenizer(folder, max_length=64)

    assert named in caught.value.message.ja
    assert named in caught.value.message.en


@pytest.mark.parametrize(
    ("package", "settings_", "how"),
    [
        ("ipadic", {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic"}}, "pip install ipadic"),
        ("unidic", {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "unidic"}}, "python -m unidic download"),
        ("sudachipy", {"word_tokenizer_type": "sudachi"}, "pip install sudachipy sudachidict_core"),
    ],
)
def test_a_package_that_is_absent_is_named_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, settings_: dict[str, Any], how: str
) -> None:
    from engine.tokenization.cutters import mecab_cutter

    mecab_cutter.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)  # as Python does where there is no such package

    with pytest.raises(ModelError) as caught:
        load_tokenizer(write_japanese(tmp_path, **settings_), max_length=64)

    assert caught.value.code == "tokenizer_needs_package"
    assert how in caught.value.message.ja
    assert how in caught.value.message.en


def test_a_vocabulary_without_unk_is_refused(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, word_tokenizer_type="mecab")
    (folder / "vocab.txt").write_text("[CLS]\n[SEP]\n猫\n", encoding="utf-8")

    with pytest.raises(ModelError, match=r"lacks \[UNK\]"):
        load_tokenizer(folder, max_length=64)


def test_kinds_of_the_catalog_speak_where_the_folder_does_not(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, extra=KANJI_WORDS)
    (folder / "tokenizer_config.json").unlink()

    [words] = load_tokenizer(folder, kind="mecab-wordpiece", max_length=64).pieces(["京都を卒業"])
    [letters] = load_tokenizer(folder, kind="mecab-character", max_length=64).pieces(["京都を卒業"])

    assert words.tokens == ("京都", "を", "卒業")
    assert letters.tokens == ("京", "都", "を", "卒", "業")
