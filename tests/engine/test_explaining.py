"""The engine and explanations: which model answers, which stands beside it, and what tells one answer from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog import Catalog
from engine.contract import (
    AskRequest,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    ExplainedTask,
    Failure,
    NerRequest,
    NerResult,
    Request,
    Task,
    outcome_from_json,
    to_json,
)
from engine.engine import Engine, row_task
from engine.models.cache import ModelCache

JA = "山田太郎は京都大学を卒業した。"


def explained(engine: Engine, request: Request) -> ExplainAttentionResult:
    [outcome] = engine.run([request])
    assert isinstance(outcome, ExplainAttentionResult), outcome
    return outcome


@pytest.mark.parametrize(("task", "row"), [("sentiment", Task.EXPLAIN_ATTENTION), ("ner", Task.NER), ("ask", Task.ASK)])
def test_the_row_of_the_task_that_is_explained_names_the_model(task: ExplainedTask, row: Task) -> None:
    assert row_task(ExplainAttentionRequest(text="猫", second="犬", task=task)) is row


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (ExplainAttentionRequest(text=JA), "sentiment"),
        (ExplainAttentionRequest(text=JA, task="ner"), "ner"),
        (ExplainAttentionRequest(text="誰ですか？", second=JA, task="ask"), "ask"),
        (ExplainAttentionRequest(text="the cat sits on the mat", task="ner"), "ner"),
    ],
)
def test_that_model_answers_and_the_answer_survives_json(tiny_engine: Engine, request_: ExplainAttentionRequest, name: str) -> None:
    result = explained(tiny_engine, request_)
    assert result.model.endswith(name)
    assert result.task == request_.task
    assert result.images
    assert result.files
    assert outcome_from_json(to_json(result)) == result


def test_entities_and_their_explanation_are_not_confused_though_one_model_answers_both(tiny_engine: Engine) -> None:
    outcomes = tiny_engine.run([ExplainAttentionRequest(text=JA, task="ner"), NerRequest(text=JA), ExplainAttentionRequest(text=JA)])
    assert [type(outcome) for outcome in outcomes] == [ExplainAttentionResult, NerResult, ExplainAttentionResult]


def test_reading_as_a_task_is_the_same_before_and_after_an_explanation(tiny_engine: Engine) -> None:
    requests: list[Request] = [NerRequest(text=JA), AskRequest(question="誰ですか？", context=JA)]
    before = tiny_engine.run(requests)
    tiny_engine.read([ExplainAttentionRequest(text=JA, task="ner"), ExplainAttentionRequest(text="誰ですか？", second=JA, task="ask")])
    assert tiny_engine.run(requests) == before


def test_the_language_is_decided_from_both_texts(tiny_engine: Engine) -> None:
    assert explained(tiny_engine, ExplainAttentionRequest(text="これは何ですか？", second="The cat sits.", task="ask")).language == "mixed"


def test_two_models_are_compared(tiny_pack: Path) -> None:
    engine = Engine(Catalog.load(models_dir=tiny_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    encoder = str(tiny_pack / "encoder")
    result = explained(engine, ExplainAttentionRequest(text=JA, view="compare", other_model=encoder))
    assert result.model.endswith("sentiment")
    assert any("The other reading" in note.en for note in result.notes)


def test_a_second_model_that_is_not_there_fails_only_its_own_request(tiny_engine: Engine) -> None:
    requests: list[Request] = [
        ExplainAttentionRequest(text=JA, view="compare", other_model="no/such/folder"),
        ExplainAttentionRequest(text=JA, view="tokens"),
    ]
    failed, fine = tiny_engine.run(requests)
    assert isinstance(failed, Failure)
    assert failed.code == "no_such_model"
    assert isinstance(fine, ExplainAttentionResult)


def test_what_answers_is_another_with_another_task_or_a_second_model(tiny_engine: Engine, tiny_pack: Path) -> None:
    encoder = str(tiny_pack / "encoder")
    requests = [
        ExplainAttentionRequest(text=JA),
        ExplainAttentionRequest(text=JA, task="ner"),
        ExplainAttentionRequest(text=JA, view="compare", other_model=encoder),
        ExplainAttentionRequest(text=JA, view="compare", other_model=str(tiny_pack / "ner")),
    ]
    found = [tiny_engine.model_of(request) for request in requests]
    assert None not in found
    assert len(set(found)) == len(found)
    assert found == [tiny_engine.model_of(request) for request in requests]
    assert tiny_engine.model_of(ExplainAttentionRequest(text=JA, view="compare", other_model="no/such/folder")) is None
