"""How a model is trained: the choices that a person can make, and what is chosen where they make none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LORA_LEARNING_RATE, FULL_LEARNING_RATE = 5e-4, 5e-5
# Where the dev set is measured and a checkpoint is kept: at the end of each epoch, in long ones also in between.
MOST_STEPS_BETWEEN = 500
FEW_DEV_ROWS = 50  # with fewer, some rows more or less may be chance
PATIENCE = 3  # where there are more
# Of pairs that are compared with each other (similar): one alone teaches nothing, and a few hardly anything.
LEAST_COMPARED, ENOUGH_COMPARED = 2, 8


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`batch` counts rows that one step learns from.

    After `patience` measurings that were not the best so far the run ends, and its best state is kept; None: it learns through all epochs,
    and its last state is kept.
    """

    epochs: int = 10
    learning_rate: float = LORA_LEARNING_RATE
    batch: int = 16
    seed: int = 0
    patience: int | None = PATIENCE
    rank: int | None = 16  # of the LoRA matrices; None: all weights are trained
    weight_decay: float = 0.01
    warm_up: float = 0.1  # the share of the run in which the learning rate rises

    def measured_by(self, dev_rows: int) -> Plan:
        """The plan where so many rows are there to measure by: without a patience that was asked for, few rows choose no state.

        On 120 examples, of which 20 were set apart, the state that these call best was by up to .25 of macro F1 worse than the last one
        (docs/en/teach.md).
        """
        return replace(self, patience=PATIENCE) if self.patience is None and dev_rows >= FEW_DEV_ROWS else self

    def steps_per_epoch(self, rows: int) -> int:
        """Steps of an epoch of so many rows."""
        return max(1, math.ceil(rows / self.batch))

    def steps_between(self, rows: int) -> int:
        """Steps from one measuring of the dev set to the next."""
        each = self.steps_per_epoch(rows)
        return math.ceil(each / math.ceil(each / MOST_STEPS_BETWEEN))
