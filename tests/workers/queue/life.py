"""What must be true of a job in each state of its life (docs/reliability.md, part 1), and who has it in hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract import Request
from workers.books import Books
from workers.queue.replies import Entry, ReplyStream
from workers.taking import Taken, Taker


@dataclass
class Job:
    """What must be true of a job now. `place`: the queue, the name of the worker that has it, or nowhere.

    `entries`: of the stream, not finished yet. `answer`: what a bot must find: a result, a failure, that it was cancelled, or nothing.
    """

    number: int
    person: str
    request: Request
    place: str = "queue"
    crashes: int = 0
    answer: str = ""
    entries: int = 0
    cancelled: bool = False
    silent: bool = False  # cancelled without a word to anybody
    late: bool = False  # its answer was not posted before the answer time was over
    over: bool = False  # a bot is done with it
    failed: bool = False  # it lies where operators look
    posted: set[str] = field(default_factory=set)  # the entries for which a bot found an answer

    @property
    def id(self) -> str:
        return f"job{self.number}"

    @property
    def is_expected(self) -> bool:
        """Whether its person still waits for it."""
        return not self.over and not self.cancelled


@dataclass
class Worker:
    """One worker: the product's hands of it, and which jobs it believes to have, rightly or not."""

    taker: Taker
    books: Books
    believes: dict[str, Taken] = field(default_factory=dict)


@dataclass
class Bot:
    """One bot, and the entries that it believes to have in hand."""

    stream: ReplyStream
    believes: dict[str, Entry] = field(default_factory=dict)
