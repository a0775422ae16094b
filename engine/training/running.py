"""One run of the Hugging Face Trainer: early stopping, the best state kept, checkpoints to go on from."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch import nn
from torch.utils.data import Sampler
from transformers import EarlyStoppingCallback, PreTrainedModel, PrinterCallback, Trainer, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import get_last_checkpoint

from engine.errors import ModelError
from engine.models.attention import attention_by
from engine.models.loading import quiet_transformers
from engine.models.precision import computes_bf16
from engine.training.goal import Batch, Goal, Place
from engine.training.measuring import NAMES
from engine.training.memory import fewer_at_once, least_at_once
from engine.training.order import LikeLengths, Places
from engine.training.plan import Plan
from engine.training.start import Start
from engine.training.voice import Voice
from engine.training.watching import Showing, Stopping, StopWish

Measure = Callable[[], Mapping[str, float]]
MOST_LOSSES = 200  # in the picture of the course


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is run: `at_once` rows are read together, a divisor of the plan's batch; `main` is the measure that decides."""

    title: str
    plan: Plan
    checkpoints: Path
    device: torch.device
    at_once: int
    main: str
    voice: Voice
    more_is_better: bool = True


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a run went. The model is left in its best state, or in its last one where the plan has no patience; `at_once` may be less than was asked for."""

    losses: tuple[tuple[int, float], ...]  # (step, training loss)
    scores: tuple[tuple[int, float], ...]  # (step, main measure on the dev set)
    steps: int
    best_step: int | None  # None: the last state was kept
    at_once: int
    stopped: bool = False  # by a person, before its end


class GoalTrainer(Trainer):
    """The Trainer with a Goal's batches and loss, measured by a function instead of by a data set."""

    def __init__(self, *, goal: Goal, measure: Measure, batch: int, **options: Any) -> None:
        rows = Places(len(goal.lengths))
        super().__init__(train_dataset=rows, eval_dataset=rows, data_collator=goal.batch, **options)
        self._goal, self._measure, self._batch = goal, measure, batch
        self.model_accepts_loss_kwargs = False  # the loss of each part of a batch is a mean

    def compute_loss(self, model: nn.Module, inputs: Batch, *_: Any, **__: Any) -> torch.Tensor:
        """The goal's."""
        return self._goal.loss(model, inputs)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure the model as it is now."""
        metrics = {f"eval_{name}": float(value) for name, value in self._measure().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def go_on(self, checkpoints: Path, *, patience: int | None) -> None:
        """Train from the last checkpoint, or from the beginning; a run that came to its end is taken as it ended."""
        last = get_last_checkpoint(str(checkpoints))
        ended = _ended(Path(last), patience=patience) if last else None
        if ended is None:
            self.train(resume_from_checkpoint=last)
        else:
            self.state, kept = ended
            self._load_from_checkpoint(str(kept))

    def _get_train_sampler(self, _dataset: Any = None) -> Sampler[Place]:
        # By the rows of a step, whatever is read at once: else a run would not go on in the order that it began with.
        return LikeLengths(self._goal.lengths, batch=self._batch, seed=self.args.seed)


def _ended(last: Path, *, patience: int | None) -> tuple[TrainerState, Path] | None:
    """How a run ended, and the checkpoint that is to be kept; None where it was stopped before its end.

    The Trainer itself would train on after an early stop: that it was one stands in its last checkpoint, and is not asked for.
    """
    state = TrainerState.load_from_json(str(last / TRAINER_STATE_NAME))
    stopping = state.stateful_callbacks.get(EarlyStoppingCallback.__name__, {}).get("attributes", {})
    stopped_early = patience is not None and stopping.get("early_stopping_patience_counter", 0) >= patience
    kept = last.with_name(f"checkpoint-{state.best_global_step}") if patience else last
    if not kept.is_dir() or not (stopped_early or state.global_step >= state.max_steps):
        return None
    return state, kept


def train(model: nn.Module, goal: Goal, *, run: Run, measure: Measure, wish: StopWish) -> Course:
    """Train, from the last checkpoint where there is one; with half the rows at once where a GPU's memory does not suffice.

    Raises:
        ModelError: `out_of_memory`, not even one row fits, or too few to compare.
    """
    at_once, least = run.at_once, least_at_once(goal, run.plan.batch)
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    start = None if get_last_checkpoint(str(run.checkpoints)) else Start.keep(model, run.checkpoints)
    while True:
        try:
            return _train(model, goal, run=run, at_once=at_once, measure=measure, wish=wish)
        except torch.OutOfMemoryError as error:
            fewer = next((rows for rows in range(at_once // 2, least - 1, -1) if run.plan.batch % rows == 0), None)
            if fewer is None:
                raise _out_of_memory() from error
            at_once = fewer
            run.voice.note(fewer_at_once(goal, rows=at_once, batch=run.plan.batch))
        if start and not get_last_checkpoint(str(run.checkpoints)):
            start.put_back(model)
        gc.collect()
        if run.device.type == "cuda":
            torch.cuda.empty_cache()


def _train(model: nn.Module, goal: Goal, *, run: Run, at_once: int, measure: Measure, wish: StopWish) -> Course:
    trainer = GoalTrainer(
        model=model,
        goal=goal,
        measure=measure,
        batch=run.plan.batch,
        args=_arguments(run, rows=len(goal.lengths), at_once=at_once),
        callbacks=[
            *([EarlyStoppingCallback(run.plan.patience)] if run.plan.patience else []),
            Stopping(wish),
            Showing(run.title, measure=run.main, name=NAMES[run.main], voice=run.voice),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    wish.in_run = True
    try:
        with quiet_transformers(), attention_to_learn(model, run.device):
            trainer.go_on(run.checkpoints, patience=run.plan.patience)
    finally:
        wish.in_run = False
    history, state = trainer.state.log_history, trainer.state
    return Course(
        losses=tuple((int(entry["step"]), float(entry["loss"])) for entry in history if "loss" in entry),
        scores=tuple((int(entry["step"]), float(entry[f"eval_{run.main}"])) for entry in history if f"eval_{run.main}" in entry),
        steps=state.global_step,
        best_step=state.best_global_step if run.plan.patience else None,
        at_once=at_once,
        stopped=wish.asked,
    )


@contextmanager
def attention_to_learn(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Inside, `model` computes attention as is quickest where it learns.

    On a CPU that computes bf16, PyTorch's own attention is slow in its gradient: a step of short texts takes 1.6 times as long with it
    (`python -m benchmarks learning`).
    """
    if device.type != "cpu" or not computes_bf16(device) or not isinstance(model, PreTrainedModel | PeftModel):
        yield
        return
    with attention_by(model, "eager"):
        yield


