"""Lines as they stand in a chat: addressed to somebody, quoted, in bold, with other ends. What their writer feels stays the same.

Some ways are learnt from, others with other words are kept for measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contract import Language
from engine.examples.rows import Row, SentimentRow

ENDS = ".。!！"  # these give way to another end
NAME = "{name}"


@dataclass(frozen=True, kw_only=True)
class Ways:
    """What may stand before a line, around it and in the place of its end, and the names in that."""

    names: Sequence[str]
    before: Sequence[str]
    around: Sequence[tuple[str, str]]
    after: Sequence[str]
    ends: Sequence[str]

    def dress(self, text: str, generator: np.random.Generator) -> str:
        """The line with one of them or two, drawn at random."""
        name = str(generator.choice(self.names))

        def drawn(forms: Sequence[str]) -> str:
            return str(generator.choice(forms)).replace(NAME, name)

        kind = generator.choice(["before", "around", "after", "end", "before and end", "before and after"])
        if "end" in kind:
            text = text.rstrip(ENDS) + drawn(self.ends)
        if "after" in kind:
            text += drawn(self.after)
        if kind == "around":
            opening, closing = self.around[int(generator.integers(len(self.around)))]
            text = opening + text + closing
        return drawn(self.before) + text if "before" in kind else text


_MARKUP = (("*", "*"), ("**", "**"), ("_", "_"), ("`", "`"), ("***", "***"))
LEARNT: dict[Language, Ways] = {
    "en": Ways(
        names=("bob", "Maria", "kenji", "Chen", "Sam", "olga", "tanaka", "Lee", "Fatima", "Nick"),
        before=(
            *("@{name} ", "@{name}: ", "{name}, ", "{name}: ", "<@U07{name}> ", "Hi {name}, ", "Hi everyone, ", "Hey team, ", "Morning! "),
            *("FYI: ", "Re: ", "> ", ">>> ", "> > ", "- ", "* ", "1. ", "• ", "10:42 {name}: ", "[{name}] ", "Update: ", "So, ", "Well, "),
        ),
        around=(*_MARKUP, ("“", "”"), ('"', '"'), ("(", ")"), ("> *", "*")),
        after=(
            " @{name}",
            " cc @{name}",
            " – {name}",
            " (edited)",
            " #general",
            " https://wiki.example.org/a/b",
            " Thanks, {name}",
            "\n\n{name}",
        ),
        ends=("!!!", "!", "…", "...", "", "", ".", "!!", "!!!!"),
    ),
    "ja": Ways(
        names=("田中", "佐藤", "maria", "鈴木", "kenji", "山本", "中村", "Sam", "小林", "伊藤"),
        before=(
            *(
                "@{name} ",
                "@{name}さん ",
                "{name}さん、",
                "{name}さん\n",
                "<@U07{name}> ",
                "みなさん、",
                "みなさん\n",
                "お疲れさまです。",
                "おはようございます。",
            ),
            *(
                "共有です。",
                "ご報告です。",
                "> ",
                ">>> ",
                "＞",
                "- ",
                "* ",
                "・",
                "1. ",
                "10:42 {name}：",
                "【{name}】",
                "Re: ",
                "えっと、",
                "ちなみに、",
            ),
        ),
        around=(*_MARKUP, ("「", "」"), ("（", "）"), ("『", "』"), ("> *", "*")),
        after=(
            " @{name}",
            " cc {name}",
            "（{name}）",
            "（編集済み）",
            " #雑談",
            " https://wiki.example.org/a/b",
            "よろしくお願いします。",
            "以上です。",
            "\n\n{name}",
        ),
        ends=("！！！", "！", "…", "。。。", "", "", "。", "!!", "・・・"),
    ),
}
MEASURED: dict[Language, Ways] = {
    "en": Ways(
        names=("priya", "Omar", "Julia", "hiroshi"),
        before=("@{name} ", "Hello {name}, ", "Dear all, ", "Good evening, ", "2) ", "> @{name} ", "Note: ", "<@W99{name}> "),
        around=(("~", "~"), ("[", "]"), ("‘", "’"), ("> _", "_")),
        after=(" cc {name}", " (via @{name})", " See https://docs.example.com/x?y=2", " Best, {name}"),
        ends=("!!!", "....", "", "!"),
    ),
    "ja": Ways(
        names=("渡辺", "高橋", "Julia", "hiroshi"),
        before=("@{name} ", "{name}様 ", "皆さま、", "こんにちは。", "2) ", "> @{name} ", "■", "<@W99{name}> "),
        around=(("~", "~"), ("［", "］"), ("〈", "〉"), ("> _", "_")),
        after=(" cc @{name}", "（{name}より）", " 参照：https://docs.example.com/x?y=2", "どうぞよろしく。"),
        ends=("！！！", "……", "", "！"),
    ),
}


def language_of(text: str) -> Language:
    """English where all is written in Latin letters."""
    return "ja" if any(character > "\u2e80" and character.isalpha() for character in text) else "en"


def in_chat(rows: Sequence[Row]) -> list[Row]:
    """Rows of feelings as they might stand in a chat, in ways that are not learnt from; always the same for the same rows."""
    generator = np.random.default_rng(26)
    return [_in_chat(row, generator) for row in rows]


def _in_chat(row: Row, generator: np.random.Generator) -> Row:
    if not isinstance(row, SentimentRow):
        raise TypeError(f"{type(row).__name__} is not measured as it stands in a chat")
    return replace(row, text=MEASURED[language_of(row.text)].dress(row.text, generator))
