"""A wish that workers load models now, before somebody asks, and what each worker says that came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from redis import Redis

from engine.contract import Task
from workers.queue import names

WISH_TTL_S = 600  # a worker that has no time for it until then forgets it


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Whose id the answers carry, and the tasks whose models are to be loaded."""

    id: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, kw_only=True)
class Warmed:
    """What one worker has done of it so far; what all models that it keeps take together, in bytes."""

    worker: str
    seconds: dict[Task, float] = field(default_factory=dict)  # what loading took; next to nothing where it was loaded before
    failed: tuple[Task, ...] = ()
    bytes: int = 0
    done: bool = False


def wish_for(connection: Redis, tasks: Sequence[Task]) -> Wish:
    """Ask all workers; each hears it at its next heartbeat, and obeys while no job waits. A later wish replaces it."""
    wish = Wish(id=uuid.uuid4().hex, tasks=tuple(tasks))
    connection.set(names.WARM, msgspec.json.encode(wish), ex=WISH_TTL_S)
    return wish


def wish_in(found: object) -> Wish | None:
    """The wish that lies at `names.WARM`; None where there is none, or one of another version."""
    try:
        return msgspec.json.decode(found, type=Wish) if isinstance(found, bytes) else None
    except msgspec.DecodeError:
        return None


def tell_warmed(connection: Redis, wish: Wish, warmed: Warmed) -> None:
    """Say how far a worker is."""
    with connection.pipeline(transaction=False) as pipe:
        pipe.hset(names.warmed(wish.id), warmed.worker, msgspec.json.encode(warmed).decode())
        pipe.expire(names.warmed(wish.id), WISH_TTL_S)
        pipe.execute()


def read_warmed(connection: Redis, wish: Wish) -> list[Warmed]:
    """What the workers have said, by their names."""
    found: dict[bytes, bytes] = connection.hgetall(names.warmed(wish.id))  # type: ignore[assignment]  # redis types both kinds of clients
    return sorted((msgspec.json.decode(row, type=Warmed) for row in found.values()), key=lambda row: row.worker)
