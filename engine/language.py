"""Decides whether a text is Japanese, English or both, and says so clearly where it is neither."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Language
from engine.errors import BadInputError
from engine.han import HAN, KANA, is_chinese
from engine.latin import foreign_language, word_count

# Addresses, mentions, blanks to fill, and laughter (神www) say nothing about the language around them.
_NO_PROSE = re.compile(
    r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    r"|<[@#!][^<>\s]{0,80}>|\[(?:MASK|PAD|CLS|SEP|UNK)\]|:[a-z0-9_+-]{1,64}:"
    rf"|(?<=[{HAN}{KANA}。、！？!?…])[wWｗＷ]+(?![A-Za-zＡ-Ｚａ-ｚ])"
)
_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]{1,300}\"")
_KANA = re.compile(f"[{KANA}]")
_HAN = re.compile(f"[{HAN}]")
_HIRAGANA = re.compile(r"[\u3041-\u3096]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_BOPOMOFO = re.compile(r"[\u3105-\u312f]")
_LATIN_WORDS = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
# Single Greek or Cyrillic letters are formulas and faces, as in λ = 1 or (´・ω・`).
_OTHER_LETTERS = re.compile(
    rf"[^\W\d_A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3{HAN}{KANA}]{{2,}}"
)
# Blank letters: Hangul fillers and the empty Braille cell.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_FULL_WIDTH_DIGIT = re.compile(r"[０-９]")
# What one word of the language takes, in characters of its script.
_JAPANESE_WORD = 2.0
_KOREAN_WORD = 2.5
_OTHER_WORD = 5.0
# The smaller language's share of all words from which on a text is both; less is a name or a quotation.
_MIXED_SHARE = 0.25
_MIXED_SHARE_WITHOUT_GRAMMAR = 0.45
# The share of a text outside its quotation marks from which on that part alone decides.
_UNQUOTED_SHARE = 0.25
_SCRIPT_NAMES = {
    "CYRILLIC": ("キリル文字（ロシア語など）", "Cyrillic script (Russian and others)"),
    "ARABIC": ("アラビア文字", "Arabic script"),
    "HEBREW": ("ヘブライ文字", "Hebrew script"),
    "THAI": ("タイ文字", "Thai script"),
    "DEVANAGARI": ("デーヴァナーガリー文字（ヒンディー語など）", "Devanagari script (Hindi and others)"),
    "GREEK": ("ギリシャ文字", "Greek script"),
}
_OTHER_SCRIPT = ("ほかの文字", "another script")


@dataclass(frozen=True)
class _Amounts:
    """How much of each language a text holds, in words. `grammar` counts words and letters that are no mere names."""

    japanese: float
    english: int
    hiragana: int
    english_grammar: int
    korean: float
    other: float

    @property
    def total(self) -> float:
        return self.japanese + self.english + self.korean + self.other


def detect(text: str) -> Language:
    """Decide from script and words.

    A name or quotation of the other language leaves a text what it is; "mixed" needs a good share of both. Text of
    digits is read as English (full-width ones as Japanese), and so is Latin text of a language that is not recognised.

    Raises:
        BadInputError: `empty_text` where there is no letter or digit; `unsupported_language` for Chinese, Korean,
            other scripts, Japanese in Latin letters, and French, Spanish, German, Italian, Portuguese or Dutch.
    """
    language = _detect_words(text)
    if language is not None:
        return language
    return "ja" if _FULL_WIDTH_DIGIT.search(text) else "en"


def resolve(texts: Sequence[str], override: Language | None = None) -> Language:
    """The language of several texts that are read together: `override` if given, else "mixed" where they differ.

    Raises:
        BadInputError: as `detect`; `details` hold the `index` of the text. With an override only a blank text is refused.
    """
    found: set[Language] = set()
    for index, text in enumerate(texts):
        try:
            if override is not None:
                _refuse_blank(text)
            elif (language := _detect_words(text)) is not None:
                found.add(language)
        except BadInputError as error:
            error.details.setdefault("index", str(index))
            raise
    if override is not None:
        return override
    if not found:
        return detect(texts[0]) if texts else "en"
    return found.pop() if len(found) == 1 else "mixed"


def _detect_words(text: str) -> Language | None:
    """The language of the words, or None where there are only digits."""
    _refuse_blank(text)
    prose = _NO_PROSE.sub(" ", text)
    normal = unicodedata.normalize("NFKC", prose)
    unquoted = _QUOTED.sub(" ", normal)
    amounts, inner = _amounts(normal), _amounts(unquoted)
    if inner.total and inner.total >= _UNQUOTED_SHARE * amounts.total:
        normal, amounts, prose = unquoted, inner, _QUOTED.sub(" ", prose)
    if not amounts.total:
        return _without_words(text, normal)
    _refuse_other_languages(prose, normal, amounts)
    return _japanese_or_english(amounts, normal)


def _amounts(text: str) -> _Amounts:
    words, grammar = word_count(text)
    return _Amounts(
        japanese=(len(_KANA.findall(text)) + len(_HAN.findall(text))) / _JAPANESE_WORD,
        english=words,
        hiragana=len(_HIRAGANA.findall(text)),
        english_grammar=grammar,
        korean=len(_HANGUL.findall(text)) / _KOREAN_WORD,
        other=sum(map(len, _OTHER_LETTERS.findall(text))) / _OTHER_WORD,
    )


def _japanese_or_english(amounts: _Amounts, text: str) -> Language:
    if not amounts.english:
        return "ja" if amounts.japanese else "en"
    english, grammar = word_count(text, names=False)
    if not amounts.japanese:
        return "en"
    share = english / (english + amounts.japanese)
    if share < 0.5:
        return "mixed" if share >= (_MIXED_SHARE if grammar else _MIXED_SHARE_WITHOUT_GRAMMAR) else "ja"
    return "mixed" if 1 - share >= (_MIXED_SHARE if amounts.hiragana else _MIXED_SHARE_WITHOUT_GRAMMAR) else "en"


def _without_words(text: str, normal: str) -> Language | None:
    """Digits pass; an address or blank alone is read as English; only marks and emoji are no text."""
    if any(char.isdecimal() for char in normal):
        return None
    if _LATIN_WORDS.search(text):
        return "en"
    raise BadInputError(
        "empty_text",
        ja="記号や絵文字だけで、読める文字がありません。日本語か英語の文を入力してください。例：この映画は面白かった。",
        en="There are only marks or emoji and nothing to read: give a text in Japanese or English, e.g. “I liked this film.”",
    )


def _refuse_blank(text: str) -> None:
    if all(char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Zs") or char in _INVISIBLE for char in text):
        raise BadInputError(
            "empty_text",
            ja="文章が空です。日本語か英語の文を入力してください。例：この映画は面白かった。",
            en="The text is empty: give one in Japanese or English, e.g. “I liked this film.”",
        )


def _refuse_other_languages(prose: str, normal: str, amounts: _Amounts) -> None:
    ours = amounts.japanese + amounts.english
    if amounts.korean and amounts.korean >= max(amounts.english, amounts.japanese, amounts.other):
        raise _unsupported("ko", "韓国語", "Korean")
    if len(_BOPOMOFO.findall(prose)) >= 2 or (amounts.japanese >= amounts.english / 4 and is_chinese(prose)):
        raise _unsupported("zh", "中国語", "Chinese")
    if amounts.other and amounts.other >= max(ours / 2, amounts.korean):
        raise _unsupported_script(normal)
    if not amounts.japanese and (language := foreign_language(normal)):
        raise _unsupported(*language)


def _unsupported(code: str, ja: str, en: str) -> BadInputError:
    """The answer to a text of language `code`, whose name stands in both languages."""
    return BadInputError(
        "unsupported_language",
        ja=f"{ja}の文章のようです。読めるのは日本語と英語だけなので、どちらかで入力してください"
        "（違うときは --lang ja か --lang en を付けてください）。",
        en=f"This looks like {en}; only Japanese and English can be read. Give a text in one of them"
        " (if that is wrong, add --lang ja or --lang en).",
        language=code,
    )


def _unsupported_script(text: str) -> BadInputError:
    run = max(_OTHER_LETTERS.findall(text), key=len)
    script = unicodedata.name(run[0], "UNKNOWN").split()[0]
    ja, en = _SCRIPT_NAMES.get(script, _OTHER_SCRIPT)
    return _unsupported(script.lower(), ja, en)
