"""How a command line of the engine talks: its help, and what is wrong with an option, in the person's language."""

from __future__ import annotations

import argparse
import difflib
import functools
import itertools
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from engine.contract import Message
from engine.wrapping import wrapped

WRONG_USAGE = 2  # exit code
LANGUAGES = ("ja", "en")
PRECISIONS = ("auto", "fp32", "bf16")  # what models compute in: engine.models.precision chooses for "auto"
_LANG_VARIABLE = "YOMITE_LANG"
_LIKENESS = 0.7  # of an option to one that there is, from 0 to 1
_MOST_SHOWN = 60  # characters of what was typed in a message about it
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]+)?")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_Word = TypeVar("_Word", bound=str)
_Value = TypeVar("_Value")


class CommandLine(argparse.ArgumentParser):
    """Talks in `lang`; `example` is shown with its help and beside what is wrong.

    Options are not abbreviated: `yomite` adds those of its settings that it does not see among the words.
    """

    def __init__(self, *, lang: str, example: Message | None = None, **given: Any) -> None:
        self.lang = lang
        self._example = example
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=functools.partial(_Help, lang=lang), **given)
        said = self.said
        if example:
            self.epilog = f"{said('例', 'Example')}: {example.in_language(lang)}"
        # argparse has no other way to its own two headings.
        self._positionals.title, self._optionals.title = said("引数", "arguments"), said("オプション", "options")
        self.add_argument("-h", "--help", action="help", help=said("この使い方を表示する", "show this help"))

    def said(self, ja: str, en: str) -> str:
        """What is said in its language."""
        return Message(ja=ja, en=en).in_language(self.lang)

    def error(self, message: str) -> NoReturn:
        """Say on stderr what is wrong, and end with exit code 2."""
        lines = [explained(message, options=_OPTION.findall(self.format_help()))]
        if self._example:
            lines.append(Message(ja=f"例：{self._example.ja}", en=f"Example: {self._example.en}"))
        lines.append(Message(ja=f"使い方：{self.prog} --help", en=f"Usage: {self.prog} --help"))
        self.exit(WRONG_USAGE, "".join(f"{line.in_language(self.lang)}\n" for line in lines))


