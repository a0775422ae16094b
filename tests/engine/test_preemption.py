"""Urgent work comes in between the steps of a long forward pass, and leaves no trace in its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import preemption
from engine.catalog import Catalog
from engine.contract import ExplainAttentionRequest, SentimentRequest, SentimentResult
from engine.engine import Engine
from engine.models.cache import ModelCache

LONG = "東京は大きな町です。The city is large. " * 200
LAYERS_OF_THE_TINY_PACK = 2


@pytest.fixture
def engine(tiny_pack: Path) -> Engine:
    return Engine(Catalog.load(models_dir=tiny_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))


def test_nothing_is_called_where_nobody_wants_in() -> None:
    assert not preemption.preemptible()
    preemption.point()


def test_urgent_work_is_called_at_each_point() -> None:
    calls: list[bool] = []
    with preemption.preempted_by(lambda: calls.append(True)):
        assert preemption.preemptible()
        preemption.point()
        preemption.point()
    preemption.point()
    assert len(calls) == 2


def test_urgent_work_is_not_preempted_itself() -> None:
    depth: list[bool] = []

    def urgent() -> None:
        depth.append(preemption.preemptible())
        preemption.point()

    with preemption.preempted_by(urgent):
        preemption.point()
    assert depth == [False]


def test_what_urgent_work_raises_ends_the_pass_and_the_next_one_is_as_ever(engine: Engine) -> None:
    def urgent() -> None:
        raise ZeroDivisionError

    with preemption.preempted_by(urgent), pytest.raises(ZeroDivisionError):
        engine.run([SentimentRequest(text="good")])
    assert engine.run([SentimentRequest(text="good")])


def test_each_layer_of_each_pass_has_points(engine: Engine) -> None:
    passes = 0

    def urgent() -> None:
        nonlocal passes
        passes += 1

    with preemption.preempted_by(urgent):
        engine.run([SentimentRequest(text="good")])
    short = passes
    assert short >= LAYERS_OF_THE_TINY_PACK
    with preemption.preempted_by(urgent):
        engine.run([SentimentRequest(text=LONG)])
    assert passes - short > 2 * short  # more passes, of one window each


def test_an_answer_is_the_same_when_other_questions_were_answered_in_the_middle(engine: Engine) -> None:
    question = SentimentRequest(text="短い")
    [quiet], [answer] = engine.run([SentimentRequest(text=LONG)]), engine.run([question])
    between: list[object] = []
    with preemption.preempted_by(lambda: between.extend(engine.run([question]))):
        [beside] = engine.run([SentimentRequest(text=LONG)])
    assert isinstance(quiet, SentimentResult)
    assert isinstance(beside, SentimentResult)
    assert beside.probabilities == pytest.approx(quiet.probabilities, abs=1e-5)
    assert between == [answer] * len(between) != []


def test_a_model_that_is_loaded_in_the_middle_can_be_explained_afterwards(engine: Engine) -> None:
    explained: list[object] = []

    def urgent() -> None:
        if not explained:
            explained.extend(engine.run([ExplainAttentionRequest(text="It is good.")]))

    with preemption.preempted_by(urgent):
        engine.run([SentimentRequest(text=LONG)])
    assert explained == engine.run([ExplainAttentionRequest(text="It is good.")])
