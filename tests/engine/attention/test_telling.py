"""The heads that stand out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.attention.telling import telling_heads
from engine.contract import TellingHead

TOKENS = 6
TEXT = range(1, 5)  # [CLS] a b c d [SEP]


def looking_at(place: int) -> np.ndarray:
    """A head whose tokens all look at one place. *Shape:* (tokens, tokens)."""
    return np.eye(TOKENS, dtype=np.float32)[[place] * TOKENS]


EVEN = np.full((TOKENS, TOKENS), 1 / TOKENS, dtype=np.float32)
ITSELF = np.eye(TOKENS, dtype=np.float32)
FARTHEST = np.eye(TOKENS, dtype=np.float32)[[0, 4, 4, 1, 1, 5]]


def test_each_kind_is_named_with_its_place_and_its_value() -> None:
    mostly_separator = (0.6 * looking_at(5) + 0.4 * EVEN).astype(np.float32)
    layers = [np.stack([EVEN, mostly_separator]), np.stack([0.5 * FARTHEST + 0.5 * EVEN, ITSELF]).astype(np.float32)]
    focused, distant, separator = telling_heads(layers, text=TEXT, separators=[5])
    assert focused == TellingHead(kind="focused", layer=1, head=1, value=pytest.approx(0.0, abs=1e-6))
    # a, b, c and d look 3, 2, 2 and 3 tokens away for one half, and evenly for the other.
    even = sum(abs(i - j) for i in TEXT for j in TEXT) / TOKENS / len(TEXT)
    assert distant == TellingHead(kind="distant", layer=1, head=0, value=pytest.approx(0.5 * 2.5 + 0.5 * even, abs=1e-5))
    assert separator == TellingHead(kind="separator", layer=0, head=1, value=pytest.approx(0.6 + 0.4 / TOKENS, abs=1e-5))


def test_entropy_is_in_nats() -> None:
    focused, *_ = telling_heads([EVEN[None]], text=TEXT, separators=[5])
    assert focused.value == pytest.approx(np.log(TOKENS), abs=1e-5)


def test_a_look_at_a_special_token_is_no_look_far_away() -> None:
    _, distant, _ = telling_heads([np.stack([looking_at(0), looking_at(2)])], text=TEXT, separators=[5])
    assert (distant.head, distant.value) == (1, pytest.approx(1.0))


def test_without_separators_none_is_named_for_them() -> None:
    assert [one.kind for one in telling_heads([EVEN[None]], text=TEXT, separators=[])] == ["focused", "distant"]


def test_in_a_text_of_one_token_no_head_is_said_to_look_far() -> None:
    found = telling_heads([np.full((2, 3, 3), 1 / 3, dtype=np.float32)], text=[1], separators=[2])
    assert [(one.kind, round(one.value, 3)) for one in found] == [("focused", 1.099), ("separator", 0.333)]
