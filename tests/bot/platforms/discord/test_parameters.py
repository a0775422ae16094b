"""What a form of Discord's says is looked at like what is typed, whoever filled it in."""

from __future__ import annotations

import pytest

from bot.conversation import find_command
from bot.errors import CommandError
from bot.platforms.discord.parameters import arguments_from


@pytest.mark.parametrize(
    ("given", "ja", "en"),
    [
        ({"text": "猫", "lang": "fr"}, "--lang に「fr」は使えません", "--lang cannot be 'fr'"),
        ({"text": "a cat", "layer": -1}, "--layer に「-1」は使えません", "--layer cannot be '-1'"),
    ],
)
def test_a_value_that_its_option_does_not_allow_is_told(given: dict[str, object], ja: str, en: str) -> None:
    command, _ = find_command("/explain-attention")
    with pytest.raises(CommandError) as caught:
        arguments_from(command, given)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


def test_what_was_chosen_is_an_option_and_what_was_switched_off_is_none() -> None:
    command, _ = find_command("/explain-attention")
    arguments = arguments_from(command, {"text": "猫", "lang": "ja", "layer": 2, "joined": False})
    assert (arguments.text, arguments.options) == ("猫", {"lang": "ja", "layer": 2})
