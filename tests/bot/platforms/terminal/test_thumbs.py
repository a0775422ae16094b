"""In the interactive session, /good and /bad keep what the person thinks of the answer above."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from rich.console import Console

from bot.exit_codes import OK, WRONG_USAGE
from bot.feedback.store import FILE_NAME, FeedbackStore, Kept
from bot.platforms.terminal.completion import CommandCompleter
from bot.platforms.terminal.session import Session
from bot.platforms.terminal.thumbs import MEANINGS
from bot.settings import Settings
from engine.contract import Task
from workers.queue.local import LocalQueue


class Typing:
    """A session, and what it showed after each line."""

    def __init__(self, settings: Settings, queue: LocalQueue, *, terminal: bool = False) -> None:
        self._out = io.StringIO()
        self._session = Session(
            settings, queue, Console(file=self._out, width=200, markup=False, highlight=False, color_system=None, force_terminal=terminal)
        )
        self.code = OK

    def type(self, line: str) -> str:
        self._out.seek(0)
        self._out.truncate()
        self.code = self._session.take(line)
        return self._out.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(feedback=True, state_dir=tmp_path)


def kept(settings: Settings, task: Task = Task.SENTIMENT) -> list[Kept]:
    return FeedbackStore(settings.state_dir / FILE_NAME).kept(task)


@pytest.mark.parametrize(
    ("line", "thumb", "said", "back"),
    [
        ("/sentiment 神対応だった", "/good", "学習用に保存しました", "削除しました"),
        ("/感情 神対応だった", "/良い", "もう一度 /good と入力すると", "削除しました"),
        ("/sentiment flaky again", "/good", "kept for training, as a right example", "has been deleted"),
        ("/sentiment flaky again", "/Good ", "/good once more takes it back", "has been deleted"),
        ("/sentiment 神対応だった", "/悪い", "間違いの例", "削除しました"),
        ("/sentiment flaky again", "/bad", "For example: /bad negative", "has been deleted"),
    ],
)
def test_a_thumb_keeps_the_last_answer_and_the_same_again_deletes_it(
    settings: Settings, queue: LocalQueue, line: str, thumb: str, said: str, back: str
) -> None:
    typing = Typing(settings, queue)
    typing.type(line)
    assert said in typing.type(thumb)
    assert typing.code == OK
    assert len(kept(settings)) == 1
    assert back in typing.type(thumb)
    assert kept(settings) == []


@pytest.mark.parametrize(
    ("line", "task", "thumb", "said", "right"),
    [
        ("/sentiment 神対応だった", Task.SENTIMENT, "/bad positive", "「ポジティブ」を記録しました", "positive"),
        ("/sentiment 神対応だった", Task.SENTIMENT, "/悪い ネガティブ", "「ネガティブ」を記録しました", "negative"),
        ("/ask Where? | We meet in Kyoto.", Task.ASK, "/bad kyoto", "“Kyoto” is noted", {"text": "Kyoto", "start": 11}),
        ("/質問 どこ？ | 京都で会う。", Task.ASK, "/bad 答えなし", "「文中に答えはない」と記録しました", None),
        ("/similar 猫 | ねこ", Task.SIMILAR, "/bad 5", "「5」を記録しました", 5),
    ],
)
def test_what_would_be_right_stands_behind_bad(
    settings: Settings, queue: LocalQueue, line: str, task: Task, thumb: str, said: str, right: object
) -> None:
    typing = Typing(settings, queue)
    typing.type(line)
    assert said in typing.type(thumb)
    (opinion,) = kept(settings, task)
    assert (opinion.verdict, json.loads(opinion.correction or "")) == ("bad", right)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["/good"], "There is no answer yet"),
        (["/良い"], "評価できる回答がまだありません"),
        (["/tokens 猫", "/good"], "評価できる回答がまだありません"),
        (["/ner 안녕하세요", "/bad"], "There is no answer yet"),
        (["/sentiment great", "/good positive"], "Nothing follows /good"),
        (["/sentiment great", "/bad so-so"], "Say positive, neutral or negative"),
        (["/質問 どこ？ | 京都で会う。", "/bad 大阪"], "文脈の中にありません"),
    ],
)
def test_what_cannot_be_taken_is_told_and_nothing_is_kept(settings: Settings, queue: LocalQueue, lines: list[str], said: str) -> None:
    typing = Typing(settings, queue)
    assert said in [typing.type(line) for line in lines][-1]
    assert typing.code == WRONG_USAGE
    assert not any(kept(settings, task) for task in (Task.SENTIMENT, Task.ASK, Task.NER))


@pytest.mark.parametrize(("line", "thumb", "said"), [("/sentiment great", "/good", "Feedback is off"), ("/感情 最高", "/悪い", "無効")])
def test_without_the_setting_nothing_is_kept(settings: Settings, queue: LocalQueue, line: str, thumb: str, said: str) -> None:
    typing = Typing(replace(settings, feedback=False), queue, terminal=True)
    assert "/good" not in typing.type(line)
    assert said in typing.type(thumb)
    assert not (settings.state_dir / FILE_NAME).exists()


@pytest.mark.parametrize(("line", "hint"), [("/sentiment great", "Right? Say /good."), ("/感情 最高", "合っていれば /good")])
def test_a_person_at_a_terminal_is_asked(settings: Settings, queue: LocalQueue, line: str, hint: str) -> None:
    assert hint in Typing(settings, queue, terminal=True).type(line)
    assert hint not in Typing(settings, queue).type(line)


def test_each_answer_has_an_opinion_of_its_own(settings: Settings, queue: LocalQueue) -> None:
    typing = Typing(settings, queue)
    for line in ("/sentiment great", "/good", "/sentiment great", "/bad negative"):
        typing.type(line)
    assert [opinion.verdict for opinion in kept(settings)] == ["good", "bad"]


def test_the_thumbs_are_completed_where_they_can_be_used() -> None:
    def completed(line: str, **more: object) -> list[str]:
        completer = CommandCompleter("ja", extra_options=(), **more)  # type: ignore[arg-type]  # by name
        return [found.text for found in completer.get_completions(Document(line), CompleteEvent())]

    assert completed("/go", more=MEANINGS) == ["good "]
    assert completed("/go") == []
