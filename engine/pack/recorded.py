"""Gradients of batches, on a GPU by recorded steps: all kernels of one shape of batch are recorded once and then started together.

Starting the thousands of small kernels of a step one by one takes a GPU longer than computing them (CUDA graphs; see PyTorch's notes on
"CUDA Graphs"). A shape is computed plainly when it comes for the first time, recorded at the second, and replayed from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from engine.pack.batches import Batch

log = logging.getLogger("yomite.pack")

Shape = tuple[tuple[str, tuple[int, ...]], ...]


class Computing:
    """Adds the gradients of batches to those of a model; entered for as long as it is used."""

    def __init__(self, model: nn.Module, *, device: torch.device, bf16: bool) -> None:
        self.model = model
        self._device, self._bf16 = device, bf16
        self._records = device.type == "cuda"
        self._seen: set[Shape] = set()
        self._recorded: dict[Shape, _Recorded] = {}
        self._pool: Any = None
        self._total, self._count = torch.zeros((), device=device), 0
        self._stream = torch.cuda.Stream() if self._records else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.zeros_like(parameter)
        if self._stream is not None:  # all of it on one stream: recording may not meet work of another
            self._stream.wait_stream(torch.cuda.current_stream())
            self._stack.enter_context(torch.cuda.stream(self._stream))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
        if self._records:
            torch.cuda.synchronize()
        self._recorded.clear()
        for parameter in self.model.parameters():
            parameter.grad = None

    def gradients(self, batch: Batch) -> None:
        """Add the gradients of a batch's loss."""
        shape = shape_of(batch)
        recorded = self._recorded.get(shape)
        if recorded is None and self._records and shape in self._seen:
            recorded = self._record(batch, shape)
        self._seen.add(shape)
        self._total += recorded.replay(batch) if recorded else self._plainly(batch)
        self._count += 1

    def mean_loss(self) -> float:
        """The mean over the batches since it was asked for last."""
        mean = float(self._total) / max(1, self._count)
        self._total.zero_()
        self._count = 0
        return mean

    def _plainly(self, batch: Batch) -> Tensor:
        # Casts of weights are not kept: a recorded step would read the old ones for ever.
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bf16, cache_enabled=False):
            output = self.model(**batch)
            loss: Tensor = output["loss"] if isinstance(output, Mapping) else output.loss
        loss.backward()
        return loss.detach()

    def _record(self, batch: Batch, shape: Shape) -> _Recorded | None:
        """None where it cannot be recorded; then nothing is recorded any more."""
        inputs = _each(batch, Tensor.clone)
        graph = torch.cuda.CUDAGraph()
        try:
            # Of this thread alone: another one pins the memory of batches meanwhile.
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                loss = self._plainly(inputs)
        except RuntimeError as error:
            log.warning("steps cannot be recorded on this GPU (%s); they are computed plainly", error)
            self._records = False
            return None
        self._pool = self._pool or graph.pool()
        self._recorded[shape] = _Recorded(graph, inputs, loss)
        return self._recorded[shape]


class _Recorded:
    """One recorded step: its inputs lie where they lay when it was recorded, so does its loss."""

    def __init__(self, graph: torch.cuda.CUDAGraph, inputs: Batch, loss: Tensor) -> None:
        self._graph, self._inputs, self._loss = graph, inputs, loss

    def replay(self, batch: Batch) -> Tensor:
        _fill(self._inputs, batch)
        self._graph.replay()
        return self._loss


def shape_of(batch: Batch) -> Shape:
    """The names and shapes of all tensors of a batch, which may hold batches."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for name, value in sorted(batch.items()):
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", shape) for inner, shape in shape_of(dict(value))]
        else:
            found.append((name, tuple(value.shape)))
    return tuple(found)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch on a device."""
    return _each(batch, lambda tensor: tensor.to(device, non_blocking=True))


def _each(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    return {name: _each(dict(value), change) if isinstance(value, Mapping) else change(value) for name, value in batch.items()}


def _fill(inputs: Batch, batch: Batch) -> None:
    for name, value in inputs.items():
        if isinstance(value, Mapping):
            _fill(dict(value), batch[name])
        else:
            value.copy_(batch[name], non_blocking=True)
