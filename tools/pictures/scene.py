"""What a picture of a chat tells: who said what, and what the desk is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.language import Speech


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in a chat. `colour` is CSS."""

    name: str
    colour: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message that a person wrote; `time` as the platform shows it."""

    by: Person
    time: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file that a message brings."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A question in a chat and what stands before it; `asked` is the command without a mention.

    `way` is how it is asked: by a mention, in a thread that is read, or by a slash command, which only its sender sees.
    """

    name: str  # of the picture, without .png
    place: str
    speech: Speech  # of the platform's own words
    way: Literal["mention", "thread", "slash"]
    asked: Said
    before: tuple[Said, ...] = ()
    file: TextFile | None = None

    @property
    def thread_text(self) -> str | None:
        """The text that a command without one reads."""
        return "\n".join(said.text for said in self.before) if self.way == "thread" else None


MISAKI = Person(name="佐藤 美咲", colour="#8a5a9e")
KENJI = Person(name="Kenji Mori", colour="#2f7f79")
EMMA = Person(name="Emma Reed", colour="#b0603a")
YOUTA = Person(name="田中 陽太", colour="#3f6fb0")

SLACK = (
    Scene(
        name="slack-sentiment",
        place="# feedback",
        speech="en",
        way="slash",
        before=(Said(by=MISAKI, time="10:21 AM", text="新しいエディタへの感想が英語で届いています。全体としてはどうでしょう？"),),
        asked=Said(
            by=EMMA,
            time="10:24 AM",
            text="/sentiment I love the new editor. It is fast and beautiful! The search is slow and often fails, though.",
        ),
    ),
    Scene(
        name="slack-attention",
        place="スレッド",
        speech="ja",
        way="thread",
        before=(Said(by=MISAKI, time="18:02", text="この映画は本当に素晴らしかった！"),),
        asked=Said(by=YOUTA, time="18:05", text="注意 --layer 3"),
    ),
)
DISCORD = (
    Scene(
        name="discord-ner",
        place="# ニュース",
        speech="ja",
        way="mention",
        asked=Said(
            by=YOUTA,
            time="今日 9:12",
            text="固有名 昨日、山田太郎さんは京都でトヨタ自動車の Lisa Brown さんと会い、新しい電池について話した。",
        ),
    ),
    Scene(
        name="discord-ask",
        place="# reading-room",
        speech="en",
        way="mention",
        asked=Said(by=KENJI, time="Today at 3:40 PM", text="ask 駅舎を設計したのはだれですか。"),
        file=TextFile(name="東京駅.txt", text="東京駅は1914年に開業した。赤れんがの駅舎は辰野金吾が設計し、2012年に復原された。\n"),
    ),
)
