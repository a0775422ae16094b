"""What is wrong with rows of a file, gathered so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Message
from engine.errors import BadInputError
from engine.surrogates import without_surrogates

# Problems that are told in full; of the others, how many there are.
TOLD_IN_FULL = 20


class RowProblem(Exception):
    """One row is wrong; says what was wrong and what would be right."""

    def __init__(self, *, ja: str, en: str) -> None:
        super().__init__(en)
        self.message = Message(ja=ja, en=en)


@dataclass(frozen=True)
class Problem:
    """What is wrong at a line of the file, counted from 1."""

    line: int
    message: Message


def bad_rows(name: str, problems: Sequence[Problem]) -> BadInputError:
    """The error that lists the problems of the file `name` by their lines."""
    told = sorted(problems, key=lambda problem: problem.line)
    ja = [f"{name}：正しくない行が {len(told)} 件あります。直してからもう一度お試しください。"]
    en = [f"{name}: {counted(len(told))} cannot be used; correct what is listed and try again."]
    for problem in told[:TOLD_IN_FULL]:
        ja.append(f"  {problem.line} 行目：{problem.message.ja}")
        en.append(f"  line {problem.line}: {problem.message.en}")
    if len(told) > TOLD_IN_FULL:
        ja.append(f"  ほか {len(told) - TOLD_IN_FULL} 件")
        en.append(f"  and {len(told) - TOLD_IN_FULL} more")
    lines = ",".join(str(problem.line) for problem in told[:TOLD_IN_FULL])
    return BadInputError("bad_rows", ja="\n".join(ja), en="\n".join(en), file=name, rows=str(len(told)), lines=lines)


def counted(rows: int) -> str:
    """How many rows, in English."""
    return "1 row" if rows == 1 else f"{rows:,} rows"


def quoted(value: object, *, at_most: int = 40) -> str:
    """A value of the file as it is shown in a message: on one line, not long, and such that it can be written down."""
    text = " ".join(without_surrogates(str(value)).split())
    return text if len(text) <= at_most else text[: at_most - 1] + "…"
