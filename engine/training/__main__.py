"""`python -m engine.training train|adapt …`: teaches a model, and says how much better it became."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from engine.command_line import language_of
from engine.training.exit_codes import BAD_INPUT
from engine.training.options import COMMANDS, overview, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code: 0 trained, 1 the model cannot be, 2 bad options or data, 130 stopped by a person."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    lang = language_of(words, os.environ)
    if not words or words[0] not in COMMANDS:
        print(overview(lang), file=sys.stderr)
        return BAD_INPUT
    options = parser(words[0], lang).parse_args(words[1:])
    # Imported here because it brings torch, which neither --help nor a wrong option waits for.
    from engine.training.command import run

    return run(options, words)


if __name__ == "__main__":
    sys.exit(main())
