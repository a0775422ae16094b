"""Invented examples that a tiny model can learn: the words of the tiny vocabulary decide the answer."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

Rows = list[dict[str, object]]

_GOOD = (("love", "素晴らしかっ"), "positive")
_BAD = (("terrible", "犬"), "negative")
_PLAIN = (("when", "東京"), "neutral")
_THINGS = (("cat", "猫"), ("mat", "映画"), ("apple", "大学"), ("service", "日本"), ("startup", "京都"), ("ceo", "私"))
_NAMES = (("tim cook", "PER", "山田太郎"), ("apple inc", "ORG", "京都大学"))


def sentiment_rows(count: int, *, seed: int = 0, english_only: bool = False) -> Rows:
    """Distinct texts in both languages; love and 素晴らしかっ are positive, terrible and 犬 negative, all else neutral."""
    draw = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        (english, japanese), label = draw.choice((_GOOD, _BAD, _PLAIN))
        thing, other = draw.sample(_THINGS, 2)
        if english_only or draw.random() < 0.5:
            text = f"{draw.choice(('i', 'the', 'a', 'this'))} {thing[0]} {english} {draw.choice(('on', 'of', 'for'))} {draw.randint(0, 99)}"
        else:
            text = f"この{thing[1]}は{japanese}{other[1]}の{draw.randint(0, 99)}"
        found[text] = label
    return [{"text": text, "label": label} for text, label in found.items()]


def ner_rows(count: int, *, seed: int = 0) -> Rows:
    """Texts with a person or an organisation each."""
    draw = random.Random(seed)
    rows: Rows = []
    for number in range(count):
        english, label, japanese = draw.choice(_NAMES)
        thing = draw.choice(_THINGS)
        before, name = (f"the {thing[0]} of {number} ", english) if number % 2 else (f"{number}の{thing[1]}は", japanese)
        text = before + name + (" is on the mat" if number % 2 else "です")
        rows.append({"text": text, "entities": [{"start": len(before), "end": len(before) + len(name), "label": label}]})
    return rows


def ask_rows(count: int, *, seed: int = 0) -> Rows:
    """The answer is what stands behind "is" or before です; in some contexts there is none."""
    draw = random.Random(seed)
    rows: Rows = []
    for number in range(count):
        thing = draw.choice(_THINGS)
        if number % 2:
            context, question, answer = f"{number} on the mat is {thing[0]}", "what is on the mat?", thing[0]
        else:
            context, question, answer = f"{number}の映画は{thing[1]}です", "映画は何ですか", thing[1]
        if number % 7 == 0:
            context, answer = context.replace("です", "").replace(" is ", " of ").replace(answer, "1"), ""
        answers = [{"text": answer, "start": context.index(answer)}] if answer else []
        rows.append({"question": question, "context": context, "answers": answers})
    return rows


def similar_rows(count: int, *, seed: int = 0) -> Rows:
    """Pairs about one thing are near, across languages too; others are far."""
    draw = random.Random(seed)
    rows: Rows = []
    for number in range(count):
        thing, other = draw.sample(_THINGS, 2)
        near = number % 2 == 0
        first = f"the {thing[0]} {number}"
        second = (
            (f"a {(thing if near else other)[0]} is {number + 1000}")
            if number % 4 < 2
            else f"{(thing if near else other)[1]}の{number + 1000}"
        )
        rows.append({"a": first, "b": second, "score": 5.0 if near else 0.0})
    return rows


ROWS = {"sentiment": sentiment_rows, "ner": ner_rows, "ask": ask_rows, "similar": similar_rows}


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def domain_lines(count: int, *, seed: int = 0) -> list[str]:
    """Lines of a small invented domain: always the same turns of phrase around a number."""
    draw = random.Random(seed)
    english = "the startup of tim cook is buying apple inc on {}"
    japanese = "山田太郎は京都大学を卒業した{}"
    return [draw.choice((english, japanese)).format(number) for number in range(count)]
