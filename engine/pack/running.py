"""One training run of the pack: how long, how fast, where its checkpoint lies, and its steps.

A loop of our own, not the Trainer that teams train with: the pack's encoder is so small that starting its kernels took most of a GPU's time
(docs/en/pack.md), and this one can replay steps that it has recorded.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from engine.figures.curve import learning_curve
from engine.models.precision import computes_bf16
from engine.pack.batches import Batch
from engine.pack.quick import quick_steps
from engine.pack.recorded import Computing, to_device

log = logging.getLogger("yomite.pack")

LOSSES, CHECKPOINT = "losses.json", "checkpoint.pt"
LOOK_STEPS = 25  # how often the loss is looked at: a GPU must be waited for
MOST_GRADIENT = 1.0  # norm


@dataclass(frozen=True, kw_only=True)
class Run:
    """`tokens` counts padding; a step takes so many. The run ends after `steps`, or sooner after `seconds`.

    `workers` is how many processes make batches ready; with any, batches come in another order than with none. `seed` is added to what
    each task begins its order of rows with.
    """

    folder: Path
    steps: int
    learning_rate: float
    tokens: int = 4_096
    dropout: float = 0.0
    seconds: float | None = None
    save_steps: int = 250
    workers: int = 0
    weight_decay: float = 0.01
    seed: int = 0


class Clock:
    """How much of a run is over, 0..1: by its steps or by its time, whichever is further."""

    def __init__(self, run: Run) -> None:
        self._run, self._began = run, time.monotonic()

    @property
    def passed_s(self) -> float:
        """Seconds since the run began, or went on."""
        return time.monotonic() - self._began

    def over(self, step: int) -> float:
        """The share of the run at `step`."""
        by_time = self.passed_s / self._run.seconds if self._run.seconds else 0.0
        return min(1.0, max(step / self._run.steps, by_time))

    def learning_rate(self, step: int) -> float:
        """Up within the first twentieth, then evenly down to nothing."""
        warm_up = max(10, min(self._run.steps // 20, 400))
        return self._run.learning_rate * min(1.0, (step + 1) / warm_up) * min(1.0, (1.0 - self.over(step)) / 0.95)


@dataclass
class Course:
    """How far a run has come: steps done, and the mean loss of each few of them, by the step they end with."""

    step: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)


def train(model: nn.Module, stream: IterableDataset[Batch], *, run: Run) -> None:
    """Train what of `model` asks for gradients, in bf16 where the machine computes it fast, on a GPU where there is one.

    `model` gives a mapping or object with `loss`. Goes on from the checkpoint in the run's folder, with batches that were not seen yet.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizer = torch.optim.AdamW(_groups(model, run.weight_decay), lr=run.learning_rate, betas=(0.9, 0.98), eps=1e-6, fused=True)
    run.folder.mkdir(parents=True, exist_ok=True)
    course = _go_on(run.folder / CHECKPOINT, model, optimizer)
    bf16 = computes_bf16()
    quick = quick_steps(model) if bf16 and device.type == "cpu" else nullcontext()
    with quick, Computing(model, device=device, bf16=bf16) as computing:
        _steps(computing, optimizer, _batches(stream, run, device=device, seen=course.step), course=course, run=run)
    (run.folder / LOSSES).write_text(json.dumps(course.losses), encoding="utf-8")


def _steps(computing: Computing, optimizer: torch.optim.Optimizer, batches: Iterator[Batch], *, course: Course, run: Run) -> None:
    clock, first = Clock(run), course.step
    wanted = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    while clock.over(course.step) < 1.0:
        rate = clock.learning_rate(course.step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        computing.gradients(next(batches))
        nn.utils.clip_grad_norm_(wanted, MOST_GRADIENT)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)  # a recorded step writes to where they lie
        course.step += 1
        if course.step % LOOK_STEPS == 0 or course.step == run.steps:
            course.losses.append((course.step, computing.mean_loss()))
        if course.step % (8 * LOOK_STEPS) == 0:
            speed = (course.step - first) / clock.passed_s
            log.info("step %d: loss %.4f, %.2f steps/s, rate %.2g", course.step, course.losses[-1][1], speed, rate)
        if course.step % run.save_steps == 0:
            _save(run.folder / CHECKPOINT, computing.model, optimizer, course)


def _batches(stream: IterableDataset[Batch], run: Run, *, device: torch.device, seen: int) -> Iterator[Batch]:
    loader: DataLoader[Batch] = DataLoader(
        stream,
        batch_size=None,  # batches come ready
        num_workers=run.workers,
        prefetch_factor=8 if run.workers else None,
        pin_memory=device.type == "cuda",
        generator=torch.Generator().manual_seed(0),
    )
    for batch in islice(loader, seen, None):
        yield to_device(batch, device)


def _save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, course: Course) -> None:
    trained = {name: parameter.detach() for name, parameter in model.named_parameters() if parameter.requires_grad}
    unfinished = path.with_suffix(".part")
    torch.save({"model": trained, "optimizer": optimizer.state_dict(), "course": asdict(course)}, unfinished)
    unfinished.replace(path)


def _go_on(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Course:
    if not path.exists():
        return Course()
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model"], strict=False)
    optimizer.load_state_dict(saved["optimizer"])
    log.info("goes on from step %d", saved["course"]["step"])
    return Course(**saved["course"])


def draw_course(run: Path, picture: Path, *, name: str) -> None:
    """Draw the losses of a run that has ended; nothing where it was too short to have any."""
    path = run / LOSSES
    losses = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if losses:
        steps, values = zip(*losses, strict=True)
        picture.write_bytes(learning_curve(steps, values, model=name, japanese=False).data)


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices are drawn to zero a little; biases and normalisations are not."""
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices: list[Tensor] = [parameter for parameter in wanted if parameter.ndim > 1]
    others: list[Tensor] = [parameter for parameter in wanted if parameter.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
