"""Results made by hand, as a worker would find them: what they say is right for the examples of the commands."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from engine.contract import (
    Answer,
    AskRequest,
    AskResult,
    Blank,
    Entity,
    EntityLabel,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    Failure,
    File,
    Filling,
    FillMaskRequest,
    FillMaskResult,
    Image,
    Message,
    NerRequest,
    NerResult,
    Request,
    Result,
    SentenceSentiment,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Token,
    TokensRequest,
    TokensResult,
    Word,
)
from engine.figures.explanation import pictures
from engine.figures.explorer import explorer
from tests.bot.explaining import explained
from tests.support.explained import made_up

LONG_NOTE = Message(
    ja="文章が長いので、重なり合う 3 つの窓に分けて読みました。", en="The text is long: it was read in 3 overlapping windows."
)
# A page that tries to reach everything that is not its own, and writes down what happened.
PROBING = ("覗き", "probing")
PROBE = """<!doctype html><meta charset="utf-8"><title>覗き見</title><p id="told"></p><script>
const tries = {
  parentStorage: () => parent.localStorage.length,
  parentDocument: () => parent.document.title,
  ownStorage: () => localStorage.length,
  cookie: () => document.cookie,
  network: () => fetch("/api/commands").then((answer) => answer.status),
  foreignNetwork: () => fetch("http://127.0.0.1:9/").then((answer) => answer.status),
  socket: () => new Promise((done, fail) => { const link = new WebSocket(`ws://${parentHost}/chat`); link.onopen = done; link.onerror = fail; }),
  script: () => new Promise((done, fail) => Object.assign(document.head.append(script), { }) ?? Object.assign(script, { onload: done, onerror: fail })),
  top: () => { top.location = "about:blank"; },
  popup: () => { if (!open("about:blank")) throw new Error("no window"); },
};
const parentHost = "127.0.0.1";
const script = Object.assign(document.createElement("script"), { src: "/static/main.js" });
Promise.all(Object.entries(tries).map(async ([name, attempt]) => {
  try { return `${name}: reached ${await attempt()}`; } catch (error) { return `${name}: refused`; }
})).then((lines) => (document.getElementById("told").textContent = [`origin: ${self.origin}`, ...lines].join("\\n")));
</script>""".encode()
NAMES: dict[str, EntityLabel] = {
    "山田太郎": "PER",
    "トヨタ自動車": "ORG",
    "東京": "LOC",
    "ノーベル賞": "MISC",
    "Tim Cook": "PER",
    "Apple": "ORG",
    "Paris": "LOC",
}


def outcome_of(request: Request) -> Result | Failure:
    """The outcome of a Request; a text with "壊れ" or "broken" in it fails."""
    text = getattr(request, "text", "")
    if "壊れ" in text or "broken" in text:
        sentence = Message(ja="モデルを読み込めません。\n例：make models", en="The model cannot be loaded.\nFor example: make models")
        return Failure(code="model_missing", message=sentence)
    if isinstance(request, SentimentRequest):
        return _sentiment(request.text)
    if isinstance(request, NerRequest):
        return _ner(request.text)
    if isinstance(request, AskRequest):
        return _ask(request)
    if isinstance(request, SimilarRequest):
        return _similar(request)
    if isinstance(request, ExplainAttentionRequest):
        return _attention(request)
    if isinstance(request, TokensRequest):
        return _tokens(request.text)
    if isinstance(request, FillMaskRequest):
        return _fillings(request.text)
    raise TypeError(type(request).__name__)


def _said(text: str, model: str) -> dict[str, Any]:
    return {"language": "ja" if _japanese(text) else "en", "model": f"bundled/{model}"}


def _japanese(text: str) -> bool:
    return any("\u3000" < char < "\ufff0" for char in text)


def _sentiment(text: str) -> SentimentResult:
    sentences, start = [], 0
    for end in [i + 1 for i, char in enumerate(text) if char in "。.！!"] or [len(text)]:
        bad = any(word in text[start:end] for word in ("高い", "遅", "terrible", "slow"))
        sentences.append(SentenceSentiment(start=start, end=end, label="negative" if bad else "positive", probability=0.87))
        start = end
    return SentimentResult(
        **_said(text, "sentiment"),
        notes=(LONG_NOTE,) if len(text) > 500 else (),
        label="positive",
        probability=0.912,
        probabilities={"positive": 0.912, "neutral": 0.061, "negative": 0.027},
        sentences=tuple(sentences),
    )


def _ner(text: str) -> NerResult:
    found = [(text.find(name), name, label) for name, label in NAMES.items() if name in text]
    entities = [Entity(start=at, end=at + len(name), text=name, label=label, score=0.97) for at, name, label in sorted(found)]
    return NerResult(**_said(text, "ner"), entities=tuple(entities))


def _ask(request: AskRequest) -> AskResult:
    context = request.context
    name = next((name for name in ("トヨタ自動車", "Tim Cook") if name in context), None)
    if name is None:
        return AskResult(**_said(context, "ask"), answer=None, no_answer_score=0.83, candidates=())
    start = context.index(name)
    best = Answer(start=start, end=start + len(name), text=name, score=0.914, sentence_start=0, sentence_end=len(context))
    other = Answer(start=0, end=4, text=context[:4], score=0.043, sentence_start=0, sentence_end=len(context))
    return AskResult(**_said(context, "ask"), answer=best, no_answer_score=0.01, candidates=(best, other))


def _similar(request: SimilarRequest) -> SimilarResult:
    count = len(request.texts)
    matrix = tuple(tuple(1.0 if i == j else round(0.9 - 0.4 * abs(i - j), 3) for j in range(count)) for i in range(count))
    return SimilarResult(language="mixed", model="bundled/similar", matrix=matrix, ranking=(), pooling="mean")


@cache
def _drawn(text: str) -> tuple[Image, File]:
    """A real picture and a real page, of maps that are made up."""
    read = made_up(list(text), layers=6, heads=12, model="bundled/sentiment")
    japanese = _japanese(text)
    [image] = pictures(read, view="map", layer=5, head=2, other=None, japanese=japanese)
    return image, explorer(read, other=None, japanese=japanese)


def _attention(request: ExplainAttentionRequest) -> ExplainAttentionResult:
    image, page = _drawn(request.text[:24])
    if any(word in request.text for word in PROBING):
        page = replace(page, data=PROBE)
    return explained(request, images=(image,), files=(page,))


def _tokens(text: str) -> TokensResult:
    pairs = [(i, min(i + 2, len(text))) for i in range(0, len(text), 2)]
    pieces = tuple(Token(text=text[start:end], id=100 + start, start=start, end=end) for start, end in pairs)
    words = tuple(Word(start=start, end=end, text=text[start:end], first_token=i, last_token=i) for i, (start, end) in enumerate(pairs))
    return TokensResult(**_said(text, "encoder"), tokens=pieces, words=words, window=512)


def _fillings(text: str) -> FillMaskResult:
    words = (("東京", 0.62), ("京都", 0.21), ("大阪", 0.05)) if _japanese(text) else (("France", 0.71), ("Texas", 0.04))
    start = text.index("[MASK]")
    fillings = tuple(Filling(token=word, id=i, probability=p, text=text.replace("[MASK]", word)) for i, (word, p) in enumerate(words))
    return FillMaskResult(
        **_said(text, "encoder"),
        blanks=(Blank(start=start, end=start + 6, fillings=fillings),),
    )
