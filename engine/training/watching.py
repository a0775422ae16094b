"""What happens beside the steps of a run: its progress is shown, and it ends at the next step when somebody wants that."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from engine.contract import Message
from engine.training.voice import Voice


@dataclass
class StopWish:
    """Whether somebody asked for the end (Ctrl-C, SIGTERM). During a step it waits for the step's end; elsewhere it interrupts."""

    asked: bool = False
    in_run: bool = False

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """A signal's handler; asked twice, it waits for nothing."""
        again, self.asked = self.asked, True
        if again or not self.in_run:
            raise KeyboardInterrupt


@contextmanager
def heeding_signals(wish: StopWish) -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM are wishes."""
    before = {number: signal.signal(number, wish.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stopping(TrainerCallback):
    """Ends the run after the step in which that was asked for, with a checkpoint to go on from."""

    def __init__(self, wish: StopWish) -> None:
        self._wish = wish

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._wish.asked:
            control.should_save = control.should_training_stop = True


class Showing(TrainerCallback):
    """A moving bar on a terminal; elsewhere a line for each measuring. Both on stderr."""

    def __init__(self, title: str, *, measure: str, name: Message, voice: Voice) -> None:
        self._title, self._measure, self._name, self._voice = title, measure, name, voice
        console = Console(stderr=True)
        self._plain = not console.is_terminal
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=self._plain)
        self._bar = self._progress.add_task(title, total=None)
        self._loss: float | None = None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._progress.start()
        self._progress.update(self._bar, total=state.max_steps, completed=state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._progress.update(self._bar, completed=state.global_step)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._loss = kwargs["logs"].get("loss", self._loss)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        epochs = f"{state.epoch or 0:.3g}/{args.num_train_epochs:g}"
        ja, en = [f"{self._title} · エポック {epochs}"], [f"{self._title} · epoch {epochs}"]
        ja.append(f"ステップ {state.global_step}/{state.max_steps}")
        en.append(f"step {state.global_step}/{state.max_steps}")
        if self._loss is not None:
            ja.append(f"損失 {self._loss:.4f}")
            en.append(f"loss {self._loss:.4f}")
        value = kwargs["metrics"][f"eval_{self._measure}"]
        ja.append(f"{self._name.ja} {value:.4f}")
        en.append(f"{self._name.en} {value:.4f}")
        line = self._voice.name(Message(ja=" · ".join(ja), en=" · ".join(en)))
        if self._plain:
            print(line, file=sys.stderr, flush=True)
        else:
            self._progress.console.print(line, markup=False)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._progress.stop()
