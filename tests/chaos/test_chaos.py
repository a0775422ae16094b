"""A short chaos run: nothing lost, doubled or wrong, though everything is killed and both platforms misbehave. `make chaos` runs longer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.engine import Engine
from tests.chaos.run import Plan, run

SECONDS, SEED = 25.0, 1
LEAST_ASKED = 50


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the models of each worker: there are more processes than cores."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.usefixtures("one_thread")
def test_everything_breaks_and_each_question_is_answered_once(tiny_pack: Path, tiny_engine: Engine, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    outcome = asyncio.run(run(Plan(seconds=SECONDS, seed=SEED, models=tiny_pack, folder=tmp_path), tiny_engine))
    assert outcome.count.is_clean, outcome.count.details
    assert outcome.count.asked > LEAST_ASKED
    assert outcome.count.answered > outcome.count.apologised
    assert all(outcome.harm.values()), outcome.harm
    assert outcome.left == ()
