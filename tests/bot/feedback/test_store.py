"""Opinions are kept once, by whatever process, and nothing is left of those that are taken back."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from bot.feedback.answered import TASKS, answered_from_json, answered_of
from bot.feedback.errors import FeedbackError
from bot.feedback.store import FILE_NAME, Count, FeedbackStore, Kept
from bot.feedback.taking import take
from engine.contract import ContractError, Failure, Image, Message, SimilarResult, Task, TokensRequest
from tests.bot.feedback.answers import ask, ner, press, sentiment, similar

SECRET = "hidden-words-of-hanako"


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / "state" / FILE_NAME)


def kept(store: FeedbackStore) -> list[Kept]:
    return [opinion for task in TASKS for opinion in store.kept(task)]


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_an_opinion_comes_back_as_it_was_given(store: FeedbackStore) -> None:
    for number, answered in enumerate((sentiment(), ner(), ask(), similar())):
        take(store, press(answer=f"a{number}"), answered)
    take(store, press("correct", "月曜", answer="a2"), ask())
    found = {opinion.answered.task: opinion for opinion in kept(store)}
    assert [opinion.answered for opinion in found.values()] == [sentiment(), ner(), ask(), similar()]
    assert {str(task): opinion.verdict for task, opinion in found.items()} == {
        "sentiment": "good",
        "ner": "good",
        "ask": "bad",
        "similar": "good",
    }
    assert json.loads(found[Task.ASK].correction or "") == {"text": "月曜", "start": 3}


def test_one_person_has_one_opinion_of_an_answer(store: FeedbackStore) -> None:
    for choice in ("good", "bad"):
        take(store, press(choice), sentiment())  # type: ignore[arg-type]  # one of the choices
    take(store, press("good", person="taro"), sentiment())
    assert [opinion.verdict for opinion in kept(store)] == ["bad", "good"]
    assert store.counts() == [Count(task="sentiment", good=1, corrected=0, to_label=1)]


def test_a_press_that_is_delivered_again_changes_nothing(store: FeedbackStore) -> None:
    once = press("good")
    assert [take(store, once, sentiment()).verdict for _ in range(3)] == ["good"] * 3
    again = press("good")
    assert [take(store, again, sentiment()).verdict for _ in range(2)] == [None, None]
    assert take(store, once, sentiment()).verdict is None
    assert kept(store) == []


def test_presses_in_any_order_come_to_the_same(tmp_path: Path) -> None:
    presses = [press("bad"), press("correct", "negative"), press("good"), press("correct", "neutral")]
    for number, order in enumerate(itertools.permutations(presses)):
        store = FeedbackStore(tmp_path / f"{number}.db")
        for one in order:
            take(store, one, sentiment())
        assert [(opinion.verdict, opinion.correction) for opinion in kept(store)] == [("bad", '"neutral"')]


def test_a_correction_that_was_overtaken_does_not_come_back(store: FeedbackStore) -> None:
    take(store, press("correct", "negative"), sentiment())
    take(store, press("good"), sentiment())
    assert take(store, press("bad"), sentiment()).correction is None


def test_nothing_is_left_of_what_was_taken_back(store: FeedbackStore, tmp_path: Path) -> None:
    take(store, press(), sentiment(SECRET))
    assert SECRET.encode() in bytes_in(tmp_path / "state")
    take(store, press(), sentiment(SECRET))
    assert SECRET.encode() not in bytes_in(tmp_path / "state")


def test_forgetting_leaves_nothing_of_what_is_older(store: FeedbackStore, tmp_path: Path) -> None:
    take(store, press(answer="old", at=1_700_000_000), sentiment(SECRET))
    take(store, press(answer="new", at=1_800_000_000), sentiment("later"))
    assert store.forget(before=1_750_000_000) == 1
    assert [opinion.answer for opinion in kept(store)] == ["new"]
    assert SECRET.encode() not in bytes_in(tmp_path / "state")
    assert (store.forget(), kept(store)) == (1, [])
    assert take(store, press(answer="new"), sentiment("later")).verdict == "good"


def test_of_a_person_who_is_forgotten_nothing_is_left(store: FeedbackStore, tmp_path: Path) -> None:
    take(store, press(answer="one", person="hanako"), sentiment(SECRET))
    take(store, press("bad", answer="two", person="hanako"), sentiment("taken back"))
    take(store, press("bad", answer="two", person="hanako"), sentiment("taken back"))
    take(store, press(answer="one", person="taro"), sentiment("of somebody else"))
    assert store.forget_person("slack", "hanako") == 0  # another platform's
    assert store.forget_person("chat", "hanako") == 1
    assert [opinion.answered for opinion in kept(store)] == [sentiment("of somebody else")]
    assert SECRET.encode() not in bytes_in(tmp_path / "state")
    with closing(sqlite3.connect(tmp_path / "state" / FILE_NAME)) as db:
        assert db.execute("SELECT count(DISTINCT person) FROM presses").fetchone() == (1,)


def test_no_names_are_kept_and_only_the_owner_reads_the_file(store: FeedbackStore, tmp_path: Path) -> None:
    take(store, press(person="hanako-yamada"), sentiment())
    take(FeedbackStore(tmp_path / "other" / FILE_NAME), press(person="hanako-yamada"), sentiment())
    assert b"hanako-yamada" not in bytes_in(tmp_path / "state")
    assert stat.S_IMODE((tmp_path / "state" / FILE_NAME).stat().st_mode) == 0o600
    (here,) = kept(store)
    (there,) = kept(FeedbackStore(tmp_path / "other" / FILE_NAME))
    assert here.person != there.person  # salted


def test_what_a_person_said_something_of_before_is_found_without_redis(store: FeedbackStore) -> None:
    assert store.find(press()) is None
    take(store, press(), similar())
    assert store.find(press()) == similar()
    assert store.find(press(person="taro")) is None


def _press_often(path: Path, person: str) -> None:
    store = FeedbackStore(path)
    for number in range(15):
        take(store, press(answer=f"a{number}", person=person), sentiment())
        take(store, press("bad", answer="shared", person=person), sentiment())


def test_processes_that_press_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    context = multiprocessing.get_context("spawn")
    people = ("hanako", "taro")
    processes = [context.Process(target=_press_often, args=(path, person)) for person in people]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(kept(FeedbackStore(path))) == 2 * 15 + 2  # the shared one was pressed an odd number of times
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT COUNT(*) FROM presses").fetchone() == (2 * 30,)
    db.close()


@pytest.mark.parametrize("kind", ["no folder", "no database", "newer"])
def test_a_store_that_cannot_be_used_says_so(tmp_path: Path, kind: str) -> None:
    path = tmp_path / FILE_NAME
    if kind == "no folder":
        (tmp_path / "file").write_text("", encoding="utf-8")
        path = tmp_path / "file" / FILE_NAME
    elif kind == "no database":
        path.write_text("これはデータベースではありません。" * 100, encoding="utf-8")
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 2")
        db.close()
    with pytest.raises(FeedbackError) as caught:
        take(FeedbackStore(path), press(), sentiment())
    assert "フィードバックを保存できません" in caught.value.message.ja or "新しい版" in caught.value.message.ja


def test_what_another_version_wrote_is_left_out(store: FeedbackStore, tmp_path: Path) -> None:
    take(store, press(), sentiment())
    with sqlite3.connect(tmp_path / "state" / FILE_NAME) as db:
        db.execute("UPDATE opinions SET answered = '{\"version\": 99}'")
    db.close()
    assert (kept(store), store.find(press())) == ([], None)


def test_only_answers_that_models_are_trained_for_count_and_pictures_are_left_out() -> None:
    failure = Failure(code="x", message=Message(ja="だめ", en="no"))
    assert answered_of("chat", sentiment().request, failure) is None
    assert answered_of("chat", TokensRequest(text="a"), sentiment().result) is None
    assert answered_of("chat", ner().request, sentiment().result) is None
    image = Image(name="s.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="picture"), data=b"png")
    result = similar().result
    assert isinstance(result, SimilarResult)
    drawn = SimilarResult(**{**vars(result), "images": (image,)})
    assert answered_of("chat", similar().request, drawn) == similar()
    assert answered_from_json(json.loads(json.dumps(similar().to_json()))) == similar()
    with pytest.raises(ContractError, match="version"):
        answered_from_json({"version": 2})
