"""Lines as they stand in a chat: addressed to somebody, quoted, in bold, with other ends. What their writer feels stays the same.

Some ways are learnt from, others with other words are kept for measuring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contract import Language
from engine.examples.rows import AskRow, Row, SentimentRow

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
    lines_before: Sequence[str]
    lines_after: Sequence[str]

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

    def among_lines(self, text: str, generator: np.random.Generator) -> str:
        """The text after a line of greeting, before one that takes leave or answers, or between both."""
        names = iter(generator.permutation(list(self.names)).tolist())

        def drawn(lines: Sequence[str]) -> str:
            return str(generator.choice(lines)).replace(NAME, next(names))

        kind = generator.choice(["before", "after", "both"])
        before = f"{drawn(self.lines_before)}\n" if kind != "after" else ""
        return before + text + (f"\n{drawn(self.lines_after)}" if kind != "before" else "")


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
        lines_before=(
            *(
                "Good morning!",
                "Hi all,",
                "Hello {name},",
                "Quick update:",
                "FYI",
                "Dear team,",
                "Hey,",
                "{name}: Any news?",
                "{name}: Hello everybody",
            ),
            *(
                "As promised:",
                "For the record:",
                "Copied from the wiki:",
                "{name} wrote:",
                "Hope you are all well.",
                "Sorry for the late reply.",
                "*Announcement*",
            ),
        ),
        lines_after=(
            *(
                "Thanks, {name}",
                "Cheers",
                "Best regards,\n{name}",
                "{name}: Thanks!",
                "{name}: Great, got it.",
                "Let me know if you have questions.",
                "-- {name}",
            ),
            *(
                "Hope that helps.",
                "See you!",
                "{name}: ok",
                "{name}: Could you say that again?",
                "(edited)",
                "Please share.",
                "cc @{name}",
                "Kind regards",
            ),
        ),
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
        lines_before=(
            *(
                "おはようございます。",
                "お疲れさまです。",
                "{name}さん",
                "みなさん、こんにちは。",
                "共有です。",
                "お知らせです。",
                "{name}：何か分かりましたか。",
                "{name}です。",
            ),
            *(
                "先日の件です。",
                "念のため書いておきます。",
                "社内wikiより：",
                "{name}さんより：",
                "いつもお世話になっております。",
                "返信が遅くなりすみません。",
                "【お知らせ】",
            ),
        ),
        lines_after=(
            *(
                "よろしくお願いします。",
                "以上です。",
                "{name}",
                "{name}：ありがとうございます。",
                "{name}：了解です。",
                "ご不明な点があればご連絡ください。",
                "―{name}",
            ),
            *(
                "取り急ぎご連絡まで。",
                "ではまた。",
                "{name}：助かります！",
                "{name}：もう一度お願いします。",
                "（編集済み）",
                "共有をお願いします。",
                "cc @{name}",
            ),
        ),
    ),
}
MEASURED: dict[Language, Ways] = {
    "en": Ways(
        names=("priya", "Omar", "Julia", "hiroshi"),
        before=("@{name} ", "Hello {name}, ", "Dear all, ", "Good evening, ", "2) ", "> @{name} ", "Note: ", "<@W99{name}> "),
        around=(("~", "~"), ("[", "]"), ("‘", "’"), ("> _", "_")),
        after=(" cc {name}", " (via @{name})", " See https://docs.example.com/x?y=2", " Best, {name}"),
        ends=("!!!", "....", "", "!"),
        lines_before=(
            "Good evening everybody,",
            "Hiya {name}!",
            "Here you go:",
            "From the minutes:",
            "{name}: what did I miss?",
            "[Forwarded]",
        ),
        lines_after=(
            "All the best,\n{name}",
            "Many thanks!",
            "{name}: perfect, noted.",
            "Shout if anything is unclear.",
            "~ {name}",
            "{name}: 👍",
        ),
    ),
    "ja": Ways(
        names=("渡辺", "高橋", "Julia", "hiroshi"),
        before=("@{name} ", "{name}様 ", "皆さま、", "こんにちは。", "2) ", "> @{name} ", "■", "<@W99{name}> "),
        around=(("~", "~"), ("［", "］"), ("〈", "〉"), ("> _", "_")),
        after=(" cc @{name}", "（{name}より）", " 参照：https://docs.example.com/x?y=2", "どうぞよろしく。"),
        ends=("！！！", "……", "", "！"),
        lines_before=("こんばんは。", "{name}様", "以下のとおりです。", "議事録から：", "{name}：状況を教えてください。", "[転送]"),
        lines_after=(
            "どうぞよろしく。\n{name}",
            "失礼いたします。",
            "{name}：承知しました。",
            "質問があればどうぞ。",
            "〜{name}",
            "{name}：👍",
        ),
    ),
}


def language_of(text: str) -> Language:
    """English where all is written in Latin letters."""
    return "ja" if any(character > "\u2e80" and character.isalpha() for character in text) else "en"


def in_chat(rows: Sequence[Row]) -> list[Row]:
    """Rows of feelings and questions as they might stand in a chat, in ways that are not learnt from; always the same for the same rows.

    Raises:
        TypeError: a row is of a kind that is not measured so.
    """
    generator = np.random.default_rng(26)
    return [_in_chat(row, generator) for row in rows]


def _in_chat(row: Row, generator: np.random.Generator) -> Row:
    match row:
        case SentimentRow():
            return replace(row, text=MEASURED[language_of(row.text)].dress(row.text, generator))
        case AskRow():
            return context_in_chat(row, MEASURED, generator)
        case _:
            raise TypeError(f"{type(row).__name__} is not measured as it stands in a chat")


def context_in_chat(row: AskRow, ways: Mapping[Language, Ways], generator: np.random.Generator) -> AskRow:
    """The question about its context as it might stand in a chat: dressed as a line is, among others, or both; answers move with it."""
    way, context = ways[language_of(row.context)], row.context
    kind = generator.choice(["line", "among", "both"])
    if kind != "among":
        context = way.dress(context, generator)
    if kind != "line":
        context = way.among_lines(context, generator)
    before = context.find(row.context.rstrip(ENDS))
    answers = tuple(replace(answer, start=None if answer.start is None else answer.start + before) for answer in row.answers)
    moved = replace(row, context=context, answers=answers)
    # An answer that ends with the mark that gave way to another is no part of the new context.
    return moved if all(answer.start is None or context.startswith(answer.text, answer.start) for answer in answers) else row
