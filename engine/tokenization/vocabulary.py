"""Reads the vocab.txt of BERT's family."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError


def read_vocabulary(path: Path) -> dict[str, int]:
    """Read a vocab.txt: one piece a line, the line number is the id.

    Raises:
        ModelError: there is no such file, or it is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            "tokenizer_damaged",
            ja=f"語彙のファイル {path} が読めません。モデルのフォルダに UTF-8 の vocab.txt を置いてください。",
            en=f"The vocabulary file {path} cannot be read. The model's folder must hold a vocab.txt in UTF-8.",
        ) from error
    if lines[-1] == "":
        lines.pop()
    return {piece: index for index, piece in enumerate(lines)}
