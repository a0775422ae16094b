"""The trained weights as they were before the first step: what a run begins with again where memory gave out within it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

FILE = "start.safetensors"
# What is larger (all weights of a model, mostly) waits on the disk.
LARGEST_IN_MEMORY = 2**26  # bytes


@dataclass(frozen=True)
class Start:
    """`kept`: the weights by their names, or the file that holds them."""

    kept: Mapping[str, Tensor] | Path

    @classmethod
    def keep(cls, model: nn.Module, folder: Path) -> Start:
        """Copy what is trained of `model`; `folder` is that of the run."""
        weights = {name: weight.detach().cpu() for name, weight in model.named_parameters() if weight.requires_grad}
        if sum(weight.nbytes for weight in weights.values()) <= LARGEST_IN_MEMORY:
            return cls({name: weight.clone() for name, weight in weights.items()})
        save_file({name: weight.contiguous() for name, weight in weights.items()}, folder / FILE)
        return cls(folder / FILE)

    def put_back(self, model: nn.Module) -> None:
        """Give the model these weights again, wherever it lies by now."""
        weights = load_file(self.kept) if isinstance(self.kept, Path) else self.kept
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if name in weights:
                    weight.copy_(weights[name])