def _arguments(run: Run, *, rows: int, at_once: int) -> TrainingArguments:
    plan, on_cpu = run.plan, run.device.type == "cpu"
    between = plan.steps_between(rows)
    steps = plan.steps_per_epoch(rows) * plan.epochs
    if run.device.type == "cuda":
        torch.cuda.set_device(run.device)
    arguments = TrainingArguments(
        output_dir=str(run.checkpoints),
        num_train_epochs=plan.epochs,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        warmup_steps=round(steps * plan.warm_up),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=plan.batch // at_once,
        seed=plan.seed,
        data_seed=plan.seed,
        bf16=computes_bf16(run.device),
        use_cpu=on_cpu,
        eval_strategy="steps",
        eval_steps=between,
        save_strategy="steps",
        save_steps=between,
        save_total_limit=2,  # the best and the last: with 1, the Trainer in the end removes the one that a stopped run goes on from
        load_best_model_at_end=bool(plan.patience),
        metric_for_best_model=run.main,
        greater_is_better=run.more_is_better,
        restore_callback_states_from_checkpoint=True,
        logging_steps=max(1, min(between, steps // MOST_LOSSES)),
        report_to=[],
        label_names=[],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
    )
    arguments._n_gpu = min(1, arguments.n_gpu)  # one device, also where there are several
    return arguments


def _out_of_memory() -> ModelError:
    return ModelError(
        "out_of_memory",
        ja="GPU のメモリが足りません。--max-pieces を小さくするか、--device cpu を指定してください。",
        en="The GPU's memory does not suffice. Give a smaller --max-pieces, or --device cpu.",
    )
