"""How a command is written: free text first, then options; the same on every platform, forgiving of Japanese keyboards.

    /similar The cat sits. | A feline rests. --pooling mean
    /explain-attention 猫が好きです　－－layer　５　－－head＝2

Two dashes and a name start an option, also in full width; `=`, `:` or a space stands before its value. `|` or a line break
separates texts. Quotes keep all of this as text.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.errors import CommandError
from engine.contract import Message

OptionValue = str | int


@dataclass(frozen=True, kw_only=True)
class Option:
    """One `--name` of a command. A word ends at white space; a phrase goes on to the next separator or option; a flag has no value."""

    name: str
    kind: Literal["whole number", "choice", "word", "phrase", "flag"]
    meaning: Message
    example: str
    choices: tuple[str, ...] = ()
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What stood after a command's name.

    `text` is all of it as one text; `texts` are its separate parts; `first` and `rest` are what stands before and after the
    first separator. `attached` is a text that came along: a file, a message that was replied to.
    """

    text: str
    texts: tuple[str, ...]
    first: str
    rest: str
    options: dict[str, OptionValue] = field(default_factory=dict)
    attached: str | None = None


_QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "＂": "＂", "＇": "＇", "「": "」", "『": "』"}
# A quotation starts a word and ends one: the apostrophe of "don't" is no quote. Japanese needs no blank between 「…」「…」. None stands
# in one of its own kind: else a text of nothing but opening quotes would be read to its end once for each of them.
_QUOTED = re.compile(
    r"(?:(?<=[\s|｜=＝:：」』、])|(?<![\s\S]))(?:"
    + "|".join(f"{re.escape(opening)}[^{re.escape(opening + closing)}]*{re.escape(closing)}" for opening, closing in _QUOTES.items())
    + r")(?=[\s|｜「『、]|$(?![\s\S]))"
)
_SEPARATOR = re.compile(r"[|｜\n\r\u2028\u2029]+")
_FIRST_SEPARATOR = re.compile(r"\s*?[|｜\n\r\u2028\u2029]+")
_OPTION = re.compile(r"(?:(?<=[\s|｜])|(?<![\s\S]))(?P<dashes>[-－‐‑–−ー─―—]{2}|[—–])(?P<name>[A-Za-zＡ-Ｚａ-ｚ][\w－-]*)")
_QUOTED_OR_OPTION = re.compile(f"{_QUOTED.pattern}|{_OPTION.pattern}")
_QUOTED_OR_SEPARATOR = re.compile(f"{_QUOTED.pattern}|(?P<separator>{_SEPARATOR.pattern})")
_ASSIGNED = re.compile(r"[^\S\n]*[=＝:：][^\S\n]*")
_SPACE = re.compile(r"[^\S\n]+")
_BETWEEN = re.compile(r"[\s、]+")  # what may stand between texts in quotes
_WORD = re.compile(r"[^\s|｜]+")
_COMMAND = re.compile(r"\s*+[/／]\s*+([^\s:：]+)[:：]?")
# After a mention the slash may be missing, and a comma or colon may stand before the name. Nothing is given back (`*+`): the blanks
# of a text without a name would be parted in every possible way.
_MENTIONED = re.compile(r"[\s,、，:：]*+[/／]?\s*+([^\s:：]+)[:：]?")
_LATIN_START = re.compile(r"[A-Za-z_-]+(?=[^\x00-\x7f])")
# A dash that prose uses too makes an option only of a name this like a known one.
_LIKENESS = 0.75
# Characters of a name or a value from a list; what is longer is neither. Putting accents in order takes longer than the text is long.
_LONGEST_NAME = 100
_MOST_SHOWN = 60  # characters of what was typed in a message about it


def read_command_name(line: str, known: Sequence[str], *, slash_optional: bool = False) -> tuple[str, str] | None:
    """The name after the slash (as in `known` where it is one) and what follows it; None for a line without a command.

    With `slash_optional` the first word is the name, also where it is no known one.
    """
    match = (_MENTIONED if slash_optional else _COMMAND).match(line)
    if match is None:
        return None
    name = plain_name(match[1])
    joined = _LATIN_START.match(match[1])
    if name not in known and joined is not None and plain_name(joined[0]) in known:
        # Japanese needs no space: /sentimentこの映画
        return plain_name(joined[0]), line[match.start(1) + joined.end() :]
    return name, line[match.end() :]


