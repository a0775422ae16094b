"""Which inputs go through the model together: as few padded tokens as possible, in as few forward passes as that is worth."""

from __future__ import annotations

from collections.abc import Sequence

# What starting a forward pass takes, in tokens that could be computed meanwhile. On a CPU, 12 layers of width 384: 24 to 62 were
# measured, by threads and precision. A GPU computes thousands of tokens in the time that it takes to start the kernels.
PASS_COST_TOKENS = {"cpu": 32}
PASS_COST_TOKENS_ELSEWHERE = 4_096
MOST_ROWS = 256  # of one batch


def pass_cost_tokens(device_type: str) -> int:
    """What a forward pass costs beside its tokens, for a torch device's type."""
    return PASS_COST_TOKENS.get(device_type, PASS_COST_TOKENS_ELSEWHERE)


def batches_by_length(lengths: Sequence[int], *, most_tokens: int, pass_cost: int) -> list[list[int]]:
    """Batches of indices into `lengths`, longest first, such that all padded tokens and all passes together cost least.

    Each batch has at most `most_tokens` padded tokens, or one input alone. By dynamic programming over the sorted inputs: a batch is
    a run of them, and the best way to cut the first n is the best way to cut fewer, and one batch more.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    least = [0] * (len(order) + 1)  # what the first n cost
    begins = [0] * (len(order) + 1)  # where the last batch of the first n begins
    for stop in range(1, len(order) + 1):
        least[stop], begins[stop] = min(
            (least[start] + pass_cost + (stop - start) * lengths[order[start]], start)
            for start in _starts(order, lengths, stop, most_tokens)
        )
    found: list[list[int]] = []
    stop = len(order)
    while stop:
        found.append(order[begins[stop] : stop])
        stop = begins[stop]
    return found[::-1]


def _starts(order: Sequence[int], lengths: Sequence[int], stop: int, most_tokens: int) -> list[int]:
    """Where a batch that ends before `stop` may begin."""
    found = [stop - 1]
    for start in range(stop - 2, max(-1, stop - 1 - MOST_ROWS), -1):
        if (stop - start) * lengths[order[start]] > most_tokens:
            break
        found.append(start)
    return found
