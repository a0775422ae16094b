"""Samples of a worker are counted to what it did."""

from __future__ import annotations

import pytest

from benchmarks.profile import GATHERING, OTHER, counted, part_of

MAIN = 'thread (0x1): "MainThread"'
WORKER = "execute_batch (/x/workers/worker.py:1)"
ENGINE = "run (/x/engine/tasks/embed.py:1)"


@pytest.mark.parametrize(
    ("frames", "part"),
    [
        (
            [MAIN, WORKER, ENGINE, "forward (/x/transformers/models/bert/m.py:1)", "forward (/x/torch/nn/modules/linear.py:1)"],
            "forward pass",
        ),
        ([MAIN, WORKER, "finish (/x/workers/books.py:1)", "execute (/x/redis/client.py:1)"], "waiting for Redis"),
        ([MAIN, WORKER, ENGINE, "pieces (/x/engine/tokenization/pieces.py:1)"], "cutting texts"),
        ([MAIN, WORKER, ENGINE, "tensors (/x/engine/models/loaded.py:1)"], "making tensors and batches"),
        ([MAIN, WORKER, ENGINE], "reading results out of tensors"),
        ([MAIN, WORKER, "to_json (/x/engine/contract.py:1)", "dumps (/x/json/__init__.py:1)"], "JSON and the contract"),
        ([MAIN, WORKER], "the worker's own steps"),
        ([MAIN, "_turn (/x/workers/worker.py:1)", "_take (/x/workers/worker.py:2)"], GATHERING),
        ([MAIN, "spin (/x/elsewhere.py:1)"], OTHER),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stack_is_counted_to_what_its_innermost_frames_do(frames: list[str], part: str) -> None:
    assert part_of(frames) == part


def test_other_threads_and_waiting_for_a_job_are_not_counted() -> None:
    lines = [
        f"{MAIN};{WORKER};{ENGINE} 7",
        f"{MAIN};{WORKER};{ENGINE} 2",
        f"{MAIN};_idle (/x/workers/worker.py:9);blpop (/x/redis/client.py:1) 40",
        'thread (0x2): "drawing";draw (/x/engine/figures/grid.py:1) 5',
    ]
    assert counted(lines) == {"reading results out of tensors": 9}
