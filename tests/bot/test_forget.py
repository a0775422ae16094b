"""`yomite forget` erases a person from Redis, its disk and the opinions, says what that was, and says what it cannot erase."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.cli import main
from bot.errors import CommandError, PlatformError
from bot.exit_codes import OK, WRONG_USAGE
from bot.feedback.press import Press
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.forget import forget, read_person
from bot.language import Speech
from bot.settings import Settings
from engine.contract import SentimentRequest
from tests.bot.feedback.answers import sentiment
from tests.support.contents import everything
from tests.support.redis_with import on_disk
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

TEXT = "とても内緒の話"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """As `yomite run` starts it."""
    with EmbeddedRedis(tmp_path / "redis", durable=True) as server:
        (tmp_path / "redis" / "url").write_text(server.url)
        yield server


def ask(url: str, person: str = "U0HANAKO") -> None:
    with Redis.from_url(url) as connection:
        JobQueue(connection).submit(SentimentRequest(text=TEXT), platform="slack", person=person, record={"person": person})


@pytest.mark.parametrize(
    ("speech", "said"),
    [
        ("ja", ["消した質問：2 件", "消した 👍 と 👎：1 件", "追記ファイルを書きなおしました", "ここでは消えません"]),
        ("en", ["Erased questions: 2", "Erased feedback (👍 and 👎): 1", "append-only file anew", "are not erased by this"]),
    ],
)
def test_it_says_what_it_has_erased_and_what_it_cannot(
    durable: EmbeddedRedis, tmp_path: Path, capsys: Captured, speech: Speech, said: list[str]
) -> None:
    for _ in range(2):
        ask(durable.url)
    store = FeedbackStore(tmp_path / FILE_NAME)
    store.take(Press(platform="slack", event_id="e", answer="a", person="U0HANAKO", pressed_at=1.0, choice="good"), sentiment(TEXT))
    assert forget(Settings(state_dir=tmp_path), speech, "slack:U0HANAKO", tell_s=0) == OK
    printed = capsys.readouterr().out
    assert [line for line in said if line not in printed] == []
    with Redis.from_url(durable.url) as connection:
        left = everything(connection)
    assert TEXT.encode() not in left + on_disk(tmp_path)
    assert b"U0HANAKO" not in left + on_disk(tmp_path)
    assert [count.good for count in store.counts()] == []


def test_where_nothing_runs_the_disk_is_cleaned_all_the_same(tmp_path: Path, capsys: Captured) -> None:
    with EmbeddedRedis(tmp_path / "redis", durable=True) as server:
        ask(server.url)
        ask(server.url, "U0TARO")
    assert b"U0HANAKO" in on_disk(tmp_path)
    assert forget(Settings(state_dir=tmp_path), "en", "slack:U0HANAKO", tell_s=0) == OK
    assert "Erased questions: 1" in capsys.readouterr().out
    assert b"U0HANAKO" not in on_disk(tmp_path)
    assert b"U0TARO" in on_disk(tmp_path)


def test_where_there_never_was_anything_it_says_so(tmp_path: Path, capsys: Captured) -> None:
    assert forget(Settings(state_dir=tmp_path / "none"), "en", "web:a-session-of-a-browser") == OK
    assert "There is nothing in Redis." in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("slack:U0123ABCD", ("slack", "U0123ABCD")),
        ("Slack: <@U0123ABCD|hanako>", ("slack", "U0123ABCD")),
        ("slack:@W0123ABCD", ("slack", "W0123ABCD")),
        ("discord:123456789012345678", ("discord", "123456789012345678")),
        ("discord:<@!123456789012345678>", ("discord", "123456789012345678")),
        ("web:0e1f-aB_9", ("web", "0e1f-aB_9")),
    ],
)
def test_a_person_is_named_by_platform_and_id(who: str, found: tuple[str, str]) -> None:
    assert read_person(who) == found


@pytest.mark.parametrize("who", ["", "U0123ABCD", "slack:", "slack:hanako", "discord:U0123ABCD", "irc:hanako", "web:a b", "slack:*"])
def test_who_is_not_clear_is_asked_for_with_examples(who: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_person(who)
    assert "slack:U0123ABCD" in caught.value.message.ja
    assert "slack:U0123ABCD" in caught.value.message.en


def test_a_redis_that_is_away_is_said_and_the_opinions_are_left_for_the_next_try(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, redis_url=f"unix://{tmp_path}/none.sock")
    store = FeedbackStore(tmp_path / FILE_NAME)
    store.take(Press(platform="slack", event_id="e", answer="a", person="U0HANAKO", pressed_at=1.0, choice="good"), sentiment(TEXT))
    with pytest.raises(PlatformError, match="not all is erased") as caught:
        forget(settings, "en", "slack:U0HANAKO")
    assert "消しきれていません" in caught.value.message.ja
    assert [count.good for count in store.counts()] == [1]


def test_the_command_line_knows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured) -> None:
    monkeypatch.setenv("YOMITE_STATE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("YOMITE_LANG", "ja")
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert main(["forget", "slack:U0123ABCD"]) == OK
    assert "消した 👍 と 👎：0 件" in capsys.readouterr().out
    assert main(["forget", "hanako"]) == WRONG_USAGE
    assert "誰のことかわかりません" in capsys.readouterr().err


def test_other_answers_of_redis_are_told_in_words(redis_url: str, tmp_path: Path, capsys: Captured) -> None:
    settings: dict[str, Any] = {"state_dir": tmp_path, "redis_url": redis_url}
    assert forget(Settings(**settings), "ja", "slack:U0HANAKO", tell_s=0) == OK
    assert "追記ファイルを書きません" in capsys.readouterr().out
