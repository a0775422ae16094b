"""`python -m benchmarks.learning`: how fast LoRA adapters of the bundled encoder learn on a CPU with bf16 units, by the attention they learn with.

PyTorch's own attention against "eager" (what `yomite train` takes) and the pack's quick steps (what `make pack` takes), in turns on the same
batches; their gradients are compared first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import BertForTokenClassification

from benchmarks.command import parser, run_and_print
from benchmarks.errors import BenchmarkError
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.turns import Rounds, in_turns, seconds
from engine.catalog.entry import models_folder
from engine.models.precision import computes_bf16
from engine.pack.adapters import LORA_RANK, encoder_with_head, with_matrices
from engine.pack.ner import LABELS
from engine.pack.quick import quick_steps
from engine.training.running import attention_to_learn

ROUNDS, STEPS = 5, 3
TOKENS, SHORT_TOKENS = 2_048, 64
WIDTHS, SHORT_WIDTHS = (32, 128, 384), (32,)
LEAST_COSINE = 0.99  # of a gradient to that of PyTorch's attention
OWN, EAGER, QUICK = "PyTorch's attention", "eager, as yomite train", "quick steps, as make pack"
CPU = torch.device("cpu")

Batch = dict[str, Tensor]


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Measure all ways at each width.

    Raises:
        BenchmarkError: a way learns something else.
    """
    title = "Learning on a CPU"
    if device not in ("auto", "cpu") or not computes_bf16(CPU):
        row = Row(name=f"{EAGER} ÷ {OWN}", unit=RATIO, values=(), note="no CPU with units for bf16 here")
        return Report(benchmark="learning", title=title, short=short, rows=(row,))
    model = _model(models_dir or models_folder())
    rows: list[Row] = []
    for width in SHORT_WIDTHS if short else WIDTHS:
        batch = _batch(SHORT_TOKENS if short else TOKENS, width, pieces=model.config.vocab_size)
        _check(model, batch)
        works = {name: partial(_tokens_a_second, model, batch, way) for name, way in _ways(model).items()}
        rows += _rows(in_turns(works, rounds=rounds or (1 if short else ROUNDS)), f"{width} pieces")
    notes = (
        f"LoRA of rank {LORA_RANK} on every linear layer, {TOKENS:,} tokens a step, under bf16 autocast, no dropout; threads: {torch.get_num_threads()}.",
        f"Before it is timed, each way's gradients are compared with those of {OWN} (cosine at least {LEAST_COSINE}).",
    )
    return Report(benchmark="learning", title=title, short=short, rows=tuple(rows), notes=notes)


def _model(models: Path) -> Any:
    torch.manual_seed(0)
    model = encoder_with_head(BertForTokenClassification, models / "encoder", labels=LABELS)
    adapted = with_matrices(model, heads=["classifier"]).train()
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # zeros at first, and so would be the gradients of the other matrix
            torch.nn.init.normal_(parameter, std=0.02)
    return adapted


def _batch(tokens: int, width: int, *, pieces: int) -> Batch:
    ids = torch.randint(5, pieces, (max(1, tokens // width), width), generator=torch.Generator().manual_seed(1))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids % len(LABELS)}


def _ways(model: Any) -> dict[str, Callable[[], AbstractContextManager[None]]]:
    return {OWN: nullcontext, EAGER: lambda: attention_to_learn(model, CPU), QUICK: lambda: quick_steps(model)}


def _step(model: Any, batch: Batch) -> None:
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(**batch).loss
    loss.backward()


def _steps(model: Any, batch: Batch) -> None:
    for _ in range(STEPS):
        _step(model, batch)


def _tokens_a_second(model: Any, batch: Batch, way: Callable[[], AbstractContextManager[None]]) -> float:
    with way():
        _step(model, batch)  # what is done once, is done
        taken_s = seconds(partial(_steps, model, batch))
    return STEPS * batch["input_ids"].numel() / taken_s


def _check(model: Any, batch: Batch) -> None:
    found = {}
    for name, way in _ways(model).items():
        with way():
            _step(model, batch)
        found[name] = torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])
    for name in (EAGER, QUICK):
        cosine = torch.nn.functional.cosine_similarity(found[name], found[OWN], dim=0).item()
        if cosine < LEAST_COSINE:
            raise BenchmarkError(
                "learns_otherwise",
                ja=f"「{name}」の勾配が PyTorch の注意と違います（コサイン {cosine:.4f}）。",
                en=f"the gradients of {name!r} are not those of PyTorch's attention (cosine {cosine:.4f})",
            )


def _rows(found: Rounds, group: str) -> list[Row]:
    rows = [Row(name=name, unit="tokens/s", values=over(found, name), group=group) for name in (OWN, EAGER, QUICK)]
    divided = [
        Row(name=f"{name} ÷ {OWN}", unit=RATIO, values=ratio(over(found, name), over(found, OWN)), group=group) for name in (EAGER, QUICK)
    ]
    return [*rows, *divided]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where a way learns something else."""
    return run_and_print(run, parser("learning", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
