"""How a process of `train` or `adapt` ends."""

from __future__ import annotations

OK, CANNOT_TRAIN, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
