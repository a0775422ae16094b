"""Where opinions lie: one SQLite file in the state folder, safe with several processes; what is taken back is wiped out."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.feedback.answered import Answered, answered_from_json
from bot.feedback.errors import FeedbackError, cannot_keep
from bot.feedback.press import Opinion, Press, Verdict, settled
from engine.contract import ContractError, Task, reason_of

FILE_NAME = "feedback.db"
VERSION = 1
BUSY_S = 10.0  # how long to wait for another process
PRESSES_KEPT_S = 86_400  # of opinions that were taken back: platforms deliver an event again within minutes

_TABLES = """
CREATE TABLE IF NOT EXISTS salt (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS opinions (
    answer TEXT NOT NULL, person TEXT NOT NULL, platform TEXT NOT NULL, task TEXT NOT NULL, answered TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('good', 'bad')), correction TEXT, corrected_by TEXT NOT NULL, said_at REAL NOT NULL,
    PRIMARY KEY (answer, person)
);
CREATE TABLE IF NOT EXISTS presses (
    answer TEXT NOT NULL, person TEXT NOT NULL, event TEXT NOT NULL, choice TEXT NOT NULL, pressed_at REAL NOT NULL,
    PRIMARY KEY (answer, person, event)
);
"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An opinion as it is kept. `person` is a salted hash; `said_at` is in seconds since 1970."""

    answer: str
    person: str
    answered: Answered
    verdict: Verdict
    correction: str | None
    said_at: float


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many opinions there are of one task."""

    task: str
    good: int
    corrected: int  # of the bad ones
    to_label: int  # bad ones without a correction


class FeedbackStore:
    """The file at `path`, made where it is missing. Thread-safe; every call opens it anew and may block.

    Every method raises FeedbackError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, press: Press) -> Answered | None:
        """What the person said something of before; None where nothing is kept of them."""
        with self._open() as db:
            row = db.execute("SELECT answered FROM opinions WHERE answer = ? AND person = ?", (press.answer, _hashed(db, press))).fetchone()
        return _read_answered(row[0]) if row else None

    def take(self, press: Press, answered: Answered, *, correction: str | None = None) -> Opinion:
        """Take a press; returns what the person thinks now. A press that was taken before changes nothing.

        `correction` is the JSON of what `press` says would be right.
        """
        with self._open() as db:
            person = _hashed(db, press)
            key = (press.answer, person)
            db.execute("INSERT OR IGNORE INTO presses VALUES (?, ?, ?, ?, ?)", (*key, press.event_id, press.choice, press.pressed_at))
            presses = db.execute("SELECT event, choice FROM presses WHERE answer = ? AND person = ? ORDER BY pressed_at, rowid", key)
            verdict, by = settled(presses.fetchall())
            held = db.execute("SELECT correction, corrected_by FROM opinions WHERE answer = ? AND person = ?", key).fetchone()
            kept = _holding(press, by, correction, held)
            if verdict is None:
                db.execute("DELETE FROM opinions WHERE answer = ? AND person = ?", key)
            else:
                db.execute(
                    "INSERT OR REPLACE INTO opinions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*key, press.platform, str(answered.task), _written(answered), verdict, kept, by, press.pressed_at),
                )
            _forget_old_presses(db)
        return Opinion(answered=answered, verdict=verdict, correction=kept if verdict else None)

    def kept(self, task: Task) -> list[Kept]:
        """All opinions of a task, oldest first; those of another version are left out."""
        with self._open() as db:
            columns = "answer, person, answered, verdict, correction, said_at"
            rows = db.execute(f"SELECT {columns} FROM opinions WHERE task = ? ORDER BY said_at, rowid", (str(task),)).fetchall()
        found = []
        for answer, person, written, verdict, correction, said_at in rows:
            answered = _read_answered(written)
            if answered is not None:
                found.append(Kept(answer=answer, person=person, answered=answered, verdict=verdict, correction=correction, said_at=said_at))
        return found

    def counts(self) -> list[Count]:
        """How many there are, task by task."""
        with self._open() as db:
            rows = db.execute(
                "SELECT task, SUM(verdict = 'good'), SUM(verdict = 'bad' AND correction IS NOT NULL),"
                " SUM(verdict = 'bad' AND correction IS NULL) FROM opinions GROUP BY task ORDER BY task"
            ).fetchall()
        return [Count(task=task, good=good, corrected=corrected, to_label=to_label) for task, good, corrected, to_label in rows]

    def forget(self, *, before: float | None = None) -> int:
        """Delete what was said before a time (seconds since 1970; None: everything); returns how many opinions that were."""
        limit = float("inf") if before is None else before
        with self._open() as db:
            db.execute("DELETE FROM presses WHERE (answer, person) IN (SELECT answer, person FROM opinions WHERE said_at < ?)", (limit,))
            if before is None:
                db.execute("DELETE FROM presses")
            return db.execute("DELETE FROM opinions WHERE said_at < ?", (limit,)).rowcount

    def forget_person(self, platform: str, person: str) -> int:
        """Delete what one person said; returns how many opinions that were. Also forgets which presses were theirs."""
        with self._open() as db:
            hashed = _hashed_person(db, platform, person)
            db.execute("DELETE FROM presses WHERE person = ?", (hashed,))
            return db.execute("DELETE FROM opinions WHERE person = ?", (hashed,)).rowcount

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other process can disturb."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)) as db:
                _prepare(db)
                db.execute("BEGIN IMMEDIATE")
                try:
                    _make_tables(db)
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    db.execute("ROLLBACK")
                    raise
        except (OSError, sqlite3.Error) as error:
            raise cannot_keep(reason_of(error)) from error


def _prepare(db: sqlite3.Connection) -> None:
    """Durable, readable while it is written, and nothing left of what is deleted."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:  # while another process does the same, SQLite does not wait by itself
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")


def _make_tables(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version > VERSION:
        raise FeedbackError(
            ja=f"{FILE_NAME} は新しい版（{version}）の Yomite のものです。同じ版の Yomite を使ってください。",
            en=f"{FILE_NAME} is of a newer Yomite (version {version}). Use that Yomite.",
        )
    for statement in _TABLES.split(";"):
        db.execute(statement)
    db.execute("INSERT OR IGNORE INTO salt VALUES (1, ?)", (secrets.token_bytes(32),))
    db.execute(f"PRAGMA user_version = {VERSION}")


def _hashed(db: sqlite3.Connection, press: Press) -> str:
    return _hashed_person(db, press.platform, press.person)


def _hashed_person(db: sqlite3.Connection, platform: str, person: str) -> str:
    """The person, without a name."""
    salt: bytes = db.execute("SELECT value FROM salt").fetchone()[0]
    return hmac.digest(salt, f"{platform}\0{person}".encode(), hashlib.sha256).hex()


def _holding(press: Press, by: str, correction: str | None, held: tuple[str | None, str] | None) -> str | None:
    """The correction that holds: the one of the press that corrected last."""
    if by and by == press.event_id and correction is not None:
        return correction
    return held[0] if held and by and held[1] == by else None


def _forget_old_presses(db: sqlite3.Connection) -> None:
    """Presses are kept as long as the opinion that they come to; of one that was taken back, for a while."""
    db.execute(
        "DELETE FROM presses WHERE pressed_at < ? AND (answer, person) NOT IN (SELECT answer, person FROM opinions)",
        (time.time() - PRESSES_KEPT_S,),
    )


def _written(answered: Answered) -> str:
    return json.dumps(answered.to_json())


def _read_answered(written: str) -> Answered | None:
    try:
        return answered_from_json(json.loads(written))
    except ContractError:
        return None
