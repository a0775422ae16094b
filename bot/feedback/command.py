"""`yomite feedback`: how much was kept, writing it as files of examples, and deleting it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import CommandError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.language import Speech, both
from bot.settings import Settings
from bot.word_command import SpokenCommand, WordGroup
from engine.contract import Message, Task

if TYPE_CHECKING:
    from bot.feedback.store import FeedbackStore

NAME = "feedback"
TASKS = ("sentiment", "ner", "ask", "similar")
INCLUDES = ("all", "good", "corrected")


def add_feedback_commands(app: typer.Typer, settings: Settings, speech: Speech) -> None:
    """Add `feedback` with its subcommands to the command line, with their help in `speech`."""

    def said(ja: str, en: str) -> str:
        return both(ja, en).in_language(speech)

    group = typer.Typer(
        cls=WordGroup,
        add_completion=False,
        rich_markup_mode=None,
        help=said("👍 と 👎：件数を見る、学習用に書き出す、消す", "👍 and 👎: count them, write them as examples, delete them"),
    )
    task_option = typer.Option(
        "--task", metavar=f"<{'|'.join(TASKS)}>", help=said("どのコマンドの例か", "of which command"), show_default=False
    )
    out_option = typer.Option("--out", metavar="<FILE.jsonl|.csv>", help=said("書くファイル", "the file to write"), show_default=False)
    include_option = typer.Option(
        "--include",
        metavar=f"<{'|'.join(INCLUDES)}>",
        help=said("👍 の例、訂正された例、またはすべて", "examples that were 👍, corrected ones, or all"),
    )
    label_option = typer.Option(
        "--to-label", help=said("訂正のない 👎 を FILE.to-label.csv に書く", "write 👎 without a correction to FILE.to-label.csv")
    )
    all_option = typer.Option("--all", help=said("すべて消す", "delete everything"))
    before_option = typer.Option(
        "--before", metavar="<2026-01-31>", help=said("この日より前のものを消す", "delete what is older than this day"), show_default=False
    )

    def which(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            raise CommandError(
                ja="何をするか書いてください：yomite feedback export、status、forget。",
                en="Say what to do: yomite feedback export, status or forget.",
            )

    def export(task: str = "", out: Path | None = None, include: str = "all", to_label: bool = False) -> int:
        return write_files(settings, speech, task=_known(task, TASKS, "task"), out=out, include=include, to_label=to_label)

    def status() -> int:
        return print_counts(settings, speech)

    def forget(everything: bool = False, before: str | None = None) -> int:
        return delete(settings, speech, everything=everything, before=before)

    # typer reads annotations by name; these exist only in here.
    which.__annotations__ = {"context": typer.Context, "return": None}
    export.__annotations__ = {
        "task": Annotated[str, task_option],
        "out": Annotated[Path | None, out_option],
        "include": Annotated[str, include_option],
        "to_label": Annotated[bool, label_option],
        "return": int,
    }
    forget.__annotations__ = {"everything": Annotated[bool, all_option], "before": Annotated[str | None, before_option], "return": int}
    group.callback(invoke_without_command=True)(which)
    group.command(
        "export", cls=SpokenCommand, help=said("yomite train で学習できるファイルに書き出す", "write a file that yomite train learns from")
    )(export)
    group.command("status", cls=SpokenCommand, help=said("何件あるか", "how much there is"))(status)
    group.command("forget", cls=SpokenCommand, help=said("保存した文章と答えを消す", "delete texts and answers that were kept"))(forget)
    app.add_typer(group, name=NAME)


def write_files(settings: Settings, speech: Speech, *, task: str, out: Path | None, include: str, to_label: bool) -> int:
    """Write the examples; returns the exit code.

    Raises:
        BotError: an option is not as it should be, or a file cannot be written.
    """
    # Imported here, as below, because only these commands need them.
    from bot.feedback.examples import examples_of
    from bot.feedback.files import check_suffix, refuse_loss, to_label_path, write_examples, write_to_label

    out = out or Path(f"feedback-{task}.jsonl")
    check_suffix(out)
    store = _store(settings)
    chosen = _known(include, INCLUDES, "include")
    found = examples_of(Task(task), store.kept(Task(task)) if store else [], include=chosen)  # type: ignore[arg-type]  # one of INCLUDES
    if found.rows:
        refuse_loss(out, Task(task), found.rows)
    if found.to_label and to_label:  # first, for it may be refused
        write_to_label(to_label_path(out), Task(task), found.to_label)
    lines = []
    if found.rows:
        write_examples(out, Task(task), found.rows)
        lines.append(_written(out, found.good, found.corrected))
    else:
        lines.append(both(f"書き出せる {task} の例はありません。", f"There are no examples of {task} to write."))
    if found.ties:
        lines.append(_ties(found.ties))
    if found.to_label and to_label:
        lines.append(_to_label(len(found.to_label), to_label_path(out)))
    elif found.to_label:
        lines.append(_unlabelled(len(found.to_label)))
    _say(lines, speech)
    return OK if found.rows or (found.to_label and to_label) else CANNOT_ANSWER


def print_counts(settings: Settings, speech: Speech) -> int:
    """Print how much there is; returns the exit code."""
    store = _store(settings)
    counts = store.counts() if store else []
    lines = [
        both(
            f"{count.task}：👍 {count.good} 件、👎 {count.corrected + count.to_label} 件（うち訂正あり {count.corrected} 件）",
            f"{count.task}: {count.good} 👍, {count.corrected + count.to_label} 👎 ({count.corrected} of them corrected)",
        )
        for count in counts
    ]
    lines = lines or [both("保存したものはありません。", "Nothing is kept.")]
    if not settings.feedback:
        lines.append(
            both(
                "フィードバックは無効です。YOMITE_FEEDBACK=yes を設定すると、👍 と 👎 が出ます。",
                "Feedback is off. Set YOMITE_FEEDBACK=yes to offer 👍 and 👎.",
            )
        )
    _say(lines, speech)
    return OK


def delete(settings: Settings, speech: Speech, *, everything: bool, before: str | None) -> int:
    """Delete what was kept; returns the exit code.

    Raises:
        CommandError: neither or both of the options, or no date.
    """
    if everything == (before is not None):
        raise CommandError(
            ja="すべて消すなら --all、古いものだけなら --before 2026-01-31 のように、どちらかひとつを付けてください。",
            en="Give one of --all (delete everything) and --before 2026-01-31 (delete what is older).",
        )
    limit = None if before is None else _start_of_day(before)
    store = _store(settings)
    count = store.forget(before=limit) if store else 0
    _say([both(f"{count} 件を削除しました。", f"Deleted feedback: {count}")], speech)
    return OK


def _store(settings: Settings) -> FeedbackStore | None:
    """The store; None where nothing was ever kept."""
    from bot.feedback.store import FILE_NAME, FeedbackStore

    path = settings.state_dir / FILE_NAME
    return FeedbackStore(path) if path.exists() else None


def _known(value: str, allowed: Sequence[str], option: str) -> str:
    """Raises CommandError where an option has none of the values that it takes."""
    listed = ", ".join(allowed)
    if not value:
        raise CommandError(ja=f"--{option} がありません。使える値：{listed}", en=f"--{option} is missing. Allowed: {listed}")
    if value.lower() not in allowed:
        raise CommandError(
            ja=f"--{option} に「{value}」は使えません。使える値：{listed}", en=f"--{option} cannot be {value!r}. Allowed: {listed}"
        )
    return value.lower()


def _start_of_day(text: str) -> float:
    """Midnight, in seconds since 1970, by this machine's clock."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").astimezone().timestamp()
    except ValueError as error:
        raise CommandError(
            ja=f"--before の「{text}」は日付として読めません。2026-01-31 のように書いてください。",
            en=f"--before cannot be {text!r}. Write a date such as 2026-01-31.",
        ) from error


def _written(out: Path, good: int, corrected: int) -> Message:
    return both(
        f"{out} に {good + corrected} 件を書き出しました（👍 {good} 件、訂正 {corrected} 件）。",
        f"Wrote {good + corrected} example{'' if good + corrected == 1 else 's'} to {out} ({good} 👍, {corrected} corrected).",
    )


def _ties(count: int) -> Message:
    return both(
        f"意見が分かれて決まらない {count} 件は除きました。",
        f"Left out {count} on which people disagree evenly.",
    )


def _to_label(count: int, path: Path) -> Message:
    return both(
        f"訂正のない 👎 {count} 件を {path} に書きました。表計算ソフトで「?」を正しい答えに置き換えてください。",
        f"Wrote {count} 👎 without a correction to {path}. Replace each ? with what is right, in a spreadsheet.",
    )


def _unlabelled(count: int) -> Message:
    return both(
        f"訂正のない 👎 が {count} 件あります。--to-label を付けると、書き込み用の表にします。",
        f"There are {count} 👎 without a correction; --to-label writes them as a table to fill in.",
    )


def _say(lines: Sequence[Message], speech: Speech) -> None:
    print("\n".join(line.in_language(speech) for line in lines))
