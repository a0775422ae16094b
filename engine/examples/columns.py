"""What the columns of a file may be called, in English and in Japanese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from engine.contract import Message
from engine.errors import BadInputError
from engine.examples.labels import LONGEST_NAME
from engine.examples.problems import quoted
from engine.examples.rows import ExampleTask

_LANG = ("lang", "language", "言語")
_TEXT = ("text", "sentence", "review", "comment", "content", "文", "本文", "文章", "テキスト", "内容", "レビュー", "コメント", "口コミ")

# Of each task: our name of a column, and what else it may be called. Of two that fit, the earlier counts.
COLUMNS: dict[ExampleTask, dict[str, tuple[str, ...]]] = {
    ExampleTask.SENTIMENT: {
        "text": _TEXT,
        "label": ("label", "sentiment", "polarity", "class", "ラベル", "感情", "極性", "分類", "判定"),
        "lang": _LANG,
    },
    ExampleTask.NER: {
        "text": _TEXT,
        "entities": ("entities", "labels", "label", "spans", "固有名", "固有表現", "ラベル"),
        "lang": _LANG,
    },
    ExampleTask.ASK: {
        "question": ("question", "query", "q", "質問", "質問文", "問い", "問題"),
        "context": ("context", "passage", "paragraph", "document", "text", "文脈", "本文", "文章", "テキスト", "段落"),
        "answers": ("answers", "answer", "answer_text", "a", "回答", "答え", "解答", "正解"),
        "start": ("start", "answer_start", "開始", "開始位置", "位置"),
        "lang": _LANG,
    },
    ExampleTask.SIMILAR: {
        "a": ("a", "sentence1", "sentence_1", "sentence_a", "text1", "text_1", "text_a", "s1", "文1", "文a", "文章1", "テキスト1"),
        "b": ("b", "sentence2", "sentence_2", "sentence_b", "text2", "text_2", "text_b", "s2", "文2", "文b", "文章2", "テキスト2"),
        "score": ("score", "similarity", "label", "類似度", "スコア", "点数", "得点", "ラベル"),
        "paraphrase": ("paraphrase", "is_paraphrase", "is_duplicate", "言い換え"),
        "lang": _LANG,
    },
    ExampleTask.RETRIEVAL: {
        "en": ("en", "english", "英語", "英文"),
        "ja": ("ja", "japanese", "日本語", "和文"),
    },
}
# Each group needs one of its columns.
_NEEDED: dict[ExampleTask, tuple[tuple[str, ...], ...]] = {
    ExampleTask.SENTIMENT: (("text",), ("label",)),
    ExampleTask.NER: (("text",), ("entities",)),
    ExampleTask.ASK: (("question",), ("context",), ("answers",)),
    ExampleTask.SIMILAR: (("a",), ("b",), ("score", "paraphrase")),
    ExampleTask.RETRIEVAL: (("en",), ("ja",)),
}


def match_columns(task: ExampleTask, found: Collection[str]) -> dict[str, str]:
    """Our names of the columns that are there, and what the file calls them; case, width and spaces do not matter."""
    plain: dict[str, str] = {}
    for name in found:
        plain.setdefault(_plain(name), name)
    matched = {ours: next((plain[alias] for alias in aliases if alias in plain), None) for ours, aliases in COLUMNS[task].items()}
    return {ours: name for ours, name in matched.items() if name is not None}


def missing_columns(task: ExampleTask, matched: Mapping[str, str], *, marked_up: bool = False) -> list[str]:
    """What the task needs and is not there; entities may also be `marked_up` in the text."""
    groups = [group for group in _NEEDED[task] if not (marked_up and group == ("entities",))]
    return ["/".join(group) for group in groups if not any(name in matched for name in group)]


def missing(task: ExampleTask, found: Collection[str], lacking: list[str]) -> Message:
    """Says which columns were found and which are needed."""
    named = ", ".join(map(quoted, found)) or "–"
    needed = ", ".join("/".join(group) for group in _NEEDED[task])
    needed_ja = "、".join("か ".join(f"{name}（{_in_japanese(task, name)}）" for name in group) for group in _NEEDED[task])
    return Message(
        ja=f"列「{'」「'.join(lacking)}」がありません。ある列：{named}。必要な列（かっこ内の名前でもかまいません）：{needed_ja}。",
        en=f"no column {', '.join(lacking)}; found: {named}; needed: {needed}.",
    )


def missing_column(task: ExampleTask, name: str, found: Collection[str], lacking: list[str], *, of_table: bool) -> BadInputError:
    """The error of a file all of whose rows lack a column; that of a table may have no header."""
    said = missing(task, found, lacking)
    if of_table and not match_columns(task, found):
        said = Message(
            ja=f"{said.ja}表の 1 行目には列の名前を書いてください。",
            en=f"{said.en} The first row of a table must name its columns.",
        )
    return BadInputError("missing_column", ja=f"{name}：{said.ja}", en=f"{name}: {said.en}", file=name, columns=", ".join(lacking))


def refuse_doubled(name: str, found: Sequence[str], columns: Iterable[str]) -> None:
    """Refuse the file `name` if the header that was `found` has one of `columns` more than once.

    Raises:
        BadInputError: `doubled_column`.
    """
    for column in columns:
        times, shown = found.count(column), quoted(column)
        if times > 1:
            raise BadInputError(
                "doubled_column",
                ja=f"{name}：列「{shown}」が {times} つあります。どちらを使うのか決められないので、1 つだけ残してください。",
                en=f"{name}: there are {times} columns {shown}, and which of them counts is not guessed; keep one of them.",
                file=name,
                columns=shown,
            )


def _in_japanese(task: ExampleTask, name: str) -> str:
    """What a column may be called in Japanese."""
    return next(alias for alias in COLUMNS[task][name] if not alias.isascii())


def _plain(name: str) -> str:
    # As for labels: what is longer is no name, and would take long.
    half_width = unicodedata.normalize("NFKC", name) if len(name) <= LONGEST_NAME else name
    return re.sub(r"[\s\-_]+", "_", half_width.strip().casefold())
