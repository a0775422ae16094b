"""Subcommands that take their values as words: what the function is given."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import typer

from bot.word_command import WordCommand

Given = dict[str, Any]


def _given(*words: str) -> Given:
    """What a command with the option --lang, the flag --json and free words is called with."""
    found: Given = {}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(cls=WordCommand)
    def read(
        words: Annotated[list[str] | None, typer.Argument()] = None,
        lang: Annotated[str | None, typer.Option("--lang", "--language")] = None,
        json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        found.update(words=words, lang=lang, json=json)

    app(args=list(words), standalone_mode=False)
    return found


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["猫", "a cat"], {"words": ["猫", "a cat"], "lang": None, "json": None}),
        (["--lang", "ja", "猫"], {"words": ["猫"], "lang": "ja", "json": None}),
        (["猫", "--lang=ja"], {"words": ["猫"], "lang": "ja", "json": None}),
        (["猫", "--language", "ja", "--json"], {"words": ["猫"], "lang": "ja", "json": True}),
        (["--lang", "ja", "--lang", "en", "猫"], {"words": ["猫"], "lang": "en", "json": None}),
        (["--", "--lang", "ja"], {"words": ["--lang", "ja"], "lang": None, "json": None}),
        (["--lang", "", ""], {"words": [""], "lang": "", "json": None}),
    ],
)
def test_a_function_is_given_the_words_as_they_were_typed(words: list[str], given: Given) -> None:
    found = _given(*words)
    assert {**found, "words": list(found["words"])} == given


def test_what_was_not_typed_is_none() -> None:
    found = _given()
    assert not found["words"]
    assert (found["lang"], found["json"]) == (None, None)


@pytest.mark.parametrize("words", [["--help"], ["猫", "--help"], ["--lang", "ja", "--help"]])
def test_help_is_printed_and_the_function_not_called(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _given(*words) == {}
    assert "--lang" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--nonsense"], ["猫", "--lang"], ["--json=yes"]])
def test_a_wrong_option_is_an_error_of_typer(words: list[str]) -> None:
    with pytest.raises(typer.TyperException):
        _given(*words)


def test_words_that_a_function_does_not_take_are_an_error_of_typer() -> None:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(cls=WordCommand)
    def run() -> None:
        pytest.fail("called")

    with pytest.raises(typer.TyperException, match="nonsense"):
        app(args=["nonsense"], standalone_mode=False)
