"""`python -m engine.training train|adapt …`: teaches a model, and says how much better it became."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from engine.catalog import Catalog
from engine.errors import BadInputError, CatalogError, EngineError
from engine.training.adapt import adapt_encoder
from engine.training.options import adapt_wish, parser, train_wish
from engine.training.teaching import drop_empty, has_checkpoint
from engine.training.telling import interrupted, tell_outcome
from engine.training.train import TrainWish, train_task
from engine.training.voice import Voice
from engine.training.watching import StopWish, heeding_signals

OK, CANNOT_TRAIN, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code: 0 trained, 1 the model cannot be, 2 bad options or data, 130 stopped by a person."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(words)
    logging.basicConfig(format="%(message)s")
    stop, voice = StopWish(), Voice(options.lang)
    wish = train_wish(options, words) if options.command == "train" else adapt_wish(options, words)
    try:
        catalog = Catalog.load(
            profile=options.profile, user_file=options.catalog, models_dir=options.models_dir, chosen=options.chosen, lock=options.lock
        )
        with heeding_signals(stop):
            outcome = train_task(wish, catalog, stop) if isinstance(wish, TrainWish) else adapt_encoder(wish, catalog, stop)
    except EngineError as error:
        voice.note(error.message)
        return BAD_INPUT if isinstance(error, BadInputError | CatalogError) else CANNOT_TRAIN
    except KeyboardInterrupt:
        outcome = None
    if outcome is None:
        voice.note(interrupted(wish.out, has_checkpoint=has_checkpoint(wish.out)))
        drop_empty(wish.out)
        return INTERRUPTED
    tell_outcome(outcome, as_json=options.json, voice=voice)
    return OK


if __name__ == "__main__":
    sys.exit(main())
