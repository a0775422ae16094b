"""One training run by the Hugging Face Trainer: how long, how fast, and where its checkpoints lie."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import IterableDataset
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from engine.figures.curve import learning_curve
from engine.models.precision import computes_bf16
from engine.pack.batches import Batch, only_batch

LOSSES = "losses.json"


@dataclass(frozen=True, kw_only=True)
class Run:
    """`tokens` counts padding; a step takes so many. The run ends after `steps`, or sooner after `seconds`.

    `workers` is how many processes make batches ready; with any, batches come in another order than with none.
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


class Clock(TrainerCallback):
    """How much of a run is over, 0..1: by its steps or by its time, whichever is further."""

    def __init__(self, run: Run) -> None:
        self._run, self._began = run, time.monotonic()

    def over(self, step: int) -> float:
        """The share of the run at `step`."""
        by_time = (time.monotonic() - self._began) / self._run.seconds if self._run.seconds else 0.0
        return min(1.0, max(step / self._run.steps, by_time))

    def factor(self, step: int) -> float:
        """Of the learning rate: up within the first twentieth, then evenly down to nothing."""
        warm_up = max(10, self._run.steps // 20)
        return min(1.0, (step + 1) / warm_up) * min(1.0, (1.0 - self.over(step)) / 0.95)

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Reading the data in does not count."""
        self._began = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """End the run when it is over."""
        if self.over(state.global_step) >= 1.0:
            control.should_training_stop = True


def run_trainer(model: nn.Module, stream: IterableDataset[Batch], *, run: Run, **options: Any) -> None:
    """Train in bf16 where the machine computes it fast; goes on from the last checkpoint in the run's folder."""
    arguments = TrainingArguments(
        output_dir=str(run.folder),
        max_steps=run.steps,
        learning_rate=run.learning_rate,
        per_device_train_batch_size=1,
        bf16=computes_bf16(),
        use_cpu=not torch.cuda.is_available(),
        save_steps=run.save_steps,
        save_total_limit=1,
        logging_steps=25,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        dataloader_num_workers=run.workers,
        disable_tqdm=True,
        # Batches come ready: accelerate would cut all parts of one to as many rows as its first part has.
        accelerator_config={"dispatch_batches": False, "even_batches": False},
        **options,
    )
    run.folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(run)
    optimizer = torch.optim.AdamW(_groups(model, run.weight_decay), lr=run.learning_rate, betas=(0.9, 0.98), eps=1e-6, fused=True)
    schedule = LambdaLR(optimizer, clock.factor)
    trainer = Trainer(
        model=model, args=arguments, train_dataset=stream, data_collator=only_batch, optimizers=(optimizer, schedule), callbacks=[clock]
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(run.folder)))
    losses = [(entry["step"], float(entry["loss"])) for entry in trainer.state.log_history if "loss" in entry]
    (run.folder / LOSSES).write_text(json.dumps(losses), encoding="utf-8")


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
    drawn: Callable[[nn.Parameter], bool] = lambda parameter: parameter.ndim > 1  # noqa: E731
    return [
        {"params": [p for p in wanted if drawn(p)], "weight_decay": weight_decay},
        {"params": [p for p in wanted if not drawn(p)], "weight_decay": 0.0},
    ]
