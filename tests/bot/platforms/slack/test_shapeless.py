"""On Slack no text can turn what stands beside it, hide in it, or keep its answer from being posted."""

from __future__ import annotations

import json

import pytest

from bot.platforms.slack.markup import escaped, harmless
from engine.contract import NerRequest
from tests.bot.platforms.slack.scene import Scene, play
from tests.fakes.slack import shown_text

STEERING = "\u202e\u2066\u200f\u200b\x1b\x9b"


@pytest.mark.parametrize(("text", "shown"), [("山田\u202e太郎\u2066は", "山田太郎は"), ("Tim\u200f Cook\x1b[2J", "Tim Cook[2J")])
def test_marks_that_turn_the_direction_are_left_out(text: str, shown: str) -> None:
    assert harmless(text) == escaped(text) == shown


@pytest.mark.parametrize(("text", "shown"), [("@\u200bhere", "@\u2060here"), ("<\u202e!channel>", "<\u2060!channel>")])
def test_what_is_left_out_does_not_make_a_ping_of_the_rest(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize("text", [f"山{STEERING}田太郎は東京に\ud800いる。", f"Tim{STEERING} Cook leads \ud83d Apple."])
def test_an_answer_with_such_a_text_is_posted_without_them(redis_url: str, text: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.direct_message(f"ner {text}")
        said = await it.answer("PER")
        assert it.worker.asked == [NerRequest(text=text)]
        shown = shown_text(said) + json.dumps(said.blocks, ensure_ascii=False)
        assert not set(shown) & {*STEERING, "\ud800"}
        assert "\ufffd" in shown

    play(redis_url, scene)


def test_an_answer_too_long_for_a_message_is_a_whole_file_also_with_half_characters(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.direct_message("ner " + "猫\ud800\u202eがいる。" * 4_000)
        [upload] = await it.slack.wait_for_uploads()
        assert "猫\ufffdがいる。" * 100 in upload.data.decode()

    play(redis_url, scene)
