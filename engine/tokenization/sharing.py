"""Lets models that cut texts alike hold their tokenizer once: a vocabulary of 50,000 pieces takes some 12 MB."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakValueDictionary

from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import TextTokenizer

# What else lies in a model's folder has no part in how texts are cut.
_WEIGHTS = {".safetensors", ".bin", ".h5", ".msgpack", ".onnx", ".pt"}


class SharedTokenizers:
    """Tokenizers by folder, kind and length, each kept as long as somebody holds it. Files that changed are read anew."""

    def __init__(self) -> None:
        self._kept: WeakValueDictionary[object, TextTokenizer] = WeakValueDictionary()

    def load(self, folder: Path, *, kind: str = "auto", max_length: int) -> TextTokenizer:
        """As `load_tokenizer`, or one that is there already.

        Raises:
            ModelError: as there.
        """
        key = (folder, kind, max_length, _state(folder))
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = load_tokenizer(folder, kind=kind, max_length=max_length)
        return found


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """When the files were written that may say how texts are cut."""
    files = sorted(path for path in folder.glob("*") if path.is_file() and path.suffix not in _WEIGHTS)
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
