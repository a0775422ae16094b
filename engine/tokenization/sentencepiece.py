"""Reads SentencePiece model files into the Rust tokenizer's parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # published without types
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, models, normalizers

from engine.errors import ModelError

_UNIGRAM = 1
MODEL_FILES = ("spiece.model", "sentencepiece.bpe.model", "spm.model", "tokenizer.model")


def sentencepiece_model(path: Path) -> models.Unigram:
    """The unigram model in `path`; a piece's id is its place there.

    Raises:
        ModelError: the file is absent or damaged, or holds another kind of model.
    """
    proto = _read(path)
    if proto.trainer_spec.model_type != _UNIGRAM:
        raise ModelError(
            "tokenizer_unknown",
            ja=f"{path} は unigram の SentencePiece モデルではありません。この種類のトークナイザで読めるのは unigram だけです。",
            en=f"{path} is no unigram SentencePiece model, the only kind that can be read for this tokenizer.",
        )
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    return models.Unigram(pieces, unk_id=proto.trainer_spec.unk_id, byte_fallback=proto.trainer_spec.byte_fallback)


def sentencepiece_normalizer(path: Path) -> list[normalizers.Normalizer]:
    """What the model in `path` does to a text first; empty where it leaves texts as they are.

    Raises:
        ModelError: the file is absent or damaged.
    """
    charsmap = _read(path).normalizer_spec.precompiled_charsmap
    if not charsmap:
        return []
    return [normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")]


def _read(path: Path) -> Any:
    proto = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]  # made at import
    try:
        proto.ParseFromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelError(
            "tokenizer_damaged",
            ja=f"SentencePiece のファイル {path} が読めません。モデルのフォルダに正しいファイルを置いてください。",
            en=f"The SentencePiece file {path} cannot be read. The model's folder must hold a sound one.",
        ) from error
    return proto