def read_arguments(body: str, options: Sequence[Option]) -> Arguments:
    """Read what follows a command's name.

    Raises:
        CommandError: an unknown option, a missing, repeated or bad value.
    """
    text, given = _take_options(body, options)
    return arguments_of(text, options=given)


def arguments_of(text: str, *, options: dict[str, OptionValue] | None = None, attached: str | None = None) -> Arguments:
    """The Arguments whose free text is `text`."""
    text = text.strip()
    pieces = list(_split(text))
    first = pieces[0] if pieces else ""
    rest = text[text.index(first) + len(first) :] if first else ""
    texts = tuple(filter(None, (_unquote(piece) for piece in pieces)))
    if len(pieces) == 1 and (quoted := _all_quoted(pieces[0])):
        texts = quoted
    return Arguments(
        text=_unquote(text),
        texts=texts,
        first=_unquote(first),
        rest=_unquote(_FIRST_SEPARATOR.sub("", rest, count=1).strip()),
        options=options or {},
        attached=attached,
    )


def arguments_of_words(words: Sequence[str], *, options: dict[str, OptionValue], attached: str | None = None) -> Arguments:
    """The Arguments of texts that a shell has separated already: each word is one text; a single one is read as in chat."""
    if len(words) == 1:
        return arguments_of(words[0], options=options, attached=attached)
    first, rest = (words[0], "\n".join(words[1:])) if words else ("", "")
    return Arguments(text=" ".join(words), texts=tuple(words), first=first, rest=rest, options=options, attached=attached)


def read_value(option: Option, text: str) -> OptionValue:
    """Read an option's value as typed.

    Raises:
        CommandError: not one of the allowed values.
    """
    if option.kind == "whole number":
        return _read_number(option, text)
    if option.kind == "choice":
        value = _plain_value(text).lower()
        if value not in option.choices:
            raise _bad_value(option, text)
        return value
    return text.strip()


def plain_name(name: str) -> str:
    """A command's or option's name in its one spelling: half width, lower case, hyphens. What is too long for a name stays as it is."""
    if len(name) > _LONGEST_NAME:
        return name
    name = unicodedata.normalize("NFKC", name).lower().strip(" -_:")
    return re.sub(r"[_‐‑–−]", "-", name)


def start_of(typed: str) -> str:
    """What was typed as a message shows it: a long one only with its beginning."""
    return typed if len(typed) <= _MOST_SHOWN else typed[: _MOST_SHOWN - 1] + "…"


