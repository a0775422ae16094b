"""Does what a command line of `train` or `adapt` asks for, and says how it ended."""

from __future__ import annotations

import argparse
import logging

from engine.catalog import Catalog
from engine.errors import BadInputError, CatalogError, EngineError
from engine.models.memory import shortage_told
from engine.training.adapt import adapt_encoder
from engine.training.exit_codes import BAD_INPUT, CANNOT_TRAIN, INTERRUPTED, OK
from engine.training.out import has_checkpoint
from engine.training.telling import interrupted, tell_outcome
from engine.training.train import train_task
from engine.training.watching import StopWish, heeding_signals
from engine.training.wishes import AdaptWish, TrainWish


def run(wish: TrainWish | AdaptWish, options: argparse.Namespace) -> int:
    """Train as is wished, with the models and the output that `options` say; returns the exit code."""
    logging.basicConfig(format="%(message)s")
    stop, voice = StopWish(), wish.voice
    try:
        catalog = Catalog.load(
            profile=options.profile, user_file=options.catalog, models_dir=options.models_dir, chosen=options.chosen, lock=options.lock
        )
        with heeding_signals(stop), shortage_told():
            outcome = train_task(wish, catalog, stop) if isinstance(wish, TrainWish) else adapt_encoder(wish, catalog, stop)
    except EngineError as error:
        voice.note(error.message)
        return BAD_INPUT if isinstance(error, BadInputError | CatalogError) else CANNOT_TRAIN
    except KeyboardInterrupt:
        outcome = None
    if outcome is None:
        voice.note(interrupted(wish.out, has_checkpoint=has_checkpoint(wish.out)))
        return INTERRUPTED
    tell_outcome(outcome, as_json=options.json, voice=voice)
    return OK
