"""`python -m engine.models list|pull|verify|licences|warm|use|reset`: models in operation, as `yomite models` calls it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from engine.catalog.locked import write_lock
from engine.command_line import language_of
from engine.contract import Message
from engine.errors import BadInputError, CatalogError, EngineError
from engine.models import choosing
from engine.models.carrying import carry_in, carry_out
from engine.models.checking import note_checked
from engine.models.command_line import overview, parser
from engine.models.hub import Hub
from engine.models.inventory import Model, Places, models_of, named
from engine.models.licences import licences
from engine.models.listing import Workers, listed
from engine.models.pulling import Pulled, pull
from engine.models.verifying import verify
from engine.models.wording import (
    carried_line,
    licence_lines,
    listed_lines,
    locked_line,
    mending,
    nothing_to_pull,
    pulled_line,
    verified_line,
    warmed_line,
)

OK, TROUBLE, BAD_INPUT = 0, 1, 2  # exit codes
CHOOSING = ("use", "reset")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code: 0 done, 1 something is wrong with a model, 2 wrong options."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    lang = language_of(words, os.environ)
    if words and words[0] in CHOOSING:
        return choosing.main(words)
    if not words or words[0] not in RUNNERS:
        print(overview(lang))
        return BAD_INPUT
    options = parser(words[0], lang).parse_args(words[1:])
    try:
        code = RUNNERS[words[0]](options, Speaker(lang))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except EngineError as error:
        print(error.message.in_language(lang), file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError | CatalogError) else TROUBLE


class Speaker:
    """Says things in one language."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def say(self, message: Message) -> None:
        """What was asked for."""
        print(message.in_language(self._lang), flush=True)

    def note(self, message: Message) -> None:
        """How far it is, or what to do next; beside what a program reads."""
        print(message.in_language(self._lang), file=sys.stderr, flush=True)


def _list(options: argparse.Namespace, speaker: Speaker) -> int:
    if options.licences:
        options.names = []
        return _licences(options, speaker)
    places = Places.of(options)
    loaded = {name: int(count) for name, _, count in (told.rpartition("=") for told in options.loaded)}
    workers = Workers(count=options.workers, loaded=loaded) if options.workers else None
    rows = listed(models_of(places, all_profiles=options.all_profiles), places, workers=workers)
    if options.json:
        _print_json([row.as_json() for row in rows])
        return OK
    for row in rows:
        speaker.say(listed_lines(row))
    return OK


def _pull(options: argparse.Namespace, speaker: Speaker) -> int:
    places = Places.of(options)
    models = named(places, options.names) if options.names else models_of(places, all_profiles=options.all)
    wanted = [model for model in models if model.hub]
    if not wanted:
        speaker.note(nothing_to_pull())
    hub = Hub(endpoint=options.hub_mirror, cache=options.models_cache)
    if not sys.stderr.isatty():
        _draw_no_bars()
    done = [_pull_one(model, hub, places, options, speaker) for model in wanted]
    if options.json:
        _print_json([each.as_json() for each in done])
    elif done and places.lock:
        speaker.say(locked_line(places.lock))
    return OK


def _pull_one(model: Model, hub: Hub, places: Places, options: argparse.Namespace, speaker: Speaker) -> Pulled:
    if options.source:
        done = carry_in(model, hub, options.source, update=options.update)
    else:
        done = pull(model, hub, update=options.update, tell=speaker.note)
    note_checked(done.locked, done.folder)
    if places.lock:  # after each: what is done stays done where the next one fails
        lock = places.read_lock()
        if lock.of(done.name, model.asked) != done.locked:
            write_lock(places.lock, lock.with_model(done.name, model.asked, done.locked))
    if options.target:
        carry_out(model, done, options.target)
    tell = speaker.note if options.json else speaker.say
    tell(pulled_line(done, update=options.update))
    if options.target:
        tell(carried_line(done, options.target))
    return done


def _verify(options: argparse.Namespace, speaker: Speaker) -> int:
    rows = []
    for row in verify(Places.of(options), options.names):
        rows.append(row)
        if not options.json:
            speaker.say(verified_line(row))
    if options.json:
        _print_json([row.as_json() for row in rows])
    elif advice := mending(rows):
        speaker.note(advice)
    return OK if all(row.right for row in rows) else TROUBLE


def _licences(options: argparse.Namespace, speaker: Speaker) -> int:
    places = Places.of(options)
    models = named(places, options.names) if options.names else models_of(places, all_profiles=options.all_profiles)
    rows = licences(models)
    if options.json:
        _print_json([row.as_json() for row in rows])
        return OK
    for row in rows:
        speaker.say(licence_lines(row))
    return OK


def _warm(options: argparse.Namespace, speaker: Speaker) -> int:
    # Imported here because it brings torch, which the others do without.
    from engine.models.trying import try_models

    for task, name, seconds in try_models(Places.of(options), options.tasks, device=options.device, precision=options.precision):
        speaker.say(warmed_line(task, name, seconds))
    return OK


RUNNERS: dict[str, Callable[[argparse.Namespace, Speaker], int]] = {
    "list": _list,
    "pull": _pull,
    "verify": _verify,
    "licences": _licences,
    "warm": _warm,
}


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _draw_no_bars() -> None:
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()


if __name__ == "__main__":
    sys.exit(main())
