"""A run lowers its loss, ends with its steps, and goes on from its checkpoint as if it had not been stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.pack.batches import Batch, BatchStream
from engine.pack.recorded import Computing, shape_of
from engine.pack.running import CHECKPOINT, LOSSES, Clock, Run, train


class Line(torch.nn.Module):
    """y = a · x + b, in whose `loss` a batch's mean square error is."""

    def __init__(self) -> None:
        super().__init__()
        self.slope, self.height = torch.nn.Parameter(torch.zeros(1, 1)), torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((x @ self.slope + self.height - y).float() ** 2).mean()}


def points() -> BatchStream:
    values = np.linspace(-1, 1, 64, dtype=np.float32)

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        x = torch.from_numpy(values[rows]).unsqueeze(1)
        return {"x": x, "y": 2 * x + 1}

    return BatchStream([8] * 64, build, budget=4 * 8)  # four points a batch


def a_run(folder: Path, *, steps: int = 300, save_steps: int = 1_000) -> Run:
    return Run(folder=folder, steps=steps, learning_rate=0.05, save_steps=save_steps, weight_decay=0.0)


def test_a_run_learns_and_writes_how_its_loss_went(tmp_path: Path) -> None:
    line = Line()
    train(line, points(), run=a_run(tmp_path))
    assert line.slope.item() == pytest.approx(2, abs=0.1)
    assert line.height.item() == pytest.approx(1, abs=0.1)
    losses = json.loads((tmp_path / LOSSES).read_text(encoding="utf-8"))
    assert [step for step, _ in losses] == list(range(25, 301, 25))
    assert losses[-1][1] < 0.01 < losses[0][1]


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, stopped, again = Line(), Line(), Line()
    train(whole, points(), run=a_run(tmp_path / "whole", steps=60))

    class Stopped(Exception):
        pass

    def stops(*_: object) -> None:
        if (tmp_path / "parts" / CHECKPOINT).exists():
            raise Stopped

    stopped.register_forward_pre_hook(stops)
    with pytest.raises(Stopped):
        train(stopped, points(), run=a_run(tmp_path / "parts", steps=60, save_steps=40))
    train(again, points(), run=a_run(tmp_path / "parts", steps=60, save_steps=40))
    assert torch.equal(again.slope, whole.slope)
    assert torch.equal(again.height, whole.height)


def test_the_learning_rate_goes_up_and_then_down_to_nothing(tmp_path: Path) -> None:
    clock = Clock(Run(folder=tmp_path, steps=1_000, learning_rate=0.1))
    rates = [clock.learning_rate(step) for step in (0, 24, 49, 500, 999, 1_000)]
    assert rates[0] == pytest.approx(0.002)
    assert rates[0] < rates[1] < rates[2] == pytest.approx(0.1)
    assert rates[2] > rates[3] > rates[4] > rates[5] == 0


def test_gradients_of_batches_add_up_and_their_mean_loss_is_told() -> None:
    line = Line()
    batch = {"x": torch.ones(2, 1), "y": torch.full((2, 1), 3.0)}
    with Computing(line, device=torch.device("cpu"), bf16=False) as computing:
        computing.gradients(batch)
        computing.gradients(batch)
        assert line.height.grad is not None
        assert line.height.grad.item() == pytest.approx(2 * -6)
        assert computing.mean_loss() == pytest.approx(9)
        assert computing.mean_loss() == 0
    assert line.height.grad is None


def test_batches_of_the_same_shapes_are_told_from_others() -> None:
    one = {"words": {"ids": torch.zeros(2, 8)}, "labels": torch.zeros(2)}
    assert shape_of(one) == shape_of({"labels": torch.ones(2), "words": {"ids": torch.ones(2, 8)}})
    assert shape_of(one) != shape_of({"words": {"ids": torch.zeros(2, 16)}, "labels": torch.zeros(2)})
    assert shape_of(one) != shape_of({"words": {"ids": torch.zeros(2, 8)}})
