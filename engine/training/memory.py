"""How much of a batch fits into memory at once; the rest of a step's rows are read one part after the other."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import PreTrainedModel

from engine.contract import Message
from engine.training.goal import Goal
from engine.training.plan import ENOUGH_COMPARED

# Of the free memory; the rest is for what is not counted.
USABLE_SHARE = 0.8
BYTES = 4  # of a number in fp32
# Kept of each place of a layer for the way back, in numbers: of each hidden unit, of each pair of places and head
# (Korthikanti et al. 2022, section 4.1, there in bytes of fp16).
KEPT_OF_UNIT, KEPT_OF_PAIR = 17.0, 2.5
# The outputs over a vocabulary, their logarithms and gradients, at about every sixth place.
KEPT_OF_OUTPUT = 0.7
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_USED = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))
_MEMINFO = Path("/proc/meminfo")


def rows_at_once(batch: int, *, row_bytes: int, fixed_bytes: int, free_bytes: int | None) -> int:
    """The largest divisor of `batch` whose rows fit beside what is needed anyway; 1 where none does."""
    if free_bytes is None:
        return batch
    room = free_bytes * USABLE_SHARE - fixed_bytes
    return next((rows for rows in range(batch, 0, -1) if batch % rows == 0 and rows * row_bytes <= room), 1)


def least_at_once(goal: Goal, batch: int) -> int:
    """How many rows must be read at once for a step to teach what it should."""
    return min(batch, ENOUGH_COMPARED) if goal.compares else 1


def fewer_at_once(goal: Goal, *, rows: int, batch: int) -> Message:
    """That `rows` are read at once where `batch` make a step, and what that means for what is learnt."""
    if goal.compares:
        return Message(
            ja=f"空きメモリに合わせて {rows} 組ずつ読みます。比べるのは一緒に読んだ組だけなので、{batch} 組をまとめて読むときより学べることは減ります。",
            en=f"To fit into free memory, {rows} pairs are read at once instead of {batch}; only those are compared, so a step teaches less than it would.",
        )
    times = batch // rows
    return Message(
        ja=f"空きメモリに合わせて {rows} 行ずつ読み、{times} 回分をまとめて学習します（結果の意味は変わりません）。",
        en=f"To fit into free memory, {rows} rows are read at once and {times} times as many make a step, as asked.",
    )


def row_bytes(model: PreTrainedModel, *, pieces: int, vocabulary: bool) -> int:
    """What learning from a row of so many pieces takes. `vocabulary`: the outputs are over all pieces of the vocabulary."""
    config = model.config
    layers, width, heads = (int(getattr(config, name, 0) or 0) for name in ("num_hidden_layers", "hidden_size", "num_attention_heads"))
    of_layer = pieces * (KEPT_OF_UNIT * width + KEPT_OF_PAIR * heads * pieces)
    outputs = KEPT_OF_OUTPUT * pieces * int(config.vocab_size) if vocabulary else 0
    return int(BYTES * (layers * of_layer * 2 + outputs))


def fixed_bytes(model: torch.nn.Module, *, on_device: bool) -> int:
    """Gradients and AdamW's two moments of what is trained; the weights too where they must still come to the device."""
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    weights = 0 if on_device else sum(parameter.numel() for parameter in model.parameters())
    return BYTES * (3 * trained + weights)


def free_bytes(device: torch.device) -> int | None:
    """What the device can still give; None where it is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    found = [size for size in (_available(), _left_in_group()) if size is not None]
    return min(found, default=None)


def _available() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _left_in_group() -> int | None:
    """What a container may still take."""
    for limit, used in zip(_LIMITS, _USED, strict=True):
        try:
            return max(0, int(limit.read_text(encoding="ascii")) - int(used.read_text(encoding="ascii")))
        except (OSError, ValueError):  # another kind of machine, or no limit ("max")
            continue
    return None
