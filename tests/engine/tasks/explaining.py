"""Explaining one request, for the tests of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Failure, Language
from engine.drawing import Undrawn
from engine.models.loaded import LoadedModel
from engine.tasks.explain_attention import OtherModel, run


def answer(
    request: ExplainAttentionRequest, model: LoadedModel, *, language: Language = "ja", other: OtherModel | None = None
) -> Undrawn | Failure:
    [outcome] = run([request], [language], model, other_model=other)
    return outcome


def explain(
    request: ExplainAttentionRequest, model: LoadedModel, *, language: Language = "ja", other: OtherModel | None = None
) -> ExplainAttentionResult:
    """The result before its pictures are drawn."""
    outcome = answer(request, model, language=language, other=other)
    assert isinstance(outcome, Undrawn), outcome
    assert isinstance(outcome.result, ExplainAttentionResult)
    return outcome.result


def refused(request: ExplainAttentionRequest, model: LoadedModel, *, other: OtherModel | None = None) -> Failure:
    outcome = answer(request, model, other=other)
    assert isinstance(outcome, Failure)
    return outcome


def weights_of(result: ExplainAttentionResult) -> NDArray[np.float32]:
    """*Shape:* (layers, heads, tokens, tokens)."""
    found = np.frombuffer(result.attention.data, dtype="<f2").reshape(result.attention.shape)
    return found.astype(np.float32)
