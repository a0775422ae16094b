"""`python -m engine.training train|adapt …`: teaches a model, and says how much better it became."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from engine.command_line import language_of, tell
from engine.errors import BadInputError
from engine.training.exit_codes import BAD_INPUT
from engine.training.options import COMMANDS, overview, parser
from engine.training.wishes import adapt_wish, train_wish


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code: 0 trained, 1 the model cannot be, 2 bad options or data, 130 stopped by a person."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    lang = language_of(words, os.environ)
    if not words or words[0] not in COMMANDS:
        print(overview(lang), file=sys.stderr)
        return BAD_INPUT
    options = parser(words[0], lang).parse_args(words[1:])
    try:
        wish = train_wish(options, words) if words[0] == "train" else adapt_wish(options, words)
    except BadInputError as error:
        tell(error.message, options.lang)
        return BAD_INPUT
    # Imported here because it brings torch, which neither --help nor a wrong option nor a file that is refused waits for.
    from engine.training.command import run

    return run(wish, options)


if __name__ == "__main__":
    sys.exit(main())
