"""The command line of `yomite evaluate`; reading it loads no torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.command_line import PRECISIONS, CommandLine, add_settings, one_of, whole_number
from engine.contract import Message
from engine.evaluation.asking import REQUESTS_AT_ONCE
from engine.examples.reading import FORMATS
from engine.examples.rows import ExampleTask


def parser(lang: str) -> CommandLine:
    """What may be given, with its help in a language; settings that `yomite` passes on come as options too."""
    words = "yomite evaluate sentiment --data docs/examples/team-check.csv"
    about = Message(ja="答えのわかっているデータで採点する", en="measure the engine on a file of rows whose answers are known")
    found = CommandLine(lang=lang, prog="yomite evaluate", description=about.in_language(lang), example=Message(ja=words, en=words))
    said = found.said
    formats, tasks = ", ".join(FORMATS), ", ".join(ExampleTask)
    found.add_argument(
        "task", type=one_of(*ExampleTask), metavar="TASK", help=said(f"採点するタスク：{tasks}", f"what is measured: {tasks}")
    )
    found.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FILE",
        help=said(f"答えの付いた行：{formats}、gzip（.gz）でも可", f"the rows: {formats}, gzipped (.gz) or not"),
    )
    model = said("モデルの名前かフォルダ。省くとカタログのもの", "a model id or folder; default: the catalog's")
    found.add_argument("--model", metavar="NAME|FOLDER", help=model)
    against = said("同じ行で比べる、もうひとつのモデル", "compare with this model id or folder on the same rows")
    found.add_argument("--against", metavar="NAME|FOLDER", help=against)
    found.add_argument("--limit", type=whole_number(at_least=1), metavar="N", help=said("はじめの N 行だけ", "only the first N rows"))
    # The tenth of the bundled models' Japanese sentiment data that they did not learn from; of a team's own data it tells nothing.
    found.add_argument("--held-out", action="store_true", help=argparse.SUPPRESS)
    _add_output(found)
    add_settings(found)
    _add_computing(found)
    return found


def _add_output(found: CommandLine) -> None:
    said = found.said
    found.add_argument("--json", action="store_true", help=said("ひとつの JSON で出力する", "print one JSON object"))
    rows = said("--json と：各行の結果を `outcomes` に入れる", "with --json: how each row went, as `outcomes`")
    found.add_argument("--rows", action="store_true", help=rows)
    page = said("結果をすべて載せた 1 枚のページを書く", "write one page with all that was measured")
    found.add_argument("--page", type=Path, metavar="FILE.html", help=page)
    picture = said("混同行列の図を書く", "write a picture of the confusion matrix")
    found.add_argument("--picture", type=Path, metavar="FILE.png", help=picture)


def _add_computing(found: CommandLine) -> None:
    said = found.said
    found.add_argument(
        "--precision",
        type=one_of(*PRECISIONS),
        default="auto",
        metavar="|".join(PRECISIONS),
        help=said("計算の精度。auto（省いたとき）：速いマシンでは bf16", "what it computes in; auto (default): bf16 where that is fast"),
    )
    found.add_argument(
        "--memory-budget-mb",
        type=whole_number(at_least=1),
        default=4_096,
        metavar="MIB",
        help=said("モデルに使うメモリ（MiB）。省くと %(default)s", "memory for loaded models, in MiB; default: %(default)s"),
    )
    found.add_argument(
        "--batch",
        type=whole_number(at_least=1),
        default=REQUESTS_AT_ONCE,
        metavar="N",
        help=said("一度に答える質問の数。省くと %(default)s", "requests at once; default: %(default)s"),
    )
