"""Weights in 8 bits, as the bundled pack keeps them: a quarter of fp32, read back into floating point before anything is computed.

Each row of a matrix is whole numbers from -127 to 127 and one scale (symmetric, per output channel; Wu et al. 2020, "Integer
Quantization for Deep Learning Inference", §3). Vectors stay in fp16.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, PreTrainedModel

FILE = "model.int8.safetensors"
_SCALE = ".scale"
# Where a row has an outlier, cutting it off a little makes all its other values finer.
_CUTS = (1.0, 0.95, 0.9, 0.85, 0.8)

Model = TypeVar("Model", bound=PreTrainedModel)


def quantised(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices (rows, columns) as int8 with scales (rows,) beside them, fp32; all else as fp16."""
    out: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if tensor.ndim == 2:
            out[name], out[name + _SCALE] = _rows(tensor.float())
        else:
            out[name] = tensor.half().contiguous()
    return out


def _rows(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The cut with the least squared error, for each row by itself. *Shapes:* (rows, columns) int8, (rows,)."""
    best, best_error = torch.ones(len(matrix)), torch.full((len(matrix),), torch.inf)
    for cut in _CUTS:
        scale = (matrix.abs().amax(dim=1) * cut / 127).clamp(min=1e-12)
        error = (_whole(matrix, scale) * scale[:, None] - matrix).square().sum(dim=1)
        better = error < best_error
        best, best_error = torch.where(better, scale, best), torch.where(better, error, best_error)
    return _whole(matrix, best).to(torch.int8), best


def _whole(matrix: Tensor, scale: Tensor) -> Tensor:
    return (matrix / scale[:, None]).round().clamp(-127, 127)


def write_int8(model: PreTrainedModel, folder: Path) -> None:
    """Write the model's weights into `folder`; of weights that are tied, one."""
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    save_file(quantised({name: tensor for name, tensor in model.state_dict().items() if name not in tied}), folder / FILE)


def read_int8(folder: Path) -> dict[str, Tensor] | None:
    """The weights in `folder`, in fp32; None where they are not kept in 8 bits."""
    if not (folder / FILE).exists():
        return None
    stored = load_file(folder / FILE)
    return {
        name: tensor.float() * stored[name + _SCALE][:, None] if name + _SCALE in stored else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(_SCALE)
    }


def read_word_rows(folder: Path) -> tuple[Tensor, Tensor] | None:
    """The word embeddings in `folder` as they are kept, (pieces, width) in 8 bits and a scale for each, (pieces,); None where they are not."""
    if not (folder / FILE).exists():
        return None
    with safe_open(folder / FILE, framework="pt") as file:
        names = set(file.keys())
        found = [name for name in names if name.endswith("word_embeddings.weight") and name + _SCALE in names]
        return (file.get_tensor(found[0]), file.get_tensor(found[0] + _SCALE)) if len(found) == 1 else None


def from_folder(kind: type[Model], folder: Path, **options: Any) -> Model:
    """`kind.from_pretrained`, for folders with 8-bit weights too."""
    weights = read_int8(folder)
    if weights is None:
        model: Model = kind.from_pretrained(folder, **options)
        return model
    config = options.pop("config", None) or AutoConfig.from_pretrained(folder)
    read: Model = kind.from_pretrained(None, config=config, state_dict=weights, **options)
    read.name_or_path = str(folder)  # else peft looks for the model elsewhere
    return read
