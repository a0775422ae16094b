"""Whatever a person types becomes a command or a sentence that says what would be right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.commands import COMMANDS
from bot.conversation import find_command, understand
from bot.errors import CommandError
from bot.grammar import arguments_of_words, read_arguments, read_value
from bot.language import speech_of
from bot.platforms.discord.parameters import arguments_from
from bot.platforms.slack.manifest import line_of_slash
from bot.platforms.slack.markup import as_typed, mentions, without_mention
from bot.platforms.slack.wording import PRIVATE
from tests.fuzz.inputs import LONG, TEXTS, fuzzed

OPTIONS = tuple({option.name: option for command in COMMANDS for option in command.options}.values())
NAMES = st.sampled_from([f"{slash}{name} " for command in COMMANDS for name in command.names for slash in ("/", "／", "")])
LINES = TEXTS | st.tuples(NAMES, TEXTS).map("".join)


def is_told(error: CommandError) -> None:
    """The sentence is there in both languages, and is one: it does not say all that was typed once more."""
    assert 0 < len(error.message.ja) < 3_000
    assert 0 < len(error.message.en) < 3_000


@given(LINES, st.booleans(), TEXTS)
@fuzzed()
def test_a_line_is_understood_or_told_to_be_wrong(line: str, slash_optional: bool, attached: str) -> None:
    try:
        found = understand(line, extra_options=(PRIVATE,), slash_optional=slash_optional, attach=lambda _: attached)
    except CommandError as error:
        is_told(error)
        return
    assert found.command is find_command(line, slash_optional=slash_optional)[0]
    assert speech_of(line, otherwise="en") in ("ja", "en")


@given(TEXTS, TEXTS)
@fuzzed()
def test_what_slack_sends_is_read_as_a_line(command: str, text: str) -> None:
    line = as_typed(without_mention(text, "U1"))
    assert mentions(text, "U1") or line == as_typed(text)
    for said in (line, line_of_slash(command, as_typed(text))):
        try:
            understand(said, slash_optional=True)
        except CommandError as error:
            is_told(error)


FIELDS = st.sampled_from(["text", "text1", "text2", "question", "context", *(option.name for option in OPTIONS)])


@given(st.sampled_from(COMMANDS), st.dictionaries(FIELDS, TEXTS | st.booleans() | st.integers()))
@fuzzed()
def test_what_a_form_of_discord_says_is_a_command_or_told_to_be_wrong(command: Any, given: dict[str, Any]) -> None:
    try:
        understand(f"/{command.name}", arguments=arguments_from(command, given))
    except CommandError as error:
        is_told(error)


@given(st.sampled_from(OPTIONS), TEXTS, st.lists(TEXTS, max_size=4))
@fuzzed()
def test_options_and_their_values_are_read_or_told_to_be_wrong(option: Any, value: str, words: list[str]) -> None:
    for read in (
        lambda: read_value(option, value),
        lambda: read_arguments(f"{' '.join(words)} --{option.name} {value}", OPTIONS),
        lambda: arguments_of_words(words, options={}),
    ):
        try:
            read()
        except CommandError as error:
            is_told(error)


@pytest.mark.parametrize("sign", ["a", "\u202e", "\ud800", "\u0301", "\ufdfa", "“", "—", "<", "\n"])
def test_four_megabytes_of_one_sign_are_read_or_told_to_be_wrong(sign: str) -> None:
    text = sign * (4 * 2**20 // len(sign.encode("utf-8", "surrogatepass")))
    for line in (text, f"/sentiment {as_typed(text)}"):
        try:
            understand(line, slash_optional=True)
        except CommandError as error:
            is_told(error)


# Each would take many minutes if one of our patterns went over it once for every sign.
@pytest.mark.parametrize("piece", [" “", " 「", "——ab ", "<@U1|", "<a:", "&", "\u0301\u0316", "\xa0", ", ", "--x=", " |", "'a "])
def test_no_pattern_of_ours_looks_again_and_again(piece: str) -> None:
    text = piece * (LONG // len(piece))
    for line in (text, f"/ner {text}", f"/explain-attention a --layer {text}"):
        try:
            understand(as_typed(without_mention(line, "U1")), slash_optional=True)
        except CommandError as error:
            is_told(error)
