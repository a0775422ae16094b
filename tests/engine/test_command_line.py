"""A command line of the engine: its help, and what is wrong with an option, in the person's language."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.command_line import CommandLine, columns, device, explained, language_of, learning_rate, one_of, whole_number
from engine.contract import Message
from engine.evaluation import options as evaluation
from engine.models import command_line as models
from engine.training import options as training
from tools.messages import JAPANESE
from workers import options as workers

Captured = pytest.CaptureFixture[str]
EXAMPLE = Message(ja="yomite try 例.csv", en="yomite try rows.csv")
EVERY: dict[str, Callable[[str], CommandLine]] = {
    "train": lambda lang: training.parser("train", lang),
    "adapt": lambda lang: training.parser("adapt", lang),
    "evaluate": evaluation.parser,
    "worker": workers.parser,
    **{f"models {name}": lambda lang, name=name: models.parser(name, lang) for name in models.FORMS},  # type: ignore[misc]  # its second parameter has a default
}


def line(lang: str) -> CommandLine:
    """One with an option of each kind."""
    found = CommandLine(lang=lang, prog="yomite try", example=EXAMPLE)
    found.add_argument("file", type=Path, metavar="FILE")
    found.add_argument("--epochs", type=whole_number(at_least=1), default=3, metavar="N")
    found.add_argument("--seed", type=whole_number(at_least=0, at_most=9), metavar="N")
    found.add_argument("--rate", type=learning_rate, metavar="X")
    found.add_argument("--form", type=one_of("text", "json"), metavar="text|json")
    found.add_argument("--hidden", help=argparse.SUPPRESS)
    where = found.add_mutually_exclusive_group()
    where.add_argument("--from", dest="source")
    where.add_argument("--to", dest="target")
    found.add_argument("--full", action="store_true")
    return found


@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        ([], "FILE を指定してください。", "FILE must be given."),
        (
            ["x", "--epochs", "abc"],
            "--epochs に「abc」は使えません。使える値：1 以上の整数",
            "--epochs cannot be 'abc'. Allowed: a whole number from 1",
        ),
        (
            ["x", "--epochs", "0"],
            "--epochs に「0」は使えません。使える値：1 以上の整数",
            "--epochs cannot be '0'. Allowed: a whole number from 1",
        ),
        (
            ["x", "--seed", "10"],
            "--seed に「10」は使えません。使える値：0 から 9 の整数",
            "--seed cannot be '10'. Allowed: a whole number from 0 to 9",
        ),
        (
            ["x", "--rate", "nan"],
            "--rate に「nan」は使えません。使える値：0 より大きく 1 以下の数",
            "--rate cannot be 'nan'. Allowed: a number above 0 and at most 1",
        ),
        (["x", "--form", "yaml"], "--form に「yaml」は使えません。使える値：text, json", "--form cannot be 'yaml'. Allowed: text, json"),
        (["x", "--form", "a: b\nc"], "--form に「a: b c」は使えません。", "--form cannot be 'a: b c'."),
        (["x", "--form", "猫" * 99], f"--form に「{'猫' * 59}…」は使えません。", f"--form cannot be '{'猫' * 59}…'."),
        (["x", "--form"], "--form の値がありません。", "--form needs a value."),
        (["x", "--full=yes"], "--full に値は付けられません（'yes'）。", "--full takes no value, and was given 'yes'."),
        (["x", "--from", "a", "--to", "b"], "--to と --from はいっしょに使えません。", "--to and --from cannot be used together."),
        (
            ["x", "--epoch", "3"],
            "--epoch というオプションはありません。--epochs のことですか？",
            "There is no option --epoch. Did you mean --epochs?",
        ),
        (["x", "--hiden=1"], "--hiden というオプションはありません。\n", "There is no option --hiden.\n"),
        (["my", "rows.csv"], "「rows.csv」が余分です。", "'rows.csv' is a word too many."),
    ],
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_is_wrong_is_said_with_what_would_be_right(words: list[str], ja: str, en: str, lang: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        line(lang).parse_args(words)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(ja if lang == "ja" else en)
    assert said.err.endswith(
        "\n例：yomite try 例.csv\n使い方：yomite try --help\n"
        if lang == "ja"
        else "\nExample: yomite try rows.csv\nUsage: yomite try --help\n"
    )


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_device_that_there_is_nowhere_is_a_wrong_option(name: str, lang: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        EVERY[name](lang).parse_args(["--device", "gpu"])
    assert ended.value.code == 2
    said = {
        "ja": "--device に「gpu」は使えません。使える値：auto, cpu, cuda, cuda:N, mps\n",
        "en": "--device cannot be 'gpu'. Allowed: auto, cpu, cuda, cuda:N, mps\n",
    }
    assert capsys.readouterr().err.startswith(said[lang])


def test_what_argparse_says_otherwise_is_passed_on() -> None:
    assert explained("something new") == Message(ja="コマンドの書き方が違います（something new）。", en="something new")


@pytest.mark.parametrize(
    ("text", "read"), [("auto", "auto"), ("CPU", "cpu"), ("cuda", "cuda"), ("cuda:12", "cuda:12"), ("mps", "mps"), ("Cuda:0", "cuda:0")]
)
def test_a_device_is_read_in_any_case(text: str, read: str) -> None:
    assert device(text) == read


@pytest.mark.parametrize("text", ["", "gpu", "cuda:", "cuda:x", "cuda:１", "cpu:0", "cuda:0 ", "meta"])
def test_no_other_device_is_read(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="cuda:N"):
        device(text)


def test_values_are_read() -> None:
    found = line("en").parse_args(["x", "--epochs", "5", "--seed=9", "--rate", "5e-4", "--form", "json", "--full"])
    assert (found.file, found.epochs, found.seed, found.rate, found.form, found.full) == (Path("x"), 5, 9, 5e-4, "json", True)


@pytest.mark.parametrize(
    ("words", "environment", "lang"),
    [
        (["--lang=ja"], {}, "ja"),
        (["x", "--lang", "ja"], {"YOMITE_LANG": "en"}, "ja"),
        (["--lang", "fr"], {"YOMITE_LANG": "ja"}, "ja"),
        (["--lang"], {"YOMITE_LANG": "JA"}, "ja"),
        ([], {"YOMITE_LANG": "auto"}, "en"),
        ([], {}, "en"),
    ],
)
def test_the_language_is_that_of_the_option_else_that_of_the_setting(words: list[str], environment: dict[str, str], lang: str) -> None:
    assert language_of(words, environment) == lang


# --- Helps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_in_both_languages_what_it_is_for(name: str) -> None:
    shown = {lang: [each for each in EVERY[name](lang)._actions if each.help != argparse.SUPPRESS] for lang in ("ja", "en")}
    assert [each.dest for each in shown["ja"] if not JAPANESE.search(each.help or "")] == []
    assert [each.dest for each in shown["en"] if not each.help or JAPANESE.search(each.help)] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_help_in_japanese_has_its_headings_in_japanese_and_fits_a_terminal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = EVERY[name]("ja").format_help()
    assert said.startswith(f"使い方: yomite {name} ")
    assert "\nオプション:\n" in said
    assert [heading for heading in ("usage:", "options:", "arguments:", "show this help") if heading in said] == []
    ours = said.partition("\n\n")[2].splitlines()  # the usage before it is laid out by argparse
    assert [text for text in ours if columns(text) > 80] == []


def test_a_line_of_a_help_does_not_begin_with_a_full_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    found = CommandLine(lang="ja", prog="yomite try", description="文" * 19 + "。次の文。")
    assert "文" * 18 + "\n文。次の文。" in found.format_help()


@pytest.mark.parametrize("module", ["engine.training train", "engine.training adapt", "engine.evaluation"])
def test_neither_a_help_nor_a_wrong_option_loads_torch(module: str) -> None:
    name, *words = module.split()
    code = (
        f"import sys; from {name}.__main__ import main\n"
        "for more in (['--help'], ['--nonsense']):\n"
        f"    try: main([*{words!r}, *more])\n"
        "    except SystemExit: pass\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "set()"


BAD_ROWS = "text,label\n最高,posi\nfine,1\n"


@pytest.mark.parametrize(
    ("line", "content", "said"),
    [
        ("engine.training train sentiment --lang=ja --data", BAD_ROWS, "  3 行目：ラベルが数字の 1 です。"),
        ("engine.training train sentiment --lang=en --data", BAD_ROWS, "  line 3: label 1: what a number means is not guessed"),
        ("engine.training train sentiment --lang=ja --data", "text,label\n最高,肯定\n", "1 行しかありません。8 行以上"),
        ("engine.training adapt --lang=en --text", "text\nfine\n", "There are only 1 distinct lines; 8 or more are needed"),
        ("engine.evaluation sentiment --lang=ja --data", BAD_ROWS, "  3 行目：ラベルが数字の 1 です。"),
        ("engine.evaluation sentiment --lang=en --data", BAD_ROWS, "  line 3: label 1: what a number means is not guessed"),
    ],
)
def test_who_gives_a_file_that_is_refused_does_not_wait_for_torch(line: str, content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content, encoding="utf-8")
    name, *words = line.split()
    code = (
        f"import sys; from {name}.__main__ import main\n"
        f"print(main({[*words, str(path)]!r}), {{'torch', 'transformers', 'sklearn', 'scipy'}} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-X", "utf8", "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout == "2 set()\n"
    assert said in ended.stderr
