"""`yomite run` starts everything from nothing, the terminal joins it, and Ctrl-C stops all of it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0


class Running:
    """A `yomite run` and what it says."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._queue.put(line.rstrip())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line that matches, also one that was said before."""
        end = time.monotonic() + PATIENCE_S
        for line in self.lines:
            if found := re.search(pattern, line):
                return found
        while time.monotonic() < end:
            try:
                self.lines.append(self._queue.get(timeout=0.5))
            except queue.Empty:
                assert self.process.poll() is None, self.lines
                continue
            if found := re.search(pattern, self.lines[-1]):
                return found
        raise AssertionError(f"{pattern!r} was not said: {self.lines}")

    def yomite(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


@pytest.fixture
def environment(tiny_pack: Path, tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YOMITE_", "SLACK_", "DISCORD_", "REDIS_", "LC_", "LANG"))}
    return kept | {
        "YOMITE_MODELS_DIR": str(tiny_pack),
        "YOMITE_DEVICE": "cpu",
        "YOMITE_STATE_DIR": str(tmp_path / "state"),
        "YOMITE_WEB_PORT": "0",
        "YOMITE_OPEN_BROWSER": "no",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    started = Running(environment, tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGINT)
        started.process.wait(PATIENCE_S)


def test_run_end_to_end_from_nothing_to_an_answer_and_a_clean_stop(running: Running) -> None:
    url = running.wait_for(r"(http://127\.0\.0\.1:\d+\S*)")[1]
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
        assert "Yomite" in page.read().decode("utf-8")
    assert running.wait_for("Slack: off")
    assert running.wait_for("Discord: off")

    answered = running.yomite("sentiment", "とても満足しています。", "--json")
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout)["language"] == "ja"
    status = running.yomite("status")
    assert "1 worker" in status.stdout, status.stdout + status.stderr

    children = psutil.Process(running.process.pid).children(recursive=True)
    assert len(children) >= 2  # Redis and a worker
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(PATIENCE_S) == 0
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not alive
    assert not list(Path(running.environment["YOMITE_STATE_DIR"]).rglob("*.sock"))


def test_run_end_to_end_starts_a_worker_again_that_was_killed(running: Running) -> None:
    running.wait_for("http://")
    assert running.yomite("sentiment", "good", "--json").returncode == 0
    workers = [p for p in psutil.Process(running.process.pid).children() if "workers" in p.cmdline()]
    assert len(workers) == 1
    workers[0].kill()
    running.wait_for("it is started again")
    answered = running.yomite("sentiment", "I love this.", "--json")
    assert answered.returncode == 0, answered.stderr


def test_run_end_to_end_serves_parts_alone_on_the_same_redis(running: Running) -> None:
    running.wait_for("http://")
    burst = running.yomite("worker", "--burst")
    assert burst.returncode == 0, burst.stderr
    wrong = running.yomite("serve", "slack")
    assert wrong.returncode == 2
    assert "SLACK_BOT_TOKEN" in wrong.stderr


def test_run_end_to_end_parts_without_a_redis_say_what_is_missing(environment: dict[str, str]) -> None:
    for part in ("worker", "serve"):
        outcome = subprocess.run(
            [sys.executable, "-m", "bot", part], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert outcome.returncode == 2
        assert "REDIS_URL" in outcome.stderr
