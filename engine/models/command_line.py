"""The command line of `yomite models list|pull|verify|licences|warm`; settings that `yomite` passes on come as options too."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.command_line import LANGUAGES, CommandLine, device, one_of
from engine.contract import Message, Task

HELP = {
    "list": Message(
        ja="プロファイルのモデル：タスク、ことば、版、ライセンス、大きさ、手元にあるか",
        en="the profile's models: tasks, languages, revision, licence, size, and whether they are here",
    ),
    "pull": Message(
        ja="Hugging Face、ミラー、または運んできたフォルダからモデルを取得し、ハッシュを確かめる",
        en="fetch models from the hub, a mirror or a folder that was carried, and check their hashes",
    ),
    "verify": Message(ja="すべてのファイルを読みなおし、ハッシュと比べる", en="read every file again and compare its hash"),
    "licences": Message(ja="ライセンスと、学習に使われたデータ", en="licences, and what the models were trained on"),
    "warm": Message(
        ja="動いているワーカーにモデルを読み込ませる（なければ、ここで一度読み込んで確かめる）",
        en="let running workers load models (without one: load them once here, to see that they can be)",
    ),
    "use": Message(
        ja="学習させたフォルダ、またはカタログのモデルに答えさせる", en="let a folder that you trained, or a model of the catalog, answer"
    ),
    "reset": Message(ja="カタログのモデルに戻す", en="let the catalog's models answer again"),
}
NAMES = Message(ja="モデルの名前（所有者は省けます）", en="names of models; the owner may be left out")
FORMS = {
    "list": "[--all-profiles] [--json]",
    "pull": "[NAME …|--all] [--update] [--from FOLDER|--to FOLDER] [--json]",
    "verify": "[NAME …] [--json]",
    "licences": "[NAME …] [--all-profiles] [--json]",
    "warm": "[TASK …]",
}


def parser(command: str, lang: str) -> CommandLine:
    """What may be given to one of the commands, with its help in a language."""
    found = CommandLine(
        lang=lang,
        prog=f"yomite models {command}",
        usage=f"yomite models {command} {FORMS[command]}",
        description=HELP[command].in_language(lang),
    )
    said = found.said
    if command in ("pull", "verify", "licences"):
        found.add_argument("names", nargs="*", metavar="NAME", help=NAMES.in_language(lang))
    if command == "warm":
        found.add_argument("tasks", nargs="*", type=one_of(*Task), metavar="TASK", help=said("タスク。省くとすべて", "default: every task"))
    if command in ("list", "licences"):
        found.add_argument("--all-profiles", action="store_true", help=said("ほかのプロファイルも", "those of other profiles too"))
    if command == "list":
        found.add_argument("--workers", type=int, default=0, help=argparse.SUPPRESS)  # that run and tell what they have loaded
        found.add_argument("--loaded", action="append", default=[], metavar="NAME=WORKERS", help=argparse.SUPPRESS)
        found.add_argument("--licences", action="store_true", help=HELP["licences"].in_language(lang))
    if command == "pull":
        _add_pulling(found)
    if command != "warm":
        found.add_argument("--json", action="store_true", help=said("JSON で出す", "print JSON"))
    add_settings(found)
    return found


def _add_pulling(found: CommandLine) -> None:
    said = found.said
    found.add_argument("--all", action="store_true", help=said("すべてのプロファイルのモデル", "the models of every profile"))
    found.add_argument(
        "--update", action="store_true", help=said("固定した版を、いまの版に替える", "move what is locked to what there is now")
    )
    where = found.add_mutually_exclusive_group()
    where.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FOLDER",
        help=said("ネットワークを使わず、フォルダから", "from a folder, without a network"),
    )
    where.add_argument(
        "--to", dest="target", type=Path, metavar="FOLDER", help=said("運ぶために、フォルダにも書く", "also into a folder, to be carried")
    )


def add_settings(found: CommandLine) -> None:
    """What `yomite` passes on of its settings; not shown in a help."""
    hidden = argparse.SUPPRESS
    found.add_argument("--profile", default="bundled", help=hidden)
    for name in ("catalog", "chosen", "models-dir", "lock", "models-cache"):
        found.add_argument(f"--{name}", type=Path, help=hidden)
    found.add_argument("--hub-mirror", help=hidden)
    found.add_argument("--device", type=device, default="auto", help=hidden)
    found.add_argument("--precision", default="auto", help=hidden)
    found.add_argument("--lang", type=one_of(*LANGUAGES), default=found.lang, help=hidden)


def overview(lang: str) -> str:
    """All commands, a line each."""
    head = Message(ja="モデルを扱うコマンド：", en="Commands for models:").in_language(lang)
    return "\n".join([head, *(f"  yomite models {name:<9} {meaning.in_language(lang)}" for name, meaning in HELP.items())])
