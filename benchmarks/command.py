"""What every benchmark's command line does: compare, print what came out, or say why it cannot be measured."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from engine.errors import EngineError


def print_comparison(compare: Callable[..., str], parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Call `compare` with the parsed arguments by their names; 1 where the engine cannot answer."""
    try:
        print(compare(**vars(parser.parse_args(arguments))))
    except EngineError as error:
        print(error.message.ja, error.message.en, sep="\n", file=sys.stderr)
        return 1
    return 0
