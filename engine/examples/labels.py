"""What labels may be called: feelings, kinds of entities and languages, in English and in Japanese."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata

from engine.contract import EntityLabel, Language, SentimentLabel
from engine.examples.problems import RowProblem, quoted
from engine.tasks.entity_tags import read_tags

_SENTIMENTS: dict[SentimentLabel, tuple[str, ...]] = {
    "positive": ("positive", "pos", "ポジティブ", "ポジ", "肯定", "肯定的", "好評", "良い", "よい", "いい", "良"),
    "neutral": ("neutral", "neu", "ニュートラル", "中立", "中立的", "普通", "ふつう", "どちらでもない"),
    "negative": ("negative", "neg", "ネガティブ", "ネガ", "否定", "否定的", "不評", "悪い", "わるい", "悪"),
}
_SENTIMENT_OF = {alias: label for label, aliases in _SENTIMENTS.items() for alias in aliases}
LONGEST_NAME = 200  # characters
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

# Beside what the engine reads from models' own labels.
_ENTITY_OF: dict[str, EntityLabel] = {
    "people": "PER",
    "name": "PER",
    "人": "PER",
    "人物": "PER",
    "氏名": "PER",
    "company": "ORG",
    "組織": "ORG",
    "団体": "ORG",
    "会社": "ORG",
    "会社名": "ORG",
    "企業": "ORG",
    "企業名": "ORG",
    "place": "LOC",
    "場所": "LOC",
    "施設": "LOC",
    "miscellaneous": "MISC",
    "製品": "MISC",
    "商品名": "MISC",
    "イベント": "MISC",
    "その他": "MISC",
}
# Kinds of well-known data sets that are none of the four: they neither help nor hurt.
_OTHER_KINDS = frozenset(
    [
        "date",
        "time",
        "money",
        "percent",
        "quantity",
        "cardinal",
        "ordinal",
        "日付",
        "日時",
        "時刻",
        "時間",
        "金額",
        "割合",
        "数量",
        "数値",
        "日付表現",
        "時刻表現",
        "金額表現",
        "割合表現",
    ]
)

_LANGUAGES: dict[str, Language] = {
    "ja": "ja",
    "jp": "ja",
    "jpn": "ja",
    "japanese": "ja",
    "日本語": "ja",
    "en": "en",
    "eng": "en",
    "english": "en",
    "英語": "en",
    "mixed": "mixed",
    "混在": "mixed",
}


def sentiment_label(value: object) -> SentimentLabel:
    """The feeling that a cell means.

    Raises:
        RowProblem: none of the three; a number is not guessed.
    """
    plain = _plain(value)
    if plain in _SENTIMENT_OF:
        return _SENTIMENT_OF[plain]
    ja_near, en_near = _near(plain, {alias: str(label) for alias, label in _SENTIMENT_OF.items()})
    if _NUMBER.fullmatch(plain):
        raise RowProblem(
            ja=f"ラベルが数字の {plain} です。数字の意味は推測しません。positive・neutral・negative のどれかにしてください。",
            en=f"label {plain}: what a number means is not guessed; write positive, neutral or negative.",
        )
    raise RowProblem(
        ja=f"ラベル「{quoted(value)}」は使えません{ja_near}。positive・neutral・negative のどれかにしてください。",
        en=f"unknown label {quoted(value)!r}{en_near}; write positive, neutral or negative.",
    )


def entity_label(value: object) -> EntityLabel | None:
    """The kind of entity that a name means; None for dates, amounts and the like, which are none of the four.

    Raises:
        RowProblem: the name is not known.
    """
    known, label = _entity(_plain(value))
    if known:
        return label
    ja_near, en_near = _near(_plain(value), {name.lower(): name for name in ("PER", "ORG", "LOC", "MISC", "PERSON", "LOCATION")})
    raise RowProblem(
        ja=f"固有名の種類「{quoted(value)}」は使えません{ja_near}。PER・ORG・LOC・MISC のどれかにしてください。",
        en=f"unknown entity label {quoted(value)!r}{en_near}; write PER, ORG, LOC or MISC.",
    )


def knows_entity_label(value: object) -> bool:
    """Whether `entity_label` takes the name."""
    return _entity(_plain(value))[0]


def language(value: object) -> Language | None:
    """The language that a cell names; None where it is empty.

    Raises:
        RowProblem: another language.
    """
    plain = "" if value is None else _plain(value)
    if plain and plain not in _LANGUAGES:
        raise RowProblem(
            ja=f"言語「{quoted(value)}」は使えません。ja・en・mixed のどれかにするか、空にしてください。",
            en=f"unknown language {quoted(value)!r}; write ja, en or mixed, or leave it empty.",
        )
    return _LANGUAGES.get(plain)


@functools.cache
def _entity(plain: str) -> tuple[bool, EntityLabel | None]:
    label = _ENTITY_OF.get(plain) or read_tags({0: plain}, {}).tags[0].label
    return label is not None or plain in _OTHER_KINDS, label


def _near(plain: str, names: dict[str, str]) -> tuple[str, str]:
    """A question whether the nearest name was meant, in both languages; empty where none is near."""
    found = difflib.get_close_matches(plain, names, n=1, cutoff=0.5)
    return (f"（{names[found[0]]} のことですか？）", f" (did you mean {names[found[0]]}?)") if found else ("", "")


def _plain(value: object) -> str:
    text = str(value)
    # Putting accents in order takes longer than a text is long, and nothing so long is a label.
    return (unicodedata.normalize("NFKC", text) if len(text) <= LONGEST_NAME else text).strip().casefold()