class _Help(argparse.HelpFormatter):
    """The layout of a help: headings in one language, lines as wide as a terminal draws them."""

    def __init__(self, *, lang: str, **given: Any) -> None:
        super().__init__(**given)
        self._usage = f"{Message(ja='使い方', en='usage').in_language(lang)}: "

    def add_usage(self, usage: str | None, actions: Iterable[argparse.Action], groups: Iterable[Any], prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, self._usage if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(" ".join(text.split()), lambda line: columns(line) <= width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def tell(message: Message, lang: str | None) -> None:
    """On stderr, in the language that was asked for or in both."""
    print(*([message.in_language(lang)] if lang else [message.ja, message.en]), sep="\n", file=sys.stderr, flush=True)


def language_of(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language to talk in before anything else is read: what `--lang` says, else YOMITE_LANG, else English."""
    wished = [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    wished += [value for name, value in itertools.pairwise(words) if name == "--lang"]
    return next((value for value in (*wished, environment.get(_LANG_VARIABLE, "").lower()) if value in LANGUAGES), "en")


# --- What is wrong -------------------------------------------------------------------------------------------------


def explained(message: str, *, options: Sequence[str] = ()) -> Message:
    """What argparse says is wrong, or one of the readers below; `options` are those that there are."""
    if found := re.fullmatch(r"argument (?P<name>.+?): cannot be (?P<both>.+)", message, re.DOTALL):
        name, (ja, _, en) = found["name"], found["both"].partition("\n")
        return Message(ja=f"{name} に{ja}", en=f"{name} cannot be {en}")
    if found := re.fullmatch(r"argument (?P<name>.+?): expected .*argument", message):
        return Message(ja=f"{found['name']} の値がありません。", en=f"{found['name']} needs a value.")
    if found := re.fullmatch(r"argument (?P<name>.+?): ignored explicit argument (?P<value>.+)", message, re.DOTALL):
        name, value = found["name"], found["value"]
        return Message(ja=f"{name} に値は付けられません（{value}）。", en=f"{name} takes no value, and was given {value}.")
    if found := re.fullmatch(r"argument (?P<name>.+?): not allowed with argument (?P<other>.+)", message):
        name, other = found["name"], found["other"]
        return Message(
            ja=f"{name} と {other} はいっしょに使えません。どちらかひとつにしてください。",
            en=f"{name} and {other} cannot be used together. Give only one of them.",
        )
    if found := re.fullmatch(r"the following arguments are required: (?P<names>.+)", message):
        return Message(ja=f"{found['names']} を指定してください。", en=f"{found['names']} must be given.")
    if found := re.fullmatch(r"unrecognized arguments: (?P<words>.+)", message, re.DOTALL):
        return _unknown(found["words"], options)
    return Message(ja=f"コマンドの書き方が違います（{message}）。", en=message)


def _unknown(words: str, options: Sequence[str]) -> Message:
    """An option that there is not, else a word too many."""
    first = _shown(next(iter(words.split()), words))
    if not first.startswith("-"):
        return Message(
            ja=f"「{first}」が余分です。空白を含むファイル名は、引用符で囲んでください。",
            en=f"{first!r} is a word too many. A file name with blanks in it stands in quotes.",
        )
    name = first.partition("=")[0]
    near = difflib.get_close_matches(name, options, n=1, cutoff=_LIKENESS)
    return Message(
        ja=f"{name} というオプションはありません。" + (f"{near[0]} のことですか？" if near else ""),
        en=f"There is no option {name}." + (f" Did you mean {near[0]}?" if near else ""),
    )


def _shown(typed: str) -> str:
    """What was typed as a message shows it: in one line, a long one only with its beginning."""
    line = " ".join(typed.split())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"


# --- Reading values ------------------------------------------------------------------------------------------------


def one_of(*allowed: _Word) -> Callable[[str], _Word]:
    """Reads one of these words."""
    listed = ", ".join(allowed)
    return functools.partial(_read, read={str(word): word for word in allowed}.__getitem__, allowed=Message(ja=listed, en=listed))


def whole_number(*, at_least: int, at_most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number."""

    def read(text: str) -> int:
        value = int(text)
        if value < at_least or (at_most is not None and value > at_most):
            raise ValueError(value)
        return value

    allowed = Message(ja=f"{at_least} 以上の整数", en=f"a whole number from {at_least}")
    if at_most is not None:
        allowed = Message(ja=f"{at_least} から {at_most} の整数", en=f"a whole number from {at_least} to {at_most}")
    return functools.partial(_read, read=read, allowed=allowed)


def learning_rate(text: str) -> float:
    """Reads a number above 0 and at most 1."""

    def read(text: str) -> float:
        value = float(text)
        if not 0 < value <= 1:
            raise ValueError(value)
        return value

    return _read(text, read=read, allowed=Message(ja="0 より大きく 1 以下の数", en="a number above 0 and at most 1"))


def device(text: str) -> str:
    """Reads what computes, in any case; whether this machine has it is seen where it is wanted."""
    listed = "auto, cpu, cuda, cuda:N, mps"

    def read(text: str) -> str:
        if not _DEVICE.fullmatch(text.lower()):
            raise ValueError(text)
        return text.lower()

    return _read(text, read=read, allowed=Message(ja=listed, en=listed))


def _read(text: str, *, read: Callable[[str], _Value], allowed: Message) -> _Value:
    """Raises ArgumentTypeError, whose text says in both languages, a line each, what is wrong."""
    try:
        return read(text)
    except (KeyError, ValueError) as error:
        shown = _shown(text)
        said = Message(ja=f"「{shown}」は使えません。使える値：{allowed.ja}", en=f"{shown!r}. Allowed: {allowed.en}")
        raise argparse.ArgumentTypeError(f"cannot be {said.ja}\n{said.en}") from error


# --- Settings that `yomite` passes on ------------------------------------------------------------------------------


def add_settings(found: CommandLine) -> None:
    """Where models are and what computes; the language to talk in."""
    said = found.said
    found.add_argument(
        "--lang",
        type=one_of(*LANGUAGES),
        metavar="ja|en",
        help=said(
            "出力のことば：ja または en。省くと YOMITE_LANG、なければマシンのロケール",
            "the language to talk in: ja or en; default: YOMITE_LANG, else the locale's",
        ),
    )
    found.add_argument(
        "--profile",
        default="bundled",
        metavar="bundled|hub",
        help=said("モデルの組：bundled（省いたとき）または hub", "the catalog's profile: bundled (default) or hub"),
    )
    for name, metavar, meaning in (
        (
            "catalog",
            "FILE",
            said("プロファイルの行より先に使う、自分のカタログ", "a catalog file of your own, whose rows stand before the profile's"),
        ),
        ("chosen", "FILE", said("`yomite models use` が書くファイル", "the file of `yomite models use`")),
        ("lock", "FILE", said("`yomite models pull` が書くファイル", "the file of `yomite models pull`")),
        ("models-dir", "FOLDER", said("同梱モデルの場所", "where the bundled models lie")),
    ):
        found.add_argument(f"--{name}", type=Path, metavar=metavar, help=meaning)
    found.add_argument(
        "--device",
        type=device,
        default="auto",
        help=said("計算に使う装置：auto（省いたとき）、cpu、cuda、cuda:N、mps", "what computes: auto (default), cpu, cuda, cuda:N, mps"),
    )
