"""MeCab words inside a fast tokenizer, so that every piece keeps its place in the original text."""

from __future__ import annotations

import functools
import re
import threading

import fugashi
from tokenizers import NormalizedString, PreTokenizedString

from engine.tokenization.spans import place_words, slice_spans

JAPANESE = re.compile(
    r"[\u3005-\u3007\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana and their signs
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # kanji
)

_tagger_lock = threading.Lock()


@functools.cache
def _tagger() -> fugashi.Tagger:
    return fugashi.Tagger("-Owakati")


def mecab_words(text: str) -> list[str]:
    """Cut `text` into MeCab surfaces (unidic-lite), white space dropped.

    One tagger serves all threads behind a lock: a tagger is not thread-safe, and one a thread would leak, since the
    tokenizer's Rust threads are new to Python at every call.
    """
    with _tagger_lock:
        words: list[str] = _tagger().parse(text.replace("\0", " ")).split()  # MeCab would stop at a NUL
    return words


class MecabPreTokenizer:
    """A custom pre-tokenizer for `tokenizers` that cuts Japanese runs into MeCab words.

    Runs without Japanese characters pass through as they are. It cannot be pickled or saved: attach it after loading.
    """

    def pre_tokenize(self, pretok: PreTokenizedString) -> None:
        pretok.split(self._split)

    def _split(self, _index: int, run: NormalizedString) -> list[NormalizedString]:
        text = str(run)
        if len(text) == 1 or not JAPANESE.search(text):
            return [run]
        return slice_spans(run, place_words(text, mecab_words(text)))
