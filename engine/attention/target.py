"""The prediction that is explained: what it says, and how to read it off a model's output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.attention.maps import Score
from engine.contract import Message, Prediction


@dataclass(frozen=True, kw_only=True)
class Target:
    """A prediction about one input of a model. Both callables take the model's output for a batch of like inputs."""

    prediction: Prediction
    places: tuple[int, ...]  # the tokens of the input whose last states it is read off
    score: Score  # what is attributed to the tokens: a logit, or a sum or mean of some
    probability: Callable[[Any], NDArray[np.float64]]  # of this same prediction, *Shape:* (batch,)
    notes: tuple[Message, ...] = ()
