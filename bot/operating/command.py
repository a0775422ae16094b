"""Adds `yomite doctor` and `yomite jobs` to the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.errors import CommandError
from bot.language import Speech, both
from bot.settings import Settings
from bot.word_command import WordCommand, WordGroup
from workers.queue.rows import JobState

NAMES = ("doctor", "jobs")


class JobsGroup(WordGroup):
    """`yomite jobs` alone, or with options alone, lists them."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # the base class is of a private module
        """Put the word in that was left out."""
        left_out = not args or (args[0].startswith("-") and args[0] != "--help")
        return super().parse_args(ctx, ["list", *args] if left_out else args)


def add_operating_commands(app: typer.Typer, settings: Settings, speech: Speech) -> None:
    """Add them, with their help in `speech`."""
    _add_doctor(app, settings, speech)
    _add_jobs(app, settings, speech)


def _add_doctor(app: typer.Typer, settings: Settings, speech: Speech) -> None:
    def said(ja: str, en: str) -> str:
        return both(ja, en).in_language(speech)

    offline_option = typer.Option("--offline", help=said("Slack と Discord には尋ねない", "do not ask Slack and Discord"))
    deep_option = typer.Option(
        "--deep", help=said("モデルに 1 文ずつ答えさせる（数秒かかる）", "let the models answer a sentence each (takes seconds)")
    )
    json_option = typer.Option("--json", help=said("ひとつの JSON で出力する", "print one JSON object"))

    def doctor(offline: bool = False, deep: bool = False, as_json: bool = False) -> int:
        # Imported here, as below, because only these commands need it.
        from bot.operating.doctor import doctor

        return doctor(settings, speech, offline=bool(offline), deep=bool(deep), json_wanted=bool(as_json))

    # typer reads annotations by name; these exist only in here.
    doctor.__annotations__ = {
        "offline": Annotated[bool, offline_option],
        "deep": Annotated[bool, deep_option],
        "as_json": Annotated[bool, json_option],
        "return": int,
    }
    help_text = said(
        "動くために必要なものをすべて調べ、直し方を言う（終了コード 1：異常あり）",
        "look at all that is needed, and say what to do about it (exit code 1: something is wrong)",
    )
    app.command("doctor", cls=WordCommand, help=help_text)(doctor)


def _add_jobs(app: typer.Typer, settings: Settings, speech: Speech) -> None:
    def said(ja: str, en: str) -> str:
        return both(ja, en).in_language(speech)

    group = typer.Typer(
        cls=JobsGroup,
        add_completion=False,
        rich_markup_mode=None,
        help=said("失敗したジョブ：見る、やり直す、削除する", "failed jobs: list, retry, drop them"),
    )
    waiting_option = typer.Option("--waiting", help=said("待っているジョブ", "those that wait"))
    running_option = typer.Option("--running", help=said("実行中のジョブ", "those that run"))
    every_state_option = typer.Option("--all", help=said("失敗・実行中・待ちのすべて", "failed, running and waiting ones"))
    json_option = typer.Option("--json", help=said("ひとつの JSON で出力する", "print one JSON object"))
    all_option = typer.Option("--all", help=said("失敗したジョブすべて", "all failed jobs"))
    ids = typer.Argument(metavar="ID", help=said("ジョブの ID（yomite jobs に出る）", "ids of jobs, as yomite jobs lists them"))

    def show(waiting: bool = False, running: bool = False, everything: bool = False, as_json: bool = False) -> int:
        from bot.operating.jobs import show_jobs

        return show_jobs(
            settings, speech, states=_states(waiting=waiting, running=running, everything=everything), json_wanted=bool(as_json)
        )

    def retry(names: list[str] | None = None, everything: bool = False) -> int:
        from bot.operating.jobs import retry

        return retry(settings, speech, names or (), everything=bool(everything))

    def drop(names: list[str] | None = None, everything: bool = False) -> int:
        from bot.operating.jobs import drop

        return drop(settings, speech, names or (), everything=bool(everything))

    # As above.
    show.__annotations__ = {
        "waiting": Annotated[bool, waiting_option],
        "running": Annotated[bool, running_option],
        "everything": Annotated[bool, every_state_option],
        "as_json": Annotated[bool, json_option],
        "return": int,
    }
    retry.__annotations__ = {"names": Annotated[list[str] | None, ids], "everything": Annotated[bool, all_option], "return": int}
    drop.__annotations__ = {"names": Annotated[list[str] | None, ids], "everything": Annotated[bool, all_option], "return": int}
    group.command("list", cls=WordCommand, help=said("一覧（省くと失敗したもの）", "list them (default: failed ones)"))(show)
    group.command("retry", cls=WordCommand, help=said("失敗したジョブをキューに戻す", "put failed jobs back into their queue"))(retry)
    group.command(
        "drop", cls=WordCommand, help=said("失敗したジョブを、保存したものごと削除する", "delete failed jobs and all that is kept of them")
    )(drop)
    app.add_typer(group, name="jobs")


def _states(*, waiting: bool, running: bool, everything: bool) -> tuple[JobState, ...]:
    """Which jobs are asked for.

    Raises:
        CommandError: two things are asked for.
    """
    if bool(waiting) + bool(running) + bool(everything) > 1:
        raise CommandError(
            ja="--waiting、--running、--all はひとつだけ付けてください（すべて見るなら --all）。",
            en="Give only one of --waiting, --running and --all (which shows all of them).",
        )
    if everything:
        return ("failed", "running", "waiting")
    return ("waiting",) if waiting else ("running",) if running else ("failed",)
