"""The picture of which token looks at which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract import Image, Message, Token
from engine.figures.heatmap import Matrix, heatmap


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a map is of: layer `layer` of `layers`, one head or the mean over `heads` (None); both count from 0."""

    model: str
    layer: int
    layers: int
    head: int | None
    heads: int

    def words(self) -> Message:
        """The map's place in the model, in words."""
        head_ja = f"{self.heads}ヘッドの平均" if self.head is None else f"ヘッド{self.head}（0〜{self.heads - 1}のうち）"
        head_en = f"mean of {self.heads} heads" if self.head is None else f"head {self.head} (of 0–{self.heads - 1})"
        return Message(
            ja=f"層{self.layer}（0〜{self.layers - 1}のうち）・{head_ja}",
            en=f"layer {self.layer} (of 0–{self.layers - 1}), {head_en}",
        )


def attention_heatmap(matrix: Matrix, tokens: Sequence[Token], *, shown: Shown, japanese: bool) -> Image:
    """Draw one map: each row is a token, its colours are where it looks, and sum to 1. *Shape:* matrix (tokens, tokens)."""
    names = [token.text for token in tokens]
    words = shown.words()
    return heatmap(
        matrix,
        rows=names,
        columns=names,
        title=(shown.model, words.ja if japanese else words.en),
        scale="行から列への注意" if japanese else "attention, row to column",
        name="attention.png",
        alt=_alt(matrix, tokens, words),
    )


def _alt(matrix: Matrix, tokens: Sequence[Token], shown: Message) -> Message:
    row, column = _strongest(matrix, tokens)
    first, second, value = tokens[row].text, tokens[column].text, float(matrix[row, column])
    return Message(
        ja=f"{len(tokens)}トークンの注意を色で表した図（{shown.ja}）。「{first}」が「{second}」を最も強く見ている（{value:.2f}）。",
        en=f'A heatmap of the attention between {len(tokens)} tokens ({shown.en}). "{first}" looks most at "{second}" ({value:.2f}).',
    )


def _strongest(matrix: Matrix, tokens: Sequence[Token]) -> tuple[int, int]:
    """The largest weight of one token of the text to another; special tokens and looks at oneself count if nothing else is there."""
    text = np.array([not token.special for token in tokens])
    pairs = np.outer(text, text) & ~np.eye(len(tokens), dtype=bool)
    values = np.where(pairs, matrix, -1.0) if pairs.any() else np.asarray(matrix)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(row), int(column)
