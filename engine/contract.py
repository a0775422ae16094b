"""What the engine can be asked and what it answers: frozen, versioned, JSON-able; importable without torch.

Every span is `start, end` in characters (Python code points, end exclusive) of the text exactly as given.
Probabilities and scores lie in 0..1 unless a docstring says otherwise. Messages to people stand in both
languages, and so do the reasons that the system gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from engine.contract_parts import (
    NO_BETTER as NO_BETTER,
    AttentionView as AttentionView,
    EntityLabel as EntityLabel,
    ExplainedTask as ExplainedTask,
    File as File,
    Image as Image,
    Language as Language,
    MaskingEffect as MaskingEffect,
    Message as Message,
    Pooling as Pooling,
    Prediction as Prediction,
    SentimentLabel as SentimentLabel,
    TellingHead as TellingHead,
    Tensor as Tensor,
    Token as Token,
    TokenScores as TokenScores,
    WordLink as WordLink,
)
from engine.contract_reasons import reason_of as reason_of, system_reason as system_reason

CONTRACT_VERSION = 1


class Task(StrEnum):
    """The eight things the engine can do."""

    SENTIMENT = "sentiment"
    NER = "ner"
    ASK = "ask"
    SIMILAR = "similar"
    EXPLAIN_ATTENTION = "explain_attention"
    TOKENS = "tokens"
    FILL_MASK = "fill_mask"
    EMBED = "embed"


class ContractError(ValueError):
    """A JSON object that is no Request or Result of this version; the message names the key and what is allowed."""


# --- Requests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What every Request may say: the language (None: decided from the text) and a model (None: the catalog's)."""

    language: Language | None = None
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class SentimentRequest(_Options):
    text: str


@dataclass(frozen=True, kw_only=True)
class NerRequest(_Options):
    text: str


@dataclass(frozen=True, kw_only=True)
class AskRequest(_Options):
    question: str
    context: str
    answers: int = 3  # how many candidate answers to give, 1..20


@dataclass(frozen=True, kw_only=True)
class SimilarRequest(_Options):
    """Two or more `texts` → matrix; with a `query`, one or more `texts` → ranking."""

    texts: tuple[str, ...]
    query: str | None = None
    pooling: Pooling | None = None  # None: as the model was made


@dataclass(frozen=True, kw_only=True)
class ExplainAttentionRequest(_Options):
    """What to show of how a model read a text.

    With a `second` text, both are read as a pair, or by themselves where the view is "compare"; where the task is "ask", `text` is
    the question and `second` its context.
    """

    text: str
    second: str | None = None
    task: ExplainedTask = "sentiment"  # whose model, and whose prediction, is explained
    view: AttentionView = "map"
    layer: int | None = None  # from 0; None: the last
    head: int | None = None  # from 0; None: the mean over heads
    window: int | None = None  # which part of a long text, from 0; None: the one that matters most to the prediction
    word: str | None = None  # what this word of the text looks at, and what looks at it
    joined: bool = False  # pieces of a word are joined
    special: bool = True  # whether special tokens are drawn
    other_model: str | None = None  # with the view "compare": the model that reads the same text beside the first


@dataclass(frozen=True, kw_only=True)
class TokensRequest(_Options):
    text: str


@dataclass(frozen=True, kw_only=True)
class FillMaskRequest(_Options):
    """`text` holds at least one blank, written [MASK], ＿ or ___."""

    text: str
    candidates: int = 5  # for each blank, 1..100


@dataclass(frozen=True, kw_only=True)
class EmbedRequest(_Options):
    texts: tuple[str, ...]
    pooling: Pooling | None = None


# --- Results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Answered:
    """What every Result says: the language it was read as, the model that read it, and what people should know."""

    language: Language
    model: str
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SentenceSentiment:
    start: int
    end: int
    label: SentimentLabel
    probability: float


