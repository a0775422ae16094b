"""`python -m engine.models.choosing use FOLDER | reset [TASK…]`: which trained models answer from now on, as `yomite models` calls it.

A model is loaded once before it is chosen: what cannot be loaded never reaches a worker.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.catalog.chosen import Folders, read_chosen, write_chosen
from engine.catalog.described import Description, read_description
from engine.contract import Message, Task
from engine.errors import BadInputError, EngineError

OK, CANNOT_ANSWER, BAD_INPUT = 0, 1, 2  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 the model cannot answer, 2 wrong options."""
    options = _parser().parse_args(arguments)
    try:
        done = _use(options) if options.command == "use" else _reset(options)
    except EngineError as error:
        print(error.message.in_language(options.lang), file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError) else CANNOT_ANSWER
    print(done.in_language(options.lang))
    return OK


def _use(options: argparse.Namespace) -> Message:
    folder = options.folder.expanduser().absolute()
    described = _described(folder)
    tasks = (options.task,) if options.task else described.tasks
    if not set(tasks) <= set(described.tasks):
        allowed = ", ".join(described.tasks)
        raise BadInputError(
            "not_trained_for",
            ja=f"このモデルは {tasks[0]} 用に学習されていません。--for に使えるもの：{allowed}",
            en=f"This model was not trained for {tasks[0]}. Allowed for --for: {allowed}",
        )
    _try_out(described, folder, options.device)
    write_chosen(options.chosen, read_chosen(options.chosen) | dict.fromkeys(tasks, folder))
    name, listed = described.entry(folder, tasks[0]).name, "、".join(tasks)
    return Message(
        ja=f"これからは {name} が {listed} に答えます。動いているワーカーは数秒のうちに切り替わります。元に戻す：yomite models reset {tasks[0]}",
        en=f"From now on {name} answers {', '.join(tasks)}. Workers that run take it within seconds. "
        f"To go back: yomite models reset {tasks[0]}",
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


def _try_out(described: Description, folder: Path, device: str) -> None:
    """Load the model as a worker will.

    Raises:
        ModelError: it cannot be loaded.
    """
    # Imported here because it brings torch, which `reset` does without.
    from engine.models.loading import choose_device, load_model

    load_model(described.entry(folder, described.task), device=choose_device(device))


def _reset(options: argparse.Namespace) -> Message:
    if not options.tasks and not options.all:
        raise BadInputError(
            "nothing_to_reset",
            ja="何を元に戻すかを指定してください。例：yomite models reset sentiment、すべてなら --all",
            en="Say what is to go back, e.g. yomite models reset sentiment, or --all for everything.",
        )
    before: Folders = {} if options.all else read_chosen(options.chosen)
    # What came together goes together: a sentiment model also explains.
    gone = {before[task] for task in options.tasks if task in before}
    kept = {task: folder for task, folder in before.items() if folder not in gone}
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yomite models", description="Choose which trained models answer.")
    commands = parser.add_subparsers(dest="command", required=True)
    use = commands.add_parser("use", help="let the model in a folder answer from now on")
    use.add_argument("folder", type=Path, metavar="FOLDER", help="as `yomite train` wrote it")
    use.add_argument("--for", dest="task", type=Task, metavar="TASK", help="default: all that it was trained for")
    reset = commands.add_parser("reset", help="let the catalog's models answer again")
    reset.add_argument("tasks", nargs="*", type=Task, metavar="TASK")
    reset.add_argument("--all", action="store_true", help="every task")
    for command in (use, reset):
        command.add_argument("--chosen", type=Path, required=True, metavar="FILE", help="where choices are kept")
        command.add_argument("--device", default="auto")
        command.add_argument("--lang", choices=("ja", "en"), default="en", help="what is said is said in it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
