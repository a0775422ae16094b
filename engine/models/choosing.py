"""`yomite models use FOLDER|NAME | reset [TASK…]`: which trained models, or others of the catalog, answer from now on.

A model is loaded once before it is chosen: what cannot be loaded never reaches a worker.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.catalog import CatalogEntry
from engine.catalog.chosen import Chosen, read_chosen, write_chosen
from engine.catalog.described import Description, read_description
from engine.command_line import CommandLine, language_of, one_of
from engine.contract import Message, Task, reason_of
from engine.errors import BadInputError, EngineError
from engine.models.command_line import HELP, add_settings
from engine.models.inventory import Places, named
from engine.models.memory import shortage_told

OK, CANNOT_ANSWER, BAD_INPUT = 0, 1, 2  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 the model cannot answer, 2 wrong options."""
    command, *words = sys.argv[1:] if arguments is None else arguments
    options = _parser(command, language_of(words, os.environ)).parse_args(words)
    try:
        done = _use(options) if command == "use" else _reset(options)
    except EngineError as error:
        print(error.message.in_language(options.lang), file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError) else CANNOT_ANSWER
    print(done.in_language(options.lang))
    return OK


def _use(options: argparse.Namespace) -> Message:
    folder = options.model.expanduser().absolute()
    chosen, rows = (folder, _rows_of_folder(folder)) if _is_folder(folder) else _rows_of_name(options)
    able = tuple(dict.fromkeys(row.task for row in rows))
    tasks = (options.task,) if options.task else able
    if not set(tasks) <= set(able):
        allowed = ", ".join(able)
        raise BadInputError(
            "not_trained_for",
            ja=f"このモデルは {tasks[0]} 用に学習されていません。--for に使えるもの：{allowed}",
            en=f"This model was not trained for {tasks[0]}. Allowed for --for: {allowed}",
        )
    _try_out(next(row for row in rows if row.task == tasks[0]), options.device)
    write_chosen(options.chosen, read_chosen(options.chosen) | dict.fromkeys(tasks, chosen))
    name, listed = rows[0].name, "、".join(tasks)
    return Message(
        ja=f"これからは {name} が {listed} に答えます。動いているワーカーは数秒のうちに切り替わります。元に戻す：yomite models reset {tasks[0]}",
        en=f"From now on {name} answers {', '.join(tasks)}. Workers that run take it within seconds. "
        f"To go back: yomite models reset {tasks[0]}",
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        why = reason_of(error)
        raise BadInputError(
            "folder_unreadable",
            ja=f"{path} を読めません（{why.ja}）。読めるフォルダか、`yomite models list --all-profiles` にある名前を指定してください。",
            en=f"{path} cannot be read ({why.en}). Name a folder that can be, or a model of `yomite models list --all-profiles`.",
        ) from error


def _rows_of_folder(folder: Path) -> list[CatalogEntry]:
    described = _described(folder)
    return [described.entry(folder, task) for task in described.tasks]


def _rows_of_name(options: argparse.Namespace) -> tuple[str, list[CatalogEntry]]:
    """A model of the hub that some profile or the team's catalog has, at the commit that is locked for it."""
    if options.model.is_absolute() or options.model.parts[:1] in ((".",), ("..",), ("~",)):
        raise _no_folder(options.model)
    places = Places(profile=options.profile, catalog=options.catalog, models_dir=options.models_dir, lock=options.lock)
    rows = [entry for model in named(places, [options.model.as_posix()]) for entry in model.entries]
    lock = places.read_lock()
    return rows[0].name, [lock.applied(row) for row in rows]


def _no_folder(folder: Path) -> BadInputError:
    return BadInputError(
        "no_folder",
        ja=f"フォルダ {folder} がありません。`yomite train` が書いたフォルダか、`yomite models list --all-profiles` にある名前を指定してください。",
        en=f"There is no folder {folder}. Name a folder that `yomite train` wrote, or a model of `yomite models list --all-profiles`.",
    )


def _described(folder: Path) -> Description:
    found = read_description(folder)
    if found is None:
        raise BadInputError(
            "not_described",
            ja=f"{folder} に yomite.json がありません。`yomite train` が書いたフォルダを指定してください。ほかのモデルはカタログの行で使えます。",
            en=f"There is no yomite.json in {folder}. Name a folder that `yomite train` wrote; other models are used by a row in a catalog.",
        )
    return found


def _try_out(row: CatalogEntry, device: str) -> None:
    """Load the model as a worker will.

    Raises:
        ModelError: it cannot be loaded, or memory does not suffice.
    """
    # Imported here because it brings torch, which `reset` does without.
    from engine.models.device import choose_device
    from engine.models.loading import load_model

    with shortage_told():
        load_model(row, device=choose_device(device))


def _reset(options: argparse.Namespace) -> Message:
    if not options.tasks and not options.all:
        raise BadInputError(
            "nothing_to_reset",
            ja="何を元に戻すかを指定してください。例：yomite models reset sentiment、すべてなら --all",
            en="Say what is to go back, e.g. yomite models reset sentiment, or --all for everything.",
        )
    before: Chosen = {} if options.all else read_chosen(options.chosen)
    # What came together goes together: a sentiment model also explains.
    gone = {before[task] for task in options.tasks if task in before}
    kept = {task: model for task, model in before.items() if model not in gone}
    if options.tasks and not gone:
        chosen = ", ".join(before) or "–"
        raise BadInputError(
            "not_chosen",
            ja=f"{', '.join(options.tasks)} に選んだモデルはありません。選んであるもの：{chosen}",
            en=f"No model was chosen for {', '.join(options.tasks)}. Chosen: {chosen}",
        )
    write_chosen(options.chosen, kept)
    listed = ", ".join(sorted(set(before) - set(kept))) if gone else ""
    return Message(
        ja=f"カタログのモデルに戻しました。{listed}" if listed else "すべてカタログのモデルに戻しました。",
        en=f"The catalog's models answer again: {listed}." if listed else "The catalog's models answer everything again.",
    )


def _parser(command: str, lang: str) -> CommandLine:
    found = CommandLine(lang=lang, prog=f"yomite models {command}", description=HELP[command].in_language(lang))
    said = found.said
    if command == "use":
        form = said(
            "`yomite train` が書いたフォルダか、`yomite models list --all-profiles` にある名前",
            "a folder as `yomite train` wrote it, or a name of `yomite models list --all-profiles`",
        )
        found.add_argument("model", type=Path, metavar="FOLDER", help=form)
        everything = said("省くと、学習したタスクすべて", "default: all that it was trained for")
        found.add_argument("--for", dest="task", type=one_of(*Task), metavar="TASK", help=everything)
    else:
        found.add_argument(
            "tasks",
            nargs="*",
            type=one_of(*Task),
            metavar="TASK",
            help=said("もとに戻すタスク", "tasks that go back to the catalog's model"),
        )
        found.add_argument("--all", action="store_true", help=said("すべてのタスク", "every task"))
    add_settings(found)
    return found


if __name__ == "__main__":
    sys.exit(main())