@dataclass(frozen=True, kw_only=True)
class SentimentResult(_Answered):
    label: SentimentLabel
    probability: float  # of `label`
    probabilities: dict[SentimentLabel, float]  # of every label the model has; sums to 1
    sentences: tuple[SentenceSentiment, ...]  # in reading order; one for a text of one sentence


@dataclass(frozen=True, kw_only=True)
class Entity:
    start: int
    end: int
    text: str
    label: EntityLabel
    score: float


@dataclass(frozen=True, kw_only=True)
class NerResult(_Answered):
    entities: tuple[Entity, ...]  # in reading order, never overlapping


@dataclass(frozen=True, kw_only=True)
class Answer:
    start: int
    end: int
    text: str
    score: float
    sentence_start: int
    sentence_end: int


@dataclass(frozen=True, kw_only=True)
class AskResult(_Answered):
    answer: Answer | None  # None: the context does not answer the question
    no_answer_score: float
    candidates: tuple[Answer, ...]  # best first, distinct spans; the first equals `answer` where there is one


@dataclass(frozen=True, kw_only=True)
class Ranked:
    index: int  # into the Request's texts
    similarity: float  # cosine, -1..1


@dataclass(frozen=True, kw_only=True)
class SimilarResult(_Answered):
    matrix: tuple[tuple[float, ...], ...]  # cosines, -1..1; (texts, texts), or (1, texts) with a query
    ranking: tuple[Ranked, ...]  # with a query: nearest first; else empty
    pooling: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExplainAttentionResult(_Answered):
    """What a model looked at in the part of a text that is shown. Its prediction is about all that it read at once."""

    view: AttentionView
    task: ExplainedTask
    tokens: tuple[Token, ...]  # of the part that is shown, special tokens included; of a pair, both texts' in order
    second_from: int | None  # index of the first token of the second text, whose spans point into it; None: there is one text
    attention: Tensor  # (layers, heads, tokens, tokens): row looks at column; rows sum to 1 where all is shown that was read
    prediction: Prediction | None  # None: the model predicts nothing
    layer: int | None  # what the picture shows; None: no single one
    head: int | None  # None: the mean over heads
    window: int  # which part of the text is shown, from 0
    windows: int  # how many parts the text has
    scores: tuple[TokenScores, ...]  # one a token
    completeness_error: float | None  # of the attributions: their sum minus the change of the score they explain
    faithfulness: tuple[MaskingEffect, ...]  # empty: nothing is predicted
    telling: tuple[TellingHead, ...]
    links: tuple[WordLink, ...]  # with a word: one a token; else empty
    images: tuple[Image, ...]
    files: tuple[File, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of the text (MeCab's for Japanese) and which tokens it was cut into."""

    start: int
    end: int
    text: str
    first_token: int
    last_token: int  # inclusive


@dataclass(frozen=True, kw_only=True)
class TokensResult(_Answered):
    tokens: tuple[Token, ...]
    words: tuple[Word, ...]
    window: int  # how many tokens the model reads at once, special tokens included


@dataclass(frozen=True, kw_only=True)
class Filling:
    token: str
    id: int
    probability: float
    text: str  # the whole text with this blank filled


@dataclass(frozen=True, kw_only=True)
class Blank:
    start: int
    end: int
    fillings: tuple[Filling, ...]  # most probable first


@dataclass(frozen=True, kw_only=True)
class FillMaskResult(_Answered):
    blanks: tuple[Blank, ...]


@dataclass(frozen=True, kw_only=True)
class EmbedResult(_Answered):
    vectors: tuple[tuple[float, ...], ...]  # one a text, length `width`, of unit norm
    width: int
    pooling: str


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A Request that could not be answered. `code` is stable, for programs; `message` is for people."""

    code: str
    message: Message
    details: dict[str, str] = field(default_factory=dict)


Request = (
    SentimentRequest | NerRequest | AskRequest | SimilarRequest | ExplainAttentionRequest | TokensRequest | FillMaskRequest | EmbedRequest
)
Result = SentimentResult | NerResult | AskResult | SimilarResult | ExplainAttentionResult | TokensResult | FillMaskResult | EmbedResult

REQUEST_TYPES: dict[Task, type[Request]] = {
    Task.SENTIMENT: SentimentRequest,
    Task.NER: NerRequest,
    Task.ASK: AskRequest,
    Task.SIMILAR: SimilarRequest,
    Task.EXPLAIN_ATTENTION: ExplainAttentionRequest,
    Task.TOKENS: TokensRequest,
    Task.FILL_MASK: FillMaskRequest,
    Task.EMBED: EmbedRequest,
}
RESULT_TYPES: dict[Task, type[Result]] = {
    Task.SENTIMENT: SentimentResult,
    Task.NER: NerResult,
    Task.ASK: AskResult,
    Task.SIMILAR: SimilarResult,
    Task.EXPLAIN_ATTENTION: ExplainAttentionResult,
    Task.TOKENS: TokensResult,
    Task.FILL_MASK: FillMaskResult,
    Task.EMBED: EmbedResult,
}
_TASK_OF: dict[type, Task] = {kind: task for table in (REQUEST_TYPES, RESULT_TYPES) for task, kind in table.items()}

# What the field `task` of an explanation is called in the JSON form.
_TASK_FIELD, _TASK_KEY = "task", "explained_task"

_Kind = TypeVar("_Kind")


def task_of(value: Request | Result) -> Task:
    """The task that a Request or Result belongs to."""
    return _TASK_OF[type(value)]


def to_json(value: Request | Result | Failure) -> dict[str, Any]:
    """The JSON form: the fields, with `version` and either `task` or, for a Failure, `failure: true`."""
    head: dict[str, Any] = {"version": CONTRACT_VERSION}
    head |= {"failure": True} if isinstance(value, Failure) else {"task": str(task_of(value))}
    body: dict[str, Any] = msgspec.to_builtins(value)
    if _TASK_FIELD in body:  # the JSON form's own "task" says what kind of object it is
        body[_TASK_KEY] = body.pop(_TASK_FIELD)
    return head | body


def request_from_json(data: object) -> Request:
    """Read a Request's JSON form.

    Raises:
        ContractError: not a Request of this version.
    """
    task, body = _open(data)
    return _convert(body, REQUEST_TYPES[task])


def outcome_from_json(data: object) -> Result | Failure:
    """Read a Result's or Failure's JSON form.

    Raises:
        ContractError: neither of this version.
    """
    if isinstance(data, dict) and data.get("failure") is True:
        body = {key: value for key, value in data.items() if key not in ("failure", "version")}
        return _convert(body, Failure)
    task, body = _open(data)
    return _convert(body, RESULT_TYPES[task])


def _open(data: object) -> tuple[Task, dict[str, Any]]:
    if not isinstance(data, dict):
        raise ContractError(f"expected a JSON object, got {type(data).__name__}")
    if data.get("version") != CONTRACT_VERSION:
        raise ContractError(f"version: got {data.get('version')!r}, this engine speaks {CONTRACT_VERSION}")
    task = data.get("task")
    if task not in list(Task):
        raise ContractError(f"task: got {task!r}, allowed are {', '.join(Task)}")
    return Task(task), {_TASK_FIELD if key == _TASK_KEY else key: value for key, value in data.items() if key not in ("version", "task")}


def _convert(body: dict[str, Any], kind: type[_Kind]) -> _Kind:
    unknown = body.keys() - set(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # all are dataclasses
    if unknown:
        raise ContractError(f"{kind.__name__}: unknown key {min(unknown, key=str)!r}, allowed are {', '.join(kind.__dataclass_fields__)}")  # type: ignore[attr-defined]  # as above
    try:
        return msgspec.convert(body, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: half a character where base64 should be
        raise ContractError(f"{kind.__name__}: {error}") from error
