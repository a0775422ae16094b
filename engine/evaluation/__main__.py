"""`python -m engine.evaluation TASK --data FILE`: measures the engine on one data set and prints the measures."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from engine.command_line import language_of, tell
from engine.errors import BadInputError
from engine.evaluation.exit_codes import BAD_INPUT
from engine.evaluation.options import parser
from engine.examples.reading import read_examples


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 measured, 1 the engine could not answer, 2 bad options or data."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(language_of(words, os.environ)).parse_args(words)
    try:
        examples = read_examples(options.data, options.task)
    except BadInputError as error:
        tell(error.message, options.lang)
        return BAD_INPUT
    # Imported here because it brings torch, which neither --help nor a wrong option nor a file that is refused waits for.
    from engine.evaluation.command import run

    return run(examples, options)


if __name__ == "__main__":
    sys.exit(main())
