"""Texts as a model's input, one window each."""

from __future__ import annotations

from collections.abc import Sequence

from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput


def first_parts(texts: Sequence[str], loaded: LoadedModel) -> tuple[list[ModelInput], int]:
    """The first window of each text, and how many texts are longer than that."""
    room = loaded.window - loaded.tokenizer.special_count()
    cut = loaded.tokenizer.pieces(texts)
    return [loaded.tokenizer.assemble(pieces.ids[:room]) for pieces in cut], sum(len(pieces) > room for pieces in cut)
