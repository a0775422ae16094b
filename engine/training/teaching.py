"""What `train` and `adapt` have in common: from a base and a goal to a course, and to the files of the result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel

from engine.catalog.described import Description, write_description
from engine.errors import BadInputError, ModelError
from engine.figures.curve import learning_curve
from engine.models.device import choose_device
from engine.training.base import Base
from engine.training.card import Card
from engine.training.goal import Goal
from engine.training.lora import merged, trainable
from engine.training.measuring import NAMES
from engine.training.memory import fewer_at_once, fixed_bytes, free_bytes, least_at_once, row_bytes, rows_at_once
from engine.training.out import Out, room_needed, write_model
from engine.training.plan import LEAST_COMPARED, Plan
from engine.training.running import Course, Measure, Run, train
from engine.training.voice import Voice
from engine.training.watching import StopWish


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What came out of one training, beside its folder. Scores by measure; `before` None: the model had never answered the task."""

    course: Course
    before: Mapping[str, float] | None
    after: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Teaching:
    """One training before it begins. `main` is the measure that decides which state is the best."""

    title: str
    base: Base
    goal: Goal
    plan: Plan
    out: Out
    device: str
    resume: bool
    main: str
    measure: Measure
    voice: Voice
    head: bool = True
    more_is_better: bool = True

    def run(self, wish: StopWish) -> tuple[PreTrainedModel, Course]:
        """Train; the model comes back whole, in the state that is to be kept.

        Raises:
            EngineError: there is nothing to learn, the folder cannot be used, or memory does not suffice.
        """
        if not self.goal.lengths:
            raise _nothing_to_learn()
        device = choose_device(self.device)
        torch.manual_seed(self.plan.seed)  # of the LoRA matrices
        model = trainable(self.base.loaded.model, rank=self.plan.rank, head=self.head)
        trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        at_once = self._rows_at_once(device)
        with self.out.writing():
            self.out.open(resume=self.resume, needed_bytes=room_needed(self.base.loaded.model, trained=trained))
        run = Run(
            title=self.title,
            plan=self.plan,
            checkpoints=self.out.checkpoints,
            device=device,
            at_once=at_once,
            main=self.main,
            voice=self.voice,
            more_is_better=self.more_is_better,
        )
        with self.out.writing():
            course = train(model, self.goal, run=run, measure=self.measure, wish=wish)
        return merged(model).float().cpu(), course

    def _rows_at_once(self, device: torch.device) -> int:
        model, batch = self.base.loaded.model, self.plan.batch
        of_text = row_bytes(model, pieces=max(self.goal.lengths), vocabulary=not self.head)
        rows = rows_at_once(
            batch,
            row_bytes=of_text * (2 if self.goal.compares else 1),
            fixed_bytes=fixed_bytes(model, on_device=device.type == "cpu"),
            free_bytes=free_bytes(device),
        )
        if rows < least_at_once(self.goal, batch):
            raise _too_few_compared(rows)
        if rows < batch:
            self.voice.note(fewer_at_once(self.goal, rows=rows, batch=batch))
        return rows


def _too_few_compared(rows: int) -> ModelError:
    return ModelError(
        "too_few_compared",
        ja=f"空きメモリに合わせると一度に {rows} 組しか読めず、組どうしを比べて学ぶには少なすぎます。メモリを空けるか、--max-pieces か --batch-size（{LEAST_COMPARED} 以上）を小さくしてください。",
        en=f"To fit into free memory, only {rows} {'pair' if rows == 1 else 'pairs'} could be read at once, too few to learn from by comparing. "
        f"Free some memory, or give a smaller --max-pieces or --batch-size ({LEAST_COMPARED} at least).",
    )


def _nothing_to_learn() -> BadInputError:
    return BadInputError(
        "nothing_to_learn",
        ja="モデルに読める行が 1 つもありません。文字のある文章と質問を用意してください。",
        en="The model can read none of the rows. Give texts and questions that hold words.",
    )


def write_result(
    folder: Path, model: PreTrainedModel, base: Base, description: Description, *, course: Course, title: str, main: str, japanese: bool
) -> None:
    """Everything but the scores: the model, what it says of itself, and its course."""
    write_model(folder, model, base.loaded, base=base.folder)
    write_description(folder, description)
    (folder / "losses.json").write_text(json.dumps(course.losses) + "\n", encoding="utf-8")
    if course.losses:
        steps, losses = zip(*course.losses, strict=True)
        of_score = main != "perplexity"
        picture = learning_curve(
            steps,
            losses,
            scores=[(step, max(0.0, score)) for step, score in course.scores] if of_score else (),
            validation=() if of_score else [(step, math.log(score)) for step, score in course.scores],
            score_name=NAMES[main],
            model=title,
            japanese=japanese,
        )
        (folder / "course.png").write_bytes(picture.data)


def write_scores(folder: Path, card: Card, scores: Mapping[str, object]) -> None:
    """The card, and the scores for programs."""
    (folder / "README.md").write_text(card.text(), encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
