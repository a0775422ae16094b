"""Everything that is logged has one form, and holds nothing that a person wrote."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.looking import CANARIES
from tests.support.working import DEADLINE_S
from workers.observing.events import announce, log_event
from workers.observing.logs import LONGEST_BEGINNING, formatter
from workers.observing.settings import LogForm

ROOT = Path(__file__).parents[3]


class Written:
    """A logger of its own, and what it wrote."""

    def __init__(self, form: LogForm, name: str = "yomite.test", *, level: int = logging.DEBUG) -> None:
        self._stream = io.StringIO()
        handler = logging.StreamHandler(self._stream)
        handler.setFormatter(formatter(form=form, process="worker"))
        self.log = logging.Logger(name, level)
        self.log.addHandler(handler)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def only(self) -> dict[str, Any]:
        """The one line, which must be a JSON object."""
        [line] = self.text.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


def failing(text: str) -> None:
    raise ValueError(text)


def test_a_line_of_text_says_when_who_how_bad_and_what() -> None:
    written = Written("text")
    log_event(written.log, "taken", id="j1", characters=12, again=None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z worker yomite\.test info taken id=j1 characters=12\n", written.text)


def test_a_line_of_json_is_one_object_with_the_event_s_fields() -> None:
    written = Written("json")
    log_event(written.log, "taken", id="j1", characters=12, again=None)
    found = written.only
    assert list(found) == ["timestamp", "level", "process", "logger", "event", "id", "characters"]
    assert (found["level"], found["process"], found["logger"], found["event"], found["id"]) == (
        "info",
        "worker",
        "yomite.test",
        "taken",
        "j1",
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_where_it_happened_stands_apart_from_what_happened(form: LogForm) -> None:
    written = Written(form)
    written.log.error("unexpected %s in the worker\n%s", "ValueError", '  File "a.py", line 1, in f\n    f()\n')
    if form == "json":
        assert (written.only["event"], written.only["frames"]) == (
            "unexpected ValueError in the worker",
            '  File "a.py", line 1, in f\n    f()',
        )
    else:
        assert written.text.endswith('error unexpected ValueError in the worker\n  File "a.py", line 1, in f\n    f()\n')


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["yomite.test", "discord.client"])
@pytest.mark.parametrize("canary", CANARIES, ids=["ja", "en"])
def test_of_an_error_its_class_and_place_are_logged_and_not_its_words(form: LogForm, name: str, canary: str) -> None:
    written = Written(form, name)
    try:
        failing(canary)
    except ValueError:
        written.log.exception("Ignoring exception in on_message")
    assert canary not in written.text
    assert "ValueError" in written.text
    assert "in failing" in written.text


@pytest.mark.parametrize(
    ("name", "line", "kept"),
    [
        ("yomite.slack.sdk", 'Unhandled request ({{"text": "{}"}})', "Unhandled request"),
        ("slack_bolt", "Failed to run listener function (error: {})", "Failed to run listener function"),
        ("asyncio", "Task exception was never retrieved\nfuture: <Task exception=ValueError('{}')>", "Task exception was never retrieved"),
        ("discord.gateway", "Shard ID 0 has connected to Gateway (Session ID: {}).", "Shard ID 0 has connected to Gateway"),
        ("rq.worker", "default: {}", "default"),
        ("elsewhere", "「{}」", "(a library's line)"),
    ],
)
@pytest.mark.parametrize("canary", CANARIES, ids=["ja", "en"])
def test_of_a_library_s_line_only_its_plain_beginning_is_logged(name: str, line: str, kept: str, canary: str) -> None:
    written = Written("json", name)
    written.log.warning(line.format(canary))
    assert written.only["event"] == kept
    assert canary not in written.text


def test_a_library_s_line_is_not_long() -> None:
    written = Written("json", "elsewhere")
    written.log.warning("a " * 1_000)
    assert len(written.only["event"]) <= LONGEST_BEGINNING


def test_what_is_announced_is_written_at_any_level() -> None:
    written = Written("json", level=logging.ERROR)
    log_event(written.log, "taken", id="j1")
    announce(written.log, "worker w1 ready: profile bundled on cpu")
    assert written.only["event"] == "worker w1 ready: profile bundled on cpu"


LOUD = """
import logging, sys, threading
from workers.observing.logs import set_up_logging
set_up_logging(level=sys.argv[1], form="json", process="bot")
for name in ("discord.http", "discord.gateway", "slack_bolt.App", "slack_sdk.web", "aiohttp.access", "rq.worker", "redis", "asyncio"):
    logging.getLogger(name).debug("got {'text': '%s'}", sys.argv[2])
logging.getLogger("slack_bolt.App").info("body %s", sys.argv[2])
logging.getLogger("yomite.desk").debug("ours")
def fail():
    raise ValueError(sys.argv[2])
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("canary", CANARIES, ids=["ja", "en"])
def test_at_level_debug_libraries_say_no_more_and_what_nobody_catches_says_no_words(canary: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOUD, "debug", canary],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        encoding="utf-8",
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["ours", *["unexpected ValueError that nobody caught"] * 2]
    assert "in fail" in lines[-1]["frames"]
    assert canary not in done.stdout + done.stderr
    assert done.returncode == 1


def test_at_level_error_our_own_lines_are_fewer_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOUD, "error", "x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        encoding="utf-8",
    )
    assert {json.loads(line)["level"] for line in done.stderr.splitlines()} == {"error"}
