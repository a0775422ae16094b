"""Runs what needs models or much computing in a process of its own: `yomite evaluate`, `train` and `adapt`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.exit_codes import INTERRUPTED
from bot.settings import Settings

# The module that does it, and the first words of its command line.
MODULES: dict[str, tuple[str, ...]] = {
    "evaluate": ("engine.evaluation",),
    "train": ("engine.training", "train"),
    "adapt": ("engine.training", "adapt"),
}


def run_in_child(command: str, arguments: Sequence[str], settings: Settings) -> int:
    """Pass `arguments` on to the command's module, after what the settings say; returns its exit code."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    words = [sys.executable, "-P", "-m", *MODULES[command], *_from_settings(arguments, settings), *arguments]
    # In a process group of its own, so that Ctrl-C is answered here and not by a traceback there.
    child = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": path}, process_group=0)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        return INTERRUPTED


def _from_settings(arguments: Sequence[str], settings: Settings) -> list[str]:
    """What the settings say and the command line does not."""
    given = {argument.split("=")[0] for argument in arguments}
    return [line for line in settings.worker().as_arguments() if line.split("=")[0] not in given]
