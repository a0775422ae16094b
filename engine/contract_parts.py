"""What Requests and Results are made of: messages, pictures, tokens, and what is said of attention. `engine.contract` holds all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["ja", "en", "mixed"]
Pooling = Literal["mean", "max", "cls"]
SentimentLabel = Literal["positive", "neutral", "negative"]
EntityLabel = Literal["PER", "ORG", "LOC", "MISC"]
AttentionView = Literal["map", "heads", "layers", "rollout", "tokens", "compare", "positions"]
ExplainedTask = Literal["sentiment", "ner", "ask"]


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
    label: str  # of an answer to a question: the answer itself
    probability: float
    text: str | None = None  # the words that have the label: an entity; None: it is said of all the text


@dataclass(frozen=True, kw_only=True)
class TokenScores:
    """How much one shown token mattered, by three measures; one value each a token, in the tokens' order.

    `rollout` and `relevance` are at least 0 and sum to at most 1 over the tokens that the model read; `attribution` is signed: what
    the token adds to (or takes from) the predicted score. None: not defined for this model or prediction.
    """

    rollout: float | None  # attention rolled out through all layers (Abnar & Zuidema 2020)
    relevance: float | None  # attention weighted by its gradient (Chefer et al. 2021)
    attribution: float | None  # integrated gradients (Sundararajan et al. 2017)


@dataclass(frozen=True, kw_only=True)
class MaskingEffect:
    """How the probability of the prediction changed when some tokens were replaced by the mask token."""

    by: Literal["attention", "attribution", "random"]  # which tokens: the most attended, the most attributed, or any
    masked: int  # how many tokens
    probability: float  # of the same prediction, after
    change: float  # after minus before, -1..1; of "random", the mean of several draws


# Of probability: two effects of masking that are this near are the same.
NO_BETTER = 0.02


@dataclass(frozen=True, kw_only=True)
class TellingHead:
    """A head that stands out, and why: it looks at fewest tokens, farthest away, or most at a separator."""

    kind: Literal["focused", "distant", "separator"]
    layer: int
    head: int
    value: float  # entropy in nats, distance in tokens, or the share of attention


@dataclass(frozen=True, kw_only=True)
class WordLink:
    """One token beside the asked word, which stands for all its pieces and all places where it stands. Weights are 0..1."""

    token: int  # into the Result's tokens
    looks_at: float  # how much the word looks at the token: the mean over the word's pieces
    looked_by: float  # how much the token looks at the word: the sum over its pieces
    own: bool = False  # whether the token is of the word itself


@dataclass(frozen=True, kw_only=True)
class File:
    """A document that belongs to a Result, for people to open."""

    name: str  # a file name, e.g. attention.html
    media_type: str
    title: Message
    data: bytes  # base64 in the JSON form
