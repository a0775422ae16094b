"""Finds the Chromium that draws the documents' pictures and opens the chat page in tests: tools/browser.sh gets one."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")  # tools/browser.sh looks for the same


def find_chromium() -> str:
    """The path of the program: the one that the variable CHROMIUM names, else the first of NAMES.

    Raises:
        FileNotFoundError: there is none.
    """
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else NAMES
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise FileNotFoundError(f"this needs Chromium, as {' or '.join(names)}: make browser")
    return program
