"""The teacher of sentence meaning: the multilingual Universal Sentence Encoder v3, needed only while the pack is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Teacher = Callable[[Sequence[str]], Vectors]


def encode_with_muse(onnx_file: Path, texts: Sequence[str], *, batch_size: int = 256) -> Vectors:
    """Sentence vectors of the multilingual Universal Sentence Encoder v3 (Yang et al. 2019), normalised. *Shape:* (texts, 512)."""
    import onnxruntime
    from onnxruntime_extensions import get_library_path

    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    session = onnxruntime.InferenceSession(str(onnx_file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for start in range(0, len(texts), batch_size):
        rows = order[start : start + batch_size]
        vectors[rows] = session.run(None, {name: np.array([texts[i] for i in rows])})[0]
    normalised: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return normalised


def kept(folder: Path, encode: Teacher) -> Teacher:
    """The same teacher, whose answers are kept in `folder`: it is asked for each list of texts once."""

    def look_up(texts: Sequence[str]) -> Vectors:
        path = folder / f"{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}.npy"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            np.save(path, encode(texts).astype(np.float16))
        found: Vectors = np.load(path).astype(np.float32)
        return found

    return look_up
