"""The two teachers: all-MiniLM-L6-v2 for English, the multilingual Universal Sentence Encoder v3 for both languages.

Both come from packages of the Python registry; they are needed only while the pack is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, BertModel

Vectors = NDArray[np.float32]


def encode_with_minilm(folder: Path, texts: Sequence[str], *, batch_size: int = 128, max_length: int = 96) -> Vectors:
    """Mean-pooled, normalised sentence vectors of all-MiniLM-L6-v2. *Shape:* (texts, 384)."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    order = np.argsort([len(text) for text in texts], kind="stable")
    vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(texts), batch_size):
        rows = order[start : start + batch_size]
        batch = tokenizer([texts[i] for i in rows], padding=True, truncation=True, max_length=max_length, return_tensors="pt")
        with torch.inference_mode(), torch.autocast(model.device.type, dtype=torch.bfloat16):
            hidden = model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
    return vectors


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
