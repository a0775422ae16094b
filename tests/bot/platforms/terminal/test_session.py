"""The interactive session, line by line in a pipe and for a person at a real (pseudo) terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bot.exit_codes import CANNOT_ANSWER, OK, WRONG_USAGE
from bot.platforms.terminal.session import Session
from bot.settings import Settings
from workers.queue.local import LocalQueue

PATIENCE_S = 120.0
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("/sentiment この映画は最高！", OK, "日本語として読みました"),
        ("/sentiment I love this.", OK, "read as English"),
        ("/ner 안녕하세요", CANNOT_ANSWER, "Korean"),
        ("こんにちは", WRONG_USAGE, "例：/sentiment こんにちは"),
        ("hello", WRONG_USAGE, "Example: /sentiment hello"),
        ("/sentiment great --langg en", WRONG_USAGE, "Did you mean --lang?"),
        ("/help", OK, "/fill-mask"),
        ("/models", OK, "explain_attention"),
        ("/ask 誰？ --file missing.txt", WRONG_USAGE, "missing.txt がありません"),
    ],
)
def test_a_line_is_answered(line: str, code: int, said: str, queue: LocalQueue) -> None:
    out = io.StringIO()
    session = Session(Settings(), queue, Console(file=out, width=200, markup=False))
    assert session.take(line) == code
    assert said in out.getvalue()


@pytest.mark.parametrize(
    ("line", "said"), [("/状態", "Redis を使えません"), ("/status", "Redis cannot be used"), ("/ner 山田", "Redis を使えません")]
)
def test_where_redis_is_away_the_session_says_so_and_goes_on(tmp_path: Path, line: str, said: str) -> None:
    out = io.StringIO()
    with LocalQueue(redis_url=f"unix://{tmp_path}/none.sock") as nowhere:
        session = Session(Settings(), nowhere, Console(file=out, width=200, markup=False))
        assert session.take(line) == WRONG_USAGE
        assert session.take("/help") == OK
    assert said in out.getvalue()


def test_a_file_is_the_context_and_the_picture_goes_where_it_is_wished(tmp_path: Path, queue: LocalQueue) -> None:
    context, picture = tmp_path / "文書.txt", tmp_path / "図.png"
    context.write_text("山田は社長だ。", encoding="utf-8")
    out = io.StringIO()
    session = Session(Settings(), queue, Console(file=out, width=200, markup=False))
    assert session.take(f"/ask 誰？ --file {context}") == OK
    assert session.take(f"/explain-attention 猫です --output {picture}") == OK
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in out.getvalue()


def test_lines_from_a_pipe_are_answered_and_the_worst_exit_code_is_given(environment: dict[str, str]) -> None:
    done = _yomite(environment, stdin="/models\n\nplain text\n/help\n")
    assert done.returncode == WRONG_USAGE
    assert "Models (8 rows)" in done.stdout
    assert "Example: /sentiment plain text" in done.stdout
    assert done.stderr == ""


def test_no_input_at_all_ends_well(environment: dict[str, str]) -> None:
    done = _yomite(environment, stdin="")
    assert (done.returncode, done.stdout, done.stderr) == (OK, "", "")


def test_a_person_types_completes_cancels_and_leaves(environment: dict[str, str], tmp_path: Path) -> None:
    with _terminal({**environment, "LANG": "ja_JP.UTF-8"}) as (type_, read_until):
        read_until("Ctrl-D で終わります")
        type_("/sentiment 捨てる行")
        read_until("捨てる行")
        type_("\x03")
        type_("/senti")
        read_until("文章の感情")  # the menu of completions is open
        type_("\tこの映画は最高！\r")
        read_until("日本語として読みました")
        type_("/help tokens\r")
        read_until("/tokens 外国人参政権")
    history = tmp_path / "state" / "history"
    assert "/sentiment この映画は最高！" in history.read_text(encoding="utf-8")
    assert "捨てる行" not in history.read_text(encoding="utf-8")
    assert history.stat().st_mode & 0o077 == 0


def _yomite(environment: dict[str, str], *, stdin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bot"], input=stdin, capture_output=True, text=True, env=environment, check=False)


class _terminal:  # noqa: N801  # used as a function
    """`python -m bot` at a pseudo terminal; leaving it waits for the end of the process, which must be a good one."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._seen = ""

    def __enter__(self) -> tuple[Callable[[str], None], Callable[[str], None]]:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 120))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot"], stdin=theirs, stdout=theirs, stderr=theirs, env=self._environment, start_new_session=True
        )
        os.close(theirs)
        return self._type, self._read_until

    def __exit__(self, *error: object) -> None:
        if error[0] is not None:
            self._process.kill()
        code = self._leave() if error[0] is None else self._process.wait(PATIENCE_S)
        os.close(self._ours)
        if error[0] is None:
            assert code == OK

    def _leave(self) -> int:
        """Press Ctrl-D until it is taken: pressed between two prompts, the terminal swallows it."""
        deadline = time.monotonic() + PATIENCE_S
        while self._process.poll() is None and time.monotonic() < deadline:
            self._type("\x04")
            time.sleep(0.5)
            self._drain()
        return self._process.wait(1)

    def _drain(self) -> None:
        while select.select([self._ours], [], [], 0)[0]:
            try:
                if not os.read(self._ours, 65_536):
                    return
            except OSError:  # the other end is closed
                return

    def _type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def _read_until(self, text: str) -> None:
        """Wait until `text` shows, or with an empty one until the process is done."""
        deadline = time.monotonic() + PATIENCE_S
        while not text or text not in self._seen:
            chunk = next(self._chunks(deadline), None)
            if chunk is None:
                break
            self._seen = _CONTROL.sub("", self._seen + chunk)
        else:
            self._seen = self._seen.partition(text)[2]
            return
        assert not text, f"{text!r} never showed; seen: {self._seen!r}"

    def _chunks(self, deadline: float) -> Iterator[str]:
        pending = b""
        while time.monotonic() < deadline:
            if not select.select([self._ours], [], [], 0.2)[0]:
                continue
            try:
                pending += os.read(self._ours, 65_536)
            except OSError:  # the other side is closed
                return
            if b"\x1b[6n" in pending:  # the line editor asks where the cursor is; a terminal answers
                os.write(self._ours, b"\x1b[1;1R")
            try:
                text = pending.decode()
            except UnicodeDecodeError:  # a character is still on its way
                continue
            pending = b""
            yield text
