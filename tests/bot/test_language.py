"""Which language people are talked to in."""

from __future__ import annotations

import pytest

from bot.language import speech_of_locale


@pytest.mark.parametrize(
    ("locale", "speech"),
    [("ja", "ja"), ("ja-JP", "ja"), ("ja_JP.UTF-8", "ja"), ("en-US", "en"), ("en-GB", "en"), ("fr-FR", None), ("jam", None), ("", None)],
)
def test_a_locale_tells_a_language_only_where_people_can_be_answered_in_it(locale: str, speech: str | None) -> None:
    assert speech_of_locale(locale) == speech
