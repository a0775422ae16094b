"""An event of a form that the library does not know ends its connection, not the bot: it connects anew and answers what comes then."""

from __future__ import annotations

import pytest

from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord.objects import DM_CHANNEL, PERSON, user
from tests.fakes.discord.world import is_shown, text_of


@pytest.mark.parametrize(
    "event",
    [{"id": "940000000000000001", "channel_id": DM_CHANNEL}, {"content": "ひみつ"}, {"id": "x", "author": user(PERSON), "content": 3}],
)
@pytest.mark.parametrize(("line", "answered"), [("/ner 猫はどこ？", "猫はどこ"), ("/ner Tim is here.", "Tim")])
def test_after_an_event_of_another_form_the_next_question_is_answered(
    redis_url: str, caplog: pytest.LogCaptureFixture, event: dict[str, object], line: str, answered: str
) -> None:
    async def scene(it: Stage) -> None:
        connections = it.discord.gateway.connections
        await it.discord.gateway.dispatch("MESSAGE_CREATE", event)
        await it.discord.wait_until_ready(connections=connections + 1)
        await it.discord.direct(line)
        await it.discord.wait_for_message(lambda said: is_shown(said) and answered in text_of(said))
        assert "ひみつ" not in caplog.text
        assert "while taking what Discord sent" in caplog.text

    play(redis_url, scene)
