"""How a process of `evaluate` ends."""

from __future__ import annotations

OK, CANNOT_ANSWER, BAD_INPUT = 0, 1, 2
