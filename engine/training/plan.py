"""How a model is trained: the choices that a person can make, and what is chosen where they make none."""

from __future__ import annotations

import math
from dataclasses import dataclass

LORA_LEARNING_RATE, FULL_LEARNING_RATE = 5e-4, 5e-5
# Where the dev set is measured and a checkpoint is kept: at the end of each epoch, in long ones also in between.
MOST_STEPS_BETWEEN = 500


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`batch` counts rows that one step learns from; the run ends after `patience` measurings that were not the best so far."""

    epochs: int = 10
    learning_rate: float = LORA_LEARNING_RATE
    batch: int = 16
    seed: int = 0
    patience: int = 3
    rank: int | None = 16  # of the LoRA matrices; None: all weights are trained
    weight_decay: float = 0.01
    warm_up: float = 0.1  # the share of the run in which the learning rate rises

    def steps_per_epoch(self, rows: int) -> int:
        """Steps of an epoch of so many rows."""
        return max(1, math.ceil(rows / self.batch))

    def steps_between(self, rows: int) -> int:
        """Steps from one measuring of the dev set to the next."""
        each = self.steps_per_epoch(rows)
        return math.ceil(each / math.ceil(each / MOST_STEPS_BETWEEN))
