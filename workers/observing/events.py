"""Writes to the log that something happened, as a name with fields. What becomes of it is set up in `logs`, which needs more libraries."""

from __future__ import annotations

import logging
from typing import Any

FIELDS = "fields"  # the attribute of a record that holds an event's fields


def log_event(log: logging.Logger, event: str, /, **fields: Any) -> None:
    """Write, at INFO, that something happened, e.g. `log_event(log, "taken", id="…", characters=12)`. No field holds a text."""
    if log.isEnabledFor(logging.INFO):
        log.info(event, extra={FIELDS: fields})


def announce(log: logging.Logger, line: str) -> None:
    """Write a line at whatever level is logged: whoever started this process waits for it."""
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, line, (), None))