def unknown_option(name: str, known: Sequence[str], *, escape: Message | None) -> CommandError:
    """The error for an option that a command does not have; `escape` says how to write it as text, where there can be one."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    listed = ", ".join(f"--{option}" for option in known)
    name = start_of(name)
    return CommandError(
        ja=f"--{name} というオプションはありません。"
        + (f"--{near[0]} のことですか？ " if near else "")
        + (f"使えるもの：{listed}。" if listed else "")
        + (f"文章の一部なら、{escape.ja}" if escape else ""),
        en=f"There is no option --{name}."
        + (f" Did you mean --{near[0]}?" if near else "")
        + (f" There are: {listed}." if listed else "")
        + (f" If it belongs to the text, {escape.en}" if escape else ""),
    )


def missing_value(option: Option) -> CommandError:
    """The error for an option that stands there without its value."""
    return CommandError(
        ja=f"--{option.name} の値がありません。{allowed_values(option).ja}",
        en=f"--{option.name} needs a value. {allowed_values(option).en}",
    )


def allowed_values(option: Option) -> Message:
    """Which values an option takes."""
    if option.choices:
        listed = ", ".join(option.choices)
        return Message(ja=f"使える値：{listed}", en=f"Allowed: {listed}")
    if option.kind == "whole number" and option.at_most is not None:
        return Message(
            ja=f"使える値：{option.at_least} から {option.at_most} の整数",
            en=f"Allowed: a whole number from {option.at_least} to {option.at_most}",
        )
    if option.kind == "whole number":
        return Message(ja=f"使える値：{option.at_least} 以上の整数", en=f"Allowed: a whole number from {option.at_least}")
    return Message(ja=f"例：--{option.name} {option.example}", en=f"For example: --{option.name} {option.example}")


def _take_options(body: str, options: Sequence[Option]) -> tuple[str, dict[str, OptionValue]]:
    """The text around the options, and the options."""
    given: dict[str, OptionValue] = {}
    kept: list[str] = []
    position = 0
    for match in _find_options(body, options):
        if match.start() < position:  # inside the value before it
            continue
        kept.append(body[position : match.start()])
        option = _option_named(plain_name(match["name"]), options)
        if option.name in given:
            raise CommandError(
                ja=f"--{option.name} が 2 回あります。ひとつにしてください。", en=f"--{option.name} is given twice. Give it once."
            )
        value, position = _take_value(body, match.end(), option, options)
        given[option.name] = read_value(option, value)
    kept.append(body[position:])
    return _join(kept), given


def _find_options(body: str, options: Sequence[Option]) -> Iterator[re.Match[str]]:
    """What stands outside quotes and looks like an option."""
    known = [option.name for option in options]
    for match in _QUOTED_OR_OPTION.finditer(body):
        if match["name"] is None:
            continue
        typed_on_purpose = match["dashes"] in ("--", "－－")
        cutoff = 1.0 if len(match["dashes"]) == 1 else _LIKENESS
        if typed_on_purpose or difflib.get_close_matches(plain_name(match["name"]), known, n=1, cutoff=cutoff):
            yield match


def _option_named(name: str, options: Sequence[Option]) -> Option:
    for option in options:
        if option.name == name:
            return option
    escape = Message(ja=f'引用符で囲んでください："… --{name} …"', en=f'put the text in quotes: "… --{name} …"')
    raise unknown_option(name, [option.name for option in options], escape=escape)


def _take_value(body: str, position: int, option: Option, options: Sequence[Option]) -> tuple[str, int]:
    """The value that starts at or after `position`, and where it ends."""
    if option.kind == "flag":
        return "yes", position
    gap = _ASSIGNED.match(body, position) or _SPACE.match(body, position)
    start = gap.end() if gap else position
    if quoted := _QUOTED.match(body, start):
        return quoted[0][1:-1], quoted.end()
    end = _end_of_phrase(body, start, options) if option.kind == "phrase" else _end_of_word(body, start)
    value = body[start:end].strip()
    if not value or _OPTION.match(body, start):
        raise missing_value(option)
    return value, end


def _end_of_word(body: str, start: int) -> int:
    word = _WORD.match(body, start)
    return word.end() if word else start


def _end_of_phrase(body: str, start: int, options: Sequence[Option]) -> int:
    stops = [match.start() for match in _SEPARATOR.finditer(body, start)]
    stops += [match.start() for match in _find_options(body, options) if match.start() >= start]
    return min(stops, default=len(body))


def _join(pieces: Sequence[str]) -> str:
    """The text with its options taken out: a line break next to one stays a line break."""
    text = ""
    for piece in pieces:
        gap = "\n" if "\n" in text[len(text.rstrip()) :] + piece[: len(piece) - len(piece.lstrip())] else " "
        text = text.rstrip() + gap + piece.lstrip() if text.strip() and piece.strip() else text + piece
    return text


def _split(text: str) -> Iterator[str]:
    """The parts between separators that stand outside quotes, none of them empty."""
    start = 0
    for match in _QUOTED_OR_SEPARATOR.finditer(text):
        if match["separator"] is None:
            continue
        if piece := text[start : match.start()].strip():
            yield piece
        start = match.end()
    if piece := text[start:].strip():
        yield piece


def _unquote(text: str) -> str:
    """Without the quotes around all of it. Japanese brackets stay: they are part of the sentence."""
    whole = _QUOTED.fullmatch(text)
    return text[1:-1].strip() if whole and text[0] not in "「『" else text


def _all_quoted(text: str) -> tuple[str, ...]:
    """The texts of "a" "b" "c" or 「a」「b」「c」; empty where anything else stands outside quotes."""
    if _BETWEEN.sub("", _QUOTED.sub("", text)):
        return ()
    return tuple(filter(None, (match[0][1:-1].strip() for match in _QUOTED.finditer(text))))


def _plain_value(text: str) -> str:
    """A value in half width; as it is where it is too long for a value from a list or a number."""
    return unicodedata.normalize("NFKC", text).strip() if len(text) <= _LONGEST_NAME else text


def _read_number(option: Option, text: str) -> int:
    plain = _plain_value(text)
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", plain):
        raise _bad_value(option, text)
    value = int(plain)
    if value < option.at_least or (option.at_most is not None and value > option.at_most):
        raise _bad_value(option, text)
    return value


def _bad_value(option: Option, text: str) -> CommandError:
    allowed, shown = allowed_values(option), start_of(text)
    return CommandError(
        ja=f"--{option.name} に「{shown}」は使えません。{allowed.ja}",
        en=f"--{option.name} cannot be {shown!r}. {allowed.en}",
    )
