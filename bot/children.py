"""Runs what needs models in a process of its own, for the bot loads none: `yomite evaluate`, `train`, `adapt` and `models use`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.exit_codes import INTERRUPTED
from bot.settings import Settings

ENDED_BY_SIGNAL = 128  # and the signal's number, as shells say it
EVERYTHING = ("profile", "catalog", "chosen", "lock", "models-dir", "device", "precision", "memory-budget-mb", "batch")

MODELS = ("profile", "catalog", "chosen", "lock", "models-dir", "device", "precision")


@dataclass(frozen=True, kw_only=True)
class Child:
    """The first words of a command line of Python's, and the settings that go with them."""

    words: tuple[str, ...]
    settings: tuple[str, ...] = EVERYTHING


CHILDREN = {
    "doctor": Child(words=("engine.checking",)),
    "evaluate": Child(words=("engine.evaluation",)),
    "train": Child(words=("engine.training", "train")),
    "adapt": Child(words=("engine.training", "adapt")),
    "models": Child(words=("engine.models",), settings=MODELS),
}


def run_in_child(command: str, arguments: Sequence[str], settings: Settings) -> int:
    """Pass `arguments` on to the command's module, after what the settings say; returns its exit code.

    It ends with this process: whoever stops this one, by Ctrl-C, SIGTERM or by closing the terminal, stops both.
    """
    words, environment = _command_line(command, arguments, settings)
    # In a process group of its own, so that Ctrl-C is answered here and not by a traceback there.
    process = subprocess.Popen(words, env=environment, process_group=0)
    try:
        with _passing_on(process):
            code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return INTERRUPTED
    return code if code >= 0 else ENDED_BY_SIGNAL - code


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Inside, what would end this process asks `process` to end; what is ignored (as under nohup) stays so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    passed = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in passed:
        signal.signal(number, lambda *_: process.terminate())
    try:
        yield
    finally:
        for number in passed:
            signal.signal(number, before[number])


async def output_of_child(command: str, arguments: Sequence[str], settings: Settings) -> bytes:
    """What the command's module prints to stdout; its process ends with the task that waits for it.

    Raises:
        OSError: it cannot be started.
    """
    import asyncio

    words, environment = _command_line(command, arguments, settings)
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        output, _ = await process.communicate()
        return output
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _command_line(command: str, arguments: Sequence[str], settings: Settings) -> tuple[list[str], dict[str, str]]:
    """The words that start a child, and its environment."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    child = CHILDREN[command]
    words = [sys.executable, "-P", "-m", *child.words, *arguments, *_from_settings(child, arguments, settings)]
    # Threads that wait must not spin: beside a busy worker two that do were seen to take six times as long as one.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "PYTHONPATH": path} | settings.worker().environment()
    return words, environment | {"YOMITE_LANG": settings.lang or settings.machine_speech}


def _from_settings(child: Child, arguments: Sequence[str], settings: Settings) -> list[str]:
    """What the settings say and the command line does not, and the language to talk in."""
    given = {argument.split("=")[0] for argument in arguments}
    wanted = {f"--{name}" for name in child.settings}
    found = [line for line in settings.worker().as_arguments() if line.split("=")[0] in wanted]
    return [line for line in (*found, f"--lang={settings.lang or settings.machine_speech}") if line.split("=")[0] not in given]
