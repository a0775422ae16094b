"""Word cutters that published Japanese checkpoints were made with: MeCab and its dictionaries, Sudachi, Juman++."""

from __future__ import annotations

import functools
import importlib
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import fugashi

from engine.errors import ModelError
from engine.tokenization.jumanpp import jumanpp_cutter
from engine.tokenization.spans import Span, place_words

# Text → the spans of its words, in reading order; what is between them is white space.
Cutter = Callable[[str], list[Span]]

# The dictionaries that packages bring, and how to get one that is missing.
_DICTIONARIES = {
    "ipadic": "pip install ipadic",
    "unidic_lite": "pip install unidic-lite",
    "unidic": "pip install unidic && python -m unidic download",
}


def make_cutter(kind: str, options: Mapping[str, Any]) -> Cutter:
    """The cutter of a `word_tokenizer_type`, with that type's `…_kwargs` of the checkpoint.

    Raises:
        ModelError: the kind is unknown, or a program, package or dictionary that it needs is absent.
    """
    if kind == "mecab":
        return mecab_cutter(options.get("mecab_dic"), options.get("mecab_option"))
    if kind == "jumanpp":
        return jumanpp_cutter()
    if kind == "sudachi":
        return _sudachi_cutter(options)
    raise ModelError(
        "tokenizer_unknown",
        ja=f"word_tokenizer_type が {kind!r} のトークナイザは読めません。読めるのは basic, mecab, sudachi, jumanpp です。",
        en=f"word_tokenizer_type {kind!r} cannot be read; known are basic, mecab, sudachi, jumanpp.",
    )


@functools.cache
def mecab_cutter(dictionary: str | None, option: str | None = None) -> Cutter:
    """MeCab with a dictionary that a package brings, or (None) with what `option` or the system says.

    Raises:
        ModelError: the dictionary is absent.
    """
    arguments = f"{_dictionary_arguments(dictionary, option or '')} {option or ''}".strip()
    try:
        tagger = fugashi.GenericTagger(f"-Owakati {arguments}")
    except RuntimeError as error:
        raise _dictionary_missing(arguments) from error
    lock = threading.Lock()

    def cut(text: str) -> list[Span]:
        readable = text.replace("\0", " ")  # MeCab would stop at a NUL
        with lock:
            # The quick way loses words of white space at the end, which some dictionaries know.
            words = [node.surface for node in tagger(readable)] if text[-1:].isspace() else tagger.parse(readable).split(" ")
        return place_words(text, words)

    return cut


def _dictionary_arguments(dictionary: str | None, option: str) -> str:
    if dictionary is None:
        # Without a system-wide mecabrc MeCab wants one named, even where the dictionary is.
        return f"-r {os.devnull}" if "-d" in option.split() and "-r" not in option.split() else ""
    if dictionary not in _DICTIONARIES:
        raise ModelError(
            "tokenizer_unknown",
            ja=f"mecab_dic が {dictionary!r} の辞書は知りません。使えるのは {', '.join(_DICTIONARIES)} です。",
            en=f"mecab_dic {dictionary!r} is unknown; allowed are {', '.join(_DICTIONARIES)}.",
        )
    how = _DICTIONARIES[dictionary]
    try:
        folder = Path(importlib.import_module(dictionary).DICDIR)
    except ModuleNotFoundError as error:
        raise _package_missing(f"MeCab's dictionary {dictionary}", f"MeCab の辞書 {dictionary}", how) from error
    if not folder.is_dir():  # unidic brings its dictionary by a download of its own
        raise _package_missing(f"MeCab's dictionary {dictionary}", f"MeCab の辞書 {dictionary}", how)
    return f'-d "{folder}" -r "{folder / "mecabrc"}"'


def _dictionary_missing(arguments: str) -> ModelError:
    return ModelError(
        "tokenizer_needs_dictionary",
        ja=f"このモデルの MeCab の設定 {arguments!r} では辞書を開けません。その辞書を入れてください"
        "(JUMAN 辞書なら Debian・Ubuntu では apt install mecab-jumandic-utf8)。",
        en=f"MeCab cannot open a dictionary with this model's options {arguments!r}. Install that dictionary"
        " (for JUMAN's, on Debian or Ubuntu: apt install mecab-jumandic-utf8).",
        options=arguments,
    )


def _package_missing(what_en: str, what_ja: str, how: str) -> ModelError:
    return ModelError(
        "tokenizer_needs_package",
        ja=f"このモデルは {what_ja} で単語を区切りますが、入っていません。次のコマンドで入れてください：{how}",
        en=f"This model cuts words with {what_en}, which is not installed. Install it with: {how}",
        install=how,
    )


def _sudachi_cutter(options: Mapping[str, Any]) -> Cutter:
    kind = str(options.get("sudachi_dict_type") or "core")
    how = f"pip install sudachipy sudachidict_{kind}"
    try:
        sudachipy = importlib.import_module("sudachipy")
        dictionary = sudachipy.Dictionary(
            config_path=options.get("sudachi_config_path"), resource_dir=options.get("sudachi_resource_dir"), dict=kind
        )
    except ModuleNotFoundError as error:
        raise _package_missing("SudachiPy", "SudachiPy", how) from error
    if options.get("sudachi_projection") not in (None, "surface"):
        raise ModelError(
            "tokenizer_unknown",
            ja="sudachi_projection が surface 以外のモデルは読めません。単語が書かれた文字のままでなくなるためです。",
            en="A sudachi_projection other than surface cannot be read: its words are not the letters of the text.",
        )
    mode = getattr(sudachipy.SplitMode, str(options.get("sudachi_split_mode") or "A"))
    tokenizer = dictionary.create(mode)
    lock = threading.Lock()

    def cut(text: str) -> list[Span]:
        with lock:
            return place_words(text, [word.surface() for part in _parts(text) for word in tokenizer.tokenize(part)])

    return cut


def _parts(text: str, size: int = 8_000) -> list[str]:
    """Parts of at most `size` characters: Sudachi refuses more than 49,149 bytes at once."""
    return [text[start : start + size] for start in range(0, len(text), size)]
