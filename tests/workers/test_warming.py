"""Tests of loading models while no job waits: those of the start, and those that somebody wishes for later."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis

from engine.contract import Task
from workers.queue import names
from workers.queue.warming import Warmed, read_warmed, tell_warmed, wish_for
from workers.warming import Warming


class Loader:
    """Loads nothing, and remembers what it should have loaded."""

    def __init__(self, *unloadable: Task) -> None:
        self.loaded: list[Task] = []
        self._unloadable = unloadable

    def load(self, task: Task) -> bool:
        self.loaded.append(task)
        return task not in self._unloadable


def warming(redis: Redis, load: Callable[[Task], bool], *first: Task) -> Warming:
    return Warming(redis, load, worker=lambda: "worker-1", used_bytes=lambda: 1_000, first=first)


def work(pieces: Warming) -> None:
    for piece in pieces:
        piece()


def hear(redis: Redis, pieces: Warming) -> None:
    """As a heartbeat does."""
    pieces.hear(redis.get(names.WARM))


def test_what_it_was_started_with_is_loaded_without_a_wish(redis: Redis) -> None:
    loader = Loader()
    work(warming(redis, loader.load, Task.NER, Task.ASK))
    assert loader.loaded == [Task.NER, Task.ASK]


def test_a_wish_is_heard_at_a_beat_and_fulfilled_after_that_once(redis: Redis) -> None:
    loader = Loader()
    pieces = warming(redis, loader.load)
    work(pieces)
    wish = wish_for(redis, [Task.SENTIMENT])
    hear(redis, pieces)
    hear(redis, pieces)
    assert loader.loaded == []  # a heartbeat loads nothing itself
    work(pieces)
    assert loader.loaded == [Task.SENTIMENT]
    [warmed] = read_warmed(redis, wish)
    assert (warmed.worker, set(warmed.seconds), warmed.bytes, warmed.done) == ("worker-1", {Task.SENTIMENT}, 1_000, True)


def test_what_cannot_be_loaded_is_told_and_the_rest_is_loaded(redis: Redis) -> None:
    pieces = warming(redis, Loader(Task.ASK).load)
    wish = wish_for(redis, [Task.ASK, Task.NER])
    hear(redis, pieces)
    work(pieces)
    [warmed] = read_warmed(redis, wish)
    assert (warmed.failed, set(warmed.seconds), warmed.done) == ((Task.ASK,), {Task.NER}, True)


def test_a_worker_that_has_loaded_only_a_part_is_not_done(redis: Redis) -> None:
    pieces = warming(redis, Loader().load)
    wish = wish_for(redis, [Task.ASK, Task.NER])
    hear(redis, pieces)
    next(pieces)()
    assert [warmed.done for warmed in read_warmed(redis, wish)] == [False]


def test_a_wish_of_another_version_is_not_heard(redis: Redis) -> None:
    redis.set(names.WARM, b'{"id": 1}')
    pieces = warming(redis, Loader().load)
    hear(redis, pieces)
    assert list(pieces) == []


def test_wishes_and_what_came_of_them_do_not_stay(redis: Redis) -> None:
    pieces = warming(redis, Loader().load)
    wish = wish_for(redis, [Task.NER])
    hear(redis, pieces)
    work(pieces)
    assert 0 < redis.ttl(names.WARM) <= 600
    assert 0 < redis.ttl(names.warmed(wish.id)) <= 600


def test_what_workers_said_is_read_by_their_names(redis: Redis) -> None:
    wish = wish_for(redis, [Task.NER])
    rows = [Warmed(worker=name, seconds={Task.NER: 0.5}, done=True) for name in ("b", "a")]
    for row in rows:
        tell_warmed(redis, wish, row)
    assert read_warmed(redis, wish) == rows[::-1]
