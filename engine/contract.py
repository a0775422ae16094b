"""What the engine can be asked and what it answers: frozen, versioned, JSON-able; importable without torch.

Every span is `start, end` in characters (Python code points, end exclusive) of the text exactly as given.
Probabilities and scores lie in 0..1 unless a docstring says otherwise. Messages to people stand in both languages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeVar

import msgspec

CONTRACT_VERSION = 1

Language = Literal["ja", "en", "mixed"]
Pooling = Literal["mean", "max", "cls"]
SentimentLabel = Literal["positive", "neutral", "negative"]
EntityLabel = Literal["PER", "ORG", "LOC", "MISC"]


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


@dataclass(frozen=True, kw_only=True)
class Message:
    """A sentence for people, in both languages."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        """The Japanese sentence for "ja", else the English one."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture that belongs to a Result."""

    name: str  # a file name, e.g. attention.png
    media_type: str
    width_px: int
    height_px: int
    alt: Message
    data: bytes  # base64 in the JSON form


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
    """`layer` and `head` count from 0; None takes the last layer and the mean over heads."""

    text: str
    layer: int | None = None
    head: int | None = None
    window: int = 0  # which window of a long text, from 0


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
class Token:
    text: str  # the piece as in the vocabulary, e.g. ##ing
    id: int
    start: int  # span in the text; start == end for special tokens
    end: int
    special: bool = False


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A numeric array: `data` is little-endian, row-major; base64 in the JSON form."""

    shape: tuple[int, ...]
    dtype: Literal["float16", "float32"]
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Prediction:
    label: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class ExplainAttentionResult(_Answered):
    tokens: tuple[Token, ...]  # of the window that was read, special tokens included
    attention: Tensor  # (layers, heads, tokens, tokens): row looks at column, rows sum to 1
    prediction: Prediction | None  # None: the model predicts nothing about a whole text
    layer: int | None  # what the picture shows; None: no single one
    head: int | None  # None: the mean over heads
    window: int
    windows: int  # how many windows the whole text has
    images: tuple[Image, ...]


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

_Kind = TypeVar("_Kind")


def task_of(value: Request | Result) -> Task:
    """The task that a Request or Result belongs to."""
    return _TASK_OF[type(value)]


def to_json(value: Request | Result | Failure) -> dict[str, Any]:
    """The JSON form: the fields, with `version` and either `task` or, for a Failure, `failure: true`."""
    head: dict[str, Any] = {"version": CONTRACT_VERSION}
    head |= {"failure": True} if isinstance(value, Failure) else {"task": str(task_of(value))}
    body: dict[str, Any] = msgspec.to_builtins(value)
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
    return Task(task), {key: value for key, value in data.items() if key not in ("version", "task")}


def _convert(body: dict[str, Any], kind: type[_Kind]) -> _Kind:
    unknown = body.keys() - set(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # all are dataclasses
    if unknown:
        raise ContractError(f"{kind.__name__}: unknown key {sorted(unknown)[0]!r}, allowed are {', '.join(kind.__dataclass_fields__)}")  # type: ignore[attr-defined]  # as above
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise ContractError(f"{kind.__name__}: {error}") from error
