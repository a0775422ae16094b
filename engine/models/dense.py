"""The layer that some sentence models lay over the pooled vector, as sentence-transformers' module Dense keeps it (LaBSE has one)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.contract import reason_of
from engine.errors import ModelError

IDENTITY, TANH = "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Tanh"
_WEIGHT, _BIAS = "linear.weight", "linear.bias"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Dense:
    """*Shapes:* weight (width out, width in), bias (width out,), both in fp32."""

    weight: Tensor
    bias: Tensor | None = None
    activation: str = IDENTITY

    @property
    def width(self) -> int:
        """That of the vectors that it gives."""
        return len(self.weight)

    def __call__(self, vectors: Tensor) -> Tensor:
        """*Shape:* (…, width in) → (…, width out)."""
        found = torch.nn.functional.linear(vectors, self.weight.to(vectors), None if self.bias is None else self.bias.to(vectors))
        return found.tanh() if self.activation == TANH else found


def read_dense(folder: Path) -> Dense:
    """The layer in the folder of its module.

    Raises:
        ModelError: `model_unreadable`, or `unsupported_module`: it computes something else than a linear map and tanh.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        activation = _activation(folder, config)
        weights = _read_weights(folder)
        weight = weights[_WEIGHT].float()
        if weight.shape != (config["out_features"], config["in_features"]):
            raise ValueError(f"{_WEIGHT} is of {tuple(weight.shape)}")
        bias = weights[_BIAS].float() if config.get("bias", True) else None
    except _UNREADABLE as error:
        why = reason_of(error, with_file=True)
        raise ModelError(
            "model_unreadable",
            ja=f"{folder} の部品 Dense を読めません（{why.ja}）。モデルをもう一度取得してください。",
            en=f"The module Dense in {folder} cannot be read ({why.en}). Fetch the model again.",
        ) from error
    return Dense(weight=weight, bias=bias, activation=activation)


def check_width(dense: Dense, *, hidden_size: int, name: str) -> None:
    """Refuse a layer that cannot be laid over vectors of `hidden_size` numbers.

    Raises:
        ModelError: `model_unreadable`.
    """
    width = dense.weight.shape[1]
    if width != hidden_size:
        raise ModelError(
            "model_unreadable",
            ja=f"モデル「{name}」の部品 Dense は幅 {width} のベクトル用ですが、モデルのベクトルの幅は {hidden_size} です。モデルをもう一度取得してください。",
            en=f"The module Dense of {name} is for vectors of width {width}, but the model's are {hidden_size} wide. Fetch the model again.",
            model=name,
        )


def write_dense(dense: Dense, folder: Path) -> None:
    """Write it as that library reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    out_features, in_features = dense.weight.shape
    config = {
        "in_features": in_features,
        "out_features": out_features,
        "bias": dense.bias is not None,
        "activation_function": dense.activation,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tensors = {_WEIGHT: dense.weight} | ({} if dense.bias is None else {_BIAS: dense.bias})
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def _read_weights(folder: Path) -> Mapping[str, Tensor]:
    path = folder / "model.safetensors"
    if path.exists():
        return load_file(path)
    old: Mapping[str, Tensor] = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return old


def _activation(folder: Path, config: Mapping[str, Any]) -> str:
    activation = str(config.get("activation_function", TANH))
    between = (config.get("module_input_name"), config.get("module_output_name"))
    if activation in (IDENTITY, TANH) and not config.get("use_residual") and set(between) <= {None, "sentence_embedding"}:
        return activation
    shown = "use_residual" if config.get("use_residual") else activation.rpartition(".")[2]
    raise ModelError(
        "unsupported_module",
        ja=f"{folder} の部品 Dense は {shown} を使うため、対応していません。使えるもの：Identity, Tanh（sentence_embedding に対して）",
        en=f"The module Dense in {folder} uses {shown}, which cannot be used. Allowed: Identity, Tanh, on sentence_embedding.",
    )
