"""Whatever Slack tells the bot, the bot stays connected, logs no text of it, and answers the next question."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.bot.platforms.slack.scene import Scene, open_scene, outcome_of
from tests.fakes.slack.payloads import event_payload, form_payload, message_event, shortcut_payload, slash_payload
from tests.fakes.slack.records import Channel, Said, View
from tests.fuzz.background import Background, held, logged, whatever
from tests.fuzz.inputs import JSON, TEXTS, TRIED, fuzzed, mutated
from workers.queue.server import EmbeddedRedis

PRIVATE = "himitsu-no-bunshou"  # in every text that is told; in no line of a log
CHANNEL, DIRECT = Channel(id="C0GENERAL", name="general"), "D0ASKER"
SAID = Said(channel="C0GENERAL", ts="1700000000.000100", user="U0ASKER", text=f"<@U0YOMITE> ner {PRIVATE}")
FILE = {"id": "F1", "name": "a.txt", "size": 3, "mimetype": "text/plain", "url_private": "http://127.0.0.1:1/a", "url_private_download": ""}
WITH_FILE = Said(channel=DIRECT, ts="1700000000.000200", user="U0ASKER", text=f"ner {PRIVATE}", files=[FILE])
URL = "http://127.0.0.1:1/response/1"
PRESS = {
    "type": "block_actions",
    "user": {"id": "U0ASKER"},
    "trigger_id": "1.1.trigger",
    "channel": {"id": "C0GENERAL"},
    "container": {"message_ts": "1.1"},
    "response_url": URL,
    "actions": [{"type": "button", "action_id": "yomite_thumb_good", "block_id": "b", "value": '["job", "ja", ""]', "action_ts": "1.1"}],
}
VIEW = View(id="V1", user="U0ASKER", data={"callback_id": "yomite_form", "private_metadata": "{}", "blocks": []})
PAYLOADS: list[tuple[str, dict[str, Any]]] = [
    ("slash_commands", slash_payload("/ner", PRIVATE, channel=CHANNEL, user="U0ASKER", number=1, response_url=URL)),
    ("events_api", event_payload(message_event(SAID, "app_mention"), number=1)),
    ("events_api", event_payload(message_event(WITH_FILE, "message"), number=2)),
    ("interactive", shortcut_payload("read_ner", SAID, channel=CHANNEL, user="U0ASKER", number=3, response_url=URL)),
    ("interactive", PRESS),
    ("interactive", form_payload(VIEW, {"answer": {"text": PRIVATE}}, number=4)),
]


@st.composite
def told(draw: st.DrawFn) -> tuple[str, Any]:
    """The kind of an envelope, and what is in it: like one of Slack's, or anything."""
    kind, payload = draw(st.sampled_from(PAYLOADS))
    return kind, draw(mutated(payload) | JSON)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Background, Scene]]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server, held(open_scene(server.url)) as (background, scene):
        scene.worker.outcome_of = whatever(outcome_of)
        yield background, scene


async def still_answers(it: Scene) -> None:
    """Whether a question of somebody else gets its answer."""
    before = len(it.worker.asked)
    await it.slack.slash("/sentiment", "まだ読める？", user="U0OTHER")
    async with asyncio.timeout(40):
        while len(it.worker.asked) == before:
            if it.serving.done():
                it.serving.result()
            await asyncio.sleep(0.01)


@given(st.lists(told(), min_size=5, max_size=12), st.lists(TEXTS | JSON.map(json.dumps), max_size=2))
@fuzzed(of=0.2, shrinks=False)
def test_no_envelope_ends_the_bot(scene: tuple[Background, Scene], envelopes: list[tuple[str, Any]], frames: list[str]) -> None:
    background, it = scene
    TRIED["test_no_envelope_ends_the_bot"] += len(envelopes) + len(frames) - 1

    async def tell() -> None:
        for number, (kind, payload) in enumerate(envelopes):
            await it.slack.sockets.say(json.dumps({"envelope_id": f"odd-{number}", "type": kind, "payload": payload}))
        for frame in frames:
            await it.slack.sockets.say(frame.encode("utf-8", "replace").decode())
        await still_answers(it)

    with logged() as log:
        background.run(tell())
    assert PRIVATE not in "\n".join(log.lines)
