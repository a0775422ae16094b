"""By which of transformers' ways a model computes attention, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def attention_by(model: Any, kind: str) -> Iterator[None]:
    """Inside, `model` (of transformers, in a `PeftModel` or not) computes attention by `kind`; afterwards as before."""
    before = model.config._attn_implementation
    if before == kind:
        yield
        return
    try:  # whatever ends the work, also a timeout that strikes while it is being switched
        model.set_attn_implementation(kind)
        yield
    finally:
        model.set_attn_implementation(before)
