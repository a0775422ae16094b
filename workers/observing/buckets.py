"""What all metrics share: the bounds of their histograms."""

from __future__ import annotations

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
JOBS = (1, 2, 4, 8, 16, 32, 64, 128)
