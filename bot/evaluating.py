"""`yomite evaluate`: runs the engine's evaluation in a process of its own, since the bot loads no models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.exit_codes import INTERRUPTED
from bot.settings import Settings


def evaluate_in_child(arguments: Sequence[str], settings: Settings) -> int:
    """Pass `arguments` on to `python -m engine.evaluation`, after what the settings say; returns its exit code."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "engine.evaluation", *_from_settings(arguments, settings), *arguments]
    # In a process group of its own, so that Ctrl-C is answered here and not by a traceback there.
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, process_group=0)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        return INTERRUPTED


def _from_settings(arguments: Sequence[str], settings: Settings) -> list[str]:
    """What the settings say and the command line does not."""
    given = {argument.split("=")[0] for argument in arguments}
    return [line for line in settings.worker().as_arguments() if line.split("=")[0] not in given]
