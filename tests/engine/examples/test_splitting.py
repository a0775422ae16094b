"""The fixed tenth of the Japanese sentiment sets."""

import numpy as np

from engine.examples.splitting import held_out


def test_the_held_out_tenth_is_fixed_and_about_a_tenth() -> None:
    share = np.mean([held_out(f"文{i}") for i in range(5_000)])
    assert 0.085 < share < 0.115
    assert [held_out(text) for text in ("15", "22", "悪い。", "a", "b", "とても良い。")] == [True, True, True, False, False, False]
