"""What a process writes to its log: one form for our own lines and those of the libraries, and never what a person wrote.

Our own code logs no text of a person: that is each line's own duty, and tests look for it. Of what a library logs only the plain words
that it begins with are written, and of an error never its own words: both may quote a message.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from workers.observing.events import FIELDS
from workers.observing.settings import LogForm, LogLevel

OURS = "yomite"
LIBRARIES_OF_OURS = "yomite.slack.sdk"  # what Slack's libraries log under a name that we gave them
# At INFO these say what is said at each request, or nothing that an operator needs.
QUIET = ("aiohttp.access", "asyncio", "filelock", "httpx", "huggingface_hub", "rq", "slack_bolt", "slack_sdk", "urllib3")
LONGEST_BEGINNING = 120  # characters of a library's line
# What follows one of these signs may be a value: a message, a form, an address.
_PLAIN_BEGINNING = re.compile(r"[^\n:;=(\[{<'\"`「『]*")


def set_up_logging(*, level: LogLevel, form: LogForm, process: str, stream: TextIO | None = None) -> None:
    """Let all of this process's lines come out in one form, on stderr; `process` is "bot" or "worker".

    At any level libraries say no more than at INFO: below, they write down all that people send.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter(form=form, process=process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.INFO))
    logging.getLogger(OURS).setLevel(wanted)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(wanted, logging.WARNING))
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda thrown: _log_uncaught(thrown.exc_type, thrown.exc_value, thrown.exc_traceback)


def formatter(*, form: LogForm, process: str) -> logging.Formatter:
    """What turns a record into a line."""

    def say_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {**event, "process": process}

    render = structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _as_text
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            _say_logger,
            say_process,
            _take_fields,
            _take_frames,
            _take_error,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _in_order, render],
    )


def _say_logger(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**event, "logger": event["_record"].name}


def _take_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    fields: Mapping[str, Any] = getattr(event["_record"], FIELDS, {})
    return {**event, **{name: value for name, value in fields.items() if value is not None}}


def _take_frames(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Our own lines say below the first one where it happened; of a library's, only the beginning is kept."""
    if not _is_ours(event["_record"].name):
        beginning = _PLAIN_BEGINNING.match(event["event"])
        return {**event, "event": (beginning[0] if beginning else "")[:LONGEST_BEGINNING].strip() or "(a library's line)"}
    first, _, frames = event["event"].partition("\n")
    return {**event, "event": first, **({"frames": frames.rstrip()} if frames else {})}


def _take_error(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An error's class, and where it came up. Not its words."""
    thrown = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not isinstance(thrown, tuple) or thrown[0] is None:
        return event
    return {**event, "exception": thrown[0].__name__, "frames": "".join(traceback.format_tb(thrown[2])).rstrip()}


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == OURS and not name.startswith(LIBRARIES_OF_OURS)


def _in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """What every line has comes first, the frames last."""
    first = ("timestamp", "level", "process", "logger", "event")
    rest = {name: value for name, value in event.items() if name not in (*first, "frames")}
    last = {"frames": event["frames"]} if "frames" in event else {}
    return {**{name: event[name] for name in first}, **rest, **last}


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    head = [str(event.pop(name)) for name in ("timestamp", "process", "logger", "level", "event")]
    frames = event.pop("frames", "")
    line = " ".join([*head, *(f"{name}={value}" for name, value in event.items())])
    return f"{line}\n{frames}" if frames else line


def _log_uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    """What nobody caught, without its own words."""
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        frames = "".join(traceback.format_tb(where))
        logging.getLogger(OURS).error("unexpected %s that nobody caught\n%s", kind.__name__, frames)
