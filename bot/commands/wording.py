"""Words and numbers that several answers share."""

from __future__ import annotations

from typing import Any

from bot.language import Speech
from engine.contract import EntityLabel, Message, SentimentLabel

SENTIMENTS: dict[SentimentLabel, Message] = {
    "positive": Message(ja="ポジティブ", en="positive"),
    "neutral": Message(ja="中立", en="neutral"),
    "negative": Message(ja="ネガティブ", en="negative"),
}
ENTITIES: dict[EntityLabel, Message] = {
    "PER": Message(ja="人名", en="person"),
    "ORG": Message(ja="組織", en="organization"),
    "LOC": Message(ja="地名", en="place"),
    "MISC": Message(ja="その他", en="other name"),
}
LANGUAGES = {
    "ja": Message(ja="日本語", en="Japanese"),
    "en": Message(ja="英語", en="English"),
    "mixed": Message(ja="日英混在", en="Japanese and English"),
}


def percent(probability: float) -> str:
    """A probability (0..1) as people read it; never rounded up to certainty."""
    if 0.9995 <= probability < 1:
        return ">99.9%"
    return f"{probability:.1%}"


def shortened(text: str, *, limit: int = 40) -> str:
    """One line of a text, for lists: white space becomes one space, what is left out becomes …."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def numbered(texts: tuple[str, ...]) -> str:
    """The texts, one a line, with the numbers that a table refers to."""
    return "\n".join(f"{i}. {shortened(text, limit=200)}" for i, text in enumerate(texts, start=1))


def said_of(result: Any, speech: Speech) -> dict[str, Any]:
    """What every Reply tells of its Result: the notes, the model, and the language that was read."""
    language = LANGUAGES[result.language].in_language(speech)
    source = f"モデル：{result.model}・{language}として読みました" if speech == "ja" else f"model: {result.model} · read as {language}"
    return {"notes": tuple(note.in_language(speech) for note in result.notes), "source": source}
