"""A fault of ours in the log: where it happened, without the error's own words, which may hold what somebody wrote."""

from __future__ import annotations

import logging
import traceback


def log_fault(log: logging.Logger, doing: str, error: BaseException) -> None:
    """Write that `error` came up while `doing` something, e.g. "answering a message"."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s while %s\n%s", type(error).__name__, doing, where)
