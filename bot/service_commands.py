"""The subcommands of `yomite` for who runs it: those that start parts of the system (run, serve, worker), `doctor`, `jobs`, `forget`, `feedback`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.feedback.command import NAME as FEEDBACK, add_feedback_commands
from bot.language import Speech, both
from bot.operating.command import NAMES as OPERATING, add_operating_commands
from bot.settings import Settings
from bot.word_command import WordCommand

NAMES = ("run", "serve", "worker", *OPERATING, "forget", FEEDBACK)


def add_service_commands(app: typer.Typer, settings: Settings, speech: Speech) -> None:
    """Add them to the command line, with their help in `speech`."""

    def said(ja: str, en: str) -> str:
        return both(ja, en).in_language(speech)

    platforms = typer.Argument(metavar="[web|slack|discord]…", help=said("省くと、使えるものすべて", "default: all that can be used"))

    def run() -> int:
        # Imported here, as below, because only these commands start anything.
        from bot.running import run_everything

        return run_everything(settings)

    def serve(names: Annotated[list[str] | None, platforms] = None) -> int:
        from bot.running import serve_platforms

        return serve_platforms(settings, [name.lower() for name in names or ()])

    def worker(context: typer.Context) -> int:
        from bot.running import run_worker

        return run_worker(settings, context.args)

    person = typer.Argument(
        metavar="slack:ID|discord:ID|web:SESSION", help=said("誰を（例：slack:U0123ABCD）", "whom, e.g. slack:U0123ABCD")
    )

    def forget(who: str | None) -> int:
        from bot.forget import forget

        return forget(settings, speech, who or "")

    # typer reads annotations by name; these exist only in here.
    serve.__annotations__ = {"names": Annotated[list[str] | None, platforms], "return": int}
    worker.__annotations__ = {"context": typer.Context, "return": int}
    forget.__annotations__ = {"who": Annotated[str, person], "return": int}
    passing_on = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command(
        "run",
        cls=WordCommand,
        help=said(
            "すべてを起動する：Redis、ワーカー、チャットページ、Slack、Discord",
            "start everything: Redis, a worker, the chat page, Slack, Discord",
        ),
    )(run)
    app.command("serve", cls=WordCommand, help=said("チャットだけを起動する", "start chat platforms alone"))(serve)
    app.command(
        "worker",
        help=said("ワーカーだけを起動する（--burst：仕事がなくなったら終わる）", "start a worker alone (--burst: until nothing is left)"),
        context_settings=passing_on,
    )(worker)
    app.command(
        "forget",
        cls=WordCommand,
        help=said(
            "ひとりの質問と答えを、Redis とそのディスクと 👍・👎 の記録から消す",
            "erase one person's questions and answers from Redis, its disk and the feedback that was kept",
        ),
    )(forget)
    add_operating_commands(app, settings, speech)
    add_feedback_commands(app, settings, speech)
