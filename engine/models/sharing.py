"""Lets models that hold equal weights hold them once: the same storage under all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn


def share_storage(model: nn.Module, others: Iterable[nn.Module]) -> None:
    """Replace each parameter of `model` by the equal one of the same name in `others`.

    Names are compared without the prefix of the model's body ("bert."), so that models with different heads share one.
    """
    kept = [_by_name(other) for other in others]
    substitutes: dict[int, nn.Parameter] = {}
    for name, parameter in _by_name(model).items():
        found = _equal_one(name, parameter, kept)
        if found is not None:
            substitutes.setdefault(id(parameter), found)
    for name, parameter in list(model.named_parameters(remove_duplicate=False)):  # tied ones stay tied
        if id(parameter) in substitutes:
            owner, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(owner), leaf, substitutes[id(parameter)])


def size_bytes(models: Iterable[nn.Module]) -> int:
    """The bytes of all parameters and buffers, each storage counted once; nothing on the meta device counts."""
    storages: dict[tuple[torch.device, int], int] = {}
    for model in models:
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.device.type != "meta":
                storage = tensor.untyped_storage()
                storages[tensor.device, storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def _by_name(model: nn.Module) -> dict[str, nn.Parameter]:
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    return {name.removeprefix(prefix): parameter for name, parameter in model.named_parameters(remove_duplicate=False)}


def _equal_one(name: str, parameter: nn.Parameter, kept: Iterable[Mapping[str, nn.Parameter]]) -> nn.Parameter | None:
    for parameters in kept:
        other = parameters.get(name)
        if other is not None and (other is parameter or _equal(parameter, other)):
            return other
    return None


def _equal(first: torch.Tensor, second: torch.Tensor) -> bool:
    alike = first.shape == second.shape and first.dtype == second.dtype and first.device == second.device
    return alike and first.device.type != "meta" and torch.equal(first, second)
