"""Answers a whole column of a CSV file: every row a text, with a progress bar, as one table or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.commands.command import Command
from bot.commands.wording import shortened
from bot.conversation import Understood
from bot.errors import CommandError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.grammar import Arguments, arguments_of_words
from bot.language import Speech, counted
from bot.platforms.plain import plain
from bot.platforms.terminal.call import Call, parsed, print_json, print_outcome, say_notes
from bot.platforms.terminal.draw import draw, make_console
from bot.platforms.terminal.files import ColumnRead, read_column
from bot.reply import Cell, Reply, Table, cells, columns
from bot.settings import Settings
from engine.contract import CONTRACT_VERSION, Failure, Message, Request, to_json
from workers.queue import Outcome

if TYPE_CHECKING:
    from workers.queue.local import Queue

# A row's fate before it is computed: a Request, or what is wrong with the row.
Asked = Request | Failure


def answer_table(call: Call, settings: Settings, open_queue: Callable[[], Queue]) -> int:
    """Answer all rows and return the exit code: 1 where any of them could not be answered.

    Raises:
        BotError: the command, the file or its column is not as it should be.
    """
    if call.file is None or call.command.rows == "none":
        raise CommandError(
            ja=f"{call.command.name} は表（CSV）を読みません。文章をひとつ渡してください。",
            en=f"{call.command.name} does not read tables (CSV). Give it one text.",
        )
    read = read_column(call.file, call.column)
    speech = settings.speech_for(" ".join((*call.words, *read.texts[:20])))
    say_notes(read.notes, speech)
    if call.command.rows == "together":
        asked: list[Asked] = [parsed(call.command, _together(call, read.texts))]
    else:
        asked = [_ask(call, text) for text in read.texts]
    # Closed before the queue is, also where whoever reads our output goes away in its middle: what was submitted ahead is then cancelled.
    with closing(_outcomes(asked, open_queue())) as outcomes:
        return _print(call, read, asked, _with_progress(outcomes, total=len(asked), title=plain(call.file.name)), speech)


def _ask(call: Call, text: str) -> Asked:
    """The Request for one row, whose text is taken as it is: bars and quotes in a table are text.

    Raises:
        CommandError: what stands on the command line beside the table is not as it should be.
    """
    if not text.strip():
        return Failure(code="empty_text", message=Message(ja="この行には文章がありません。", en="There is no text in this row."))
    if call.command.takes == "question":
        question = arguments_of_words(call.words, options=call.options, attached=text)
        request: Request = parsed(call.command, question)
    else:
        request = parsed(call.command, Arguments(text=text, texts=(text,), first=text, rest="", options=call.options))
    return request


def _together(call: Call, texts: Sequence[str]) -> Arguments:
    rows = tuple(text for text in texts if text.strip())
    return Arguments(text="", texts=(*call.words, *rows), first="", rest="", options=call.options)


def _outcomes(asked: Sequence[Asked], queue: Queue) -> Generator[Outcome]:
    """One outcome a row, in order; bad rows never reach the queue."""
    answers = queue.map(request for request in asked if not isinstance(request, Failure))
    for request in asked:
        yield request if isinstance(request, Failure) else next(answers)


def _with_progress(outcomes: Iterable[Outcome], *, total: int, title: str) -> Iterator[Outcome]:
    """The same outcomes, with a bar on stderr where somebody can see it move."""
    console = make_console(stderr=True)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Not redirected: stdout may be a file while stderr is the terminal.
    with Progress(*bars, console=console, disable=not console.is_terminal, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(title, total=total)
        for outcome in outcomes:
            progress.advance(task)
            yield outcome


def _print(call: Call, read: ColumnRead, asked: Sequence[Asked], outcomes: Iterable[Outcome], speech: Speech) -> int:
    if call.command.rows == "together":
        [outcome] = outcomes
        return _print_together(call, asked[0], outcome, speech)
    answered: list[Outcome] = []
    for row, outcome in enumerate(outcomes, start=1):
        answered.append(outcome)
        if call.as_json_lines:
            print_json(_row_json(row, read.texts[row - 1], outcome))
    if call.as_json:
        rows = [_row_json(row, text, outcome) for row, (text, outcome) in enumerate(zip(read.texts, answered, strict=True), start=1)]
        print_json({"version": CONTRACT_VERSION, "file": str(call.file), "column": read.column, "results": rows})
    elif not call.as_json_lines:
        draw(_table(call.command, read, asked, answered, speech), make_console(), speech=speech)
    return CANNOT_ANSWER if any(isinstance(outcome, Failure) for outcome in answered) else OK


def _print_together(call: Call, request: Asked, outcome: Outcome, speech: Speech) -> int:
    if isinstance(request, Failure):
        raise TypeError("rows that are asked together make one Request")
    understood = Understood(command=call.command, request=request, extras={})
    return print_outcome(call, understood, outcome, speech)


def _row_json(row: int, text: str, outcome: Outcome) -> dict[str, Any]:
    """Rows count from 1, below the header; spans point into `text`."""
    return {"row": row, "text": text, **to_json(outcome)}


def _table(command: Command[Any, Any], read: ColumnRead, asked: Sequence[Asked], answered: Sequence[Outcome], speech: Speech) -> Reply:
    rows = []
    for number, (text, request, outcome) in enumerate(zip(read.texts, asked, answered, strict=True), start=1):
        rows.append(cells(str(number), shortened(text, limit=60), _brief(command, request, outcome, speech)))
    failed = sum(isinstance(outcome, Failure) for outcome in answered)
    titles = ("行", read.column, "答え") if speech == "ja" else ("row", read.column, "answer")
    title = (
        f"{command.summary.in_language(speech)}：{len(rows)} 行" if speech == "ja" else f"{command.summary.en}: {counted(len(rows), 'row')}"
    )
    notes = (
        (f"{failed} 行は答えられませんでした。" if speech == "ja" else f"{failed} of the rows could not be answered.",) if failed else ()
    )
    return Reply(title=title, brief=title, blocks=(Table(columns=columns(*titles, right=(0,)), rows=tuple(rows)),), notes=notes)


def _brief(command: Command[Any, Any], request: Asked, outcome: Outcome, speech: Speech) -> Cell:
    if isinstance(request, Failure) or isinstance(outcome, Failure):
        failure = request if isinstance(request, Failure) else outcome
        return Cell(text=failure.message.in_language(speech) if isinstance(failure, Failure) else "", tone="trouble")
    reply = command.render(request, outcome, speech)
    return Cell(text=reply.brief, tone=reply.tone)
