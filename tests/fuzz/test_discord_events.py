"""Whatever people write into a message, a form, a file's name or a button's id, the bot stays, logs no text, and answers the next question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.bot.platforms.discord.stage import Stage, open_stage, outcome_of
from tests.fakes.discord.objects import BOT_ID, CHANNEL, DM_CHANNEL, GUILD, PERSON, application, member, user
from tests.fuzz.background import Background, held, logged, whatever
from tests.fuzz.inputs import TEXTS, TRIED, fuzzed
from workers.queue.server import EmbeddedRedis

PRIVATE = "himitsu-no-bunshou"
WRITTEN = TEXTS | TEXTS.map(lambda text: f"/ner {text} {PRIVATE}") | st.sampled_from(["x" * 20_000, "<@1>" * 4_000, "\u202e" * 20_000])
LINKS = WRITTEN | st.sampled_from(
    ["http://127.0.0.1:1/a", "file:///etc/passwd", "https://cdn.discordapp.com@evil.example/a", "//", "http://[", ""]
)
SIZES = st.integers(0, 2**53)


@st.composite
def messages(draw: st.DrawFn, *, replied: bool = True) -> dict[str, Any]:
    """A message that a person wrote, in the form that Discord gives it."""
    direct = draw(st.booleans())
    files = [
        {
            "id": str(n),
            "filename": draw(WRITTEN),
            "size": draw(SIZES),
            "url": draw(LINKS),
            "proxy_url": draw(LINKS),
            "content_type": draw(TEXTS),
        }
        for n in range(draw(st.integers(0, 2)))
    ]
    found = {
        "id": str(draw(st.integers(1, 2**60))),
        "type": draw(st.sampled_from([0, 0, 0, 19, 7, 99])),
        "channel_id": DM_CHANNEL if direct else CHANNEL,
        "author": {**user(PERSON), "username": draw(TEXTS), "global_name": draw(TEXTS)},
        "content": draw(st.just("") | st.just(f"<@{BOT_ID}> ")) + draw(WRITTEN),
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": draw(st.booleans()),
        "mentions": [user(BOT_ID)],
        "mention_roles": draw(st.lists(st.integers(1, 2**60).map(str), max_size=3)),
        "attachments": files,
        "embeds": [],
        "pinned": False,
        "flags": draw(st.integers(0, 2**20)),
        "components": [],
        **({} if direct else {"guild_id": GUILD, "member": member(PERSON, with_user=False)}),
    }
    if replied and draw(st.booleans()):
        found["message_reference"] = {"message_id": "1", "channel_id": found["channel_id"]}
        found["referenced_message"] = draw(messages(replied=False) | st.none())
    return found


@st.composite
def interactions(draw: st.DrawFn) -> dict[str, Any]:
    """A command, a press of a button, or a form."""
    options = [{"name": draw(st.sampled_from(["text", "question", "lang", "layer"])), "type": 3, "value": draw(WRITTEN)} for _ in range(2)]
    field = {"type": 4, "custom_id": draw(st.just("answer") | TEXTS), "value": draw(WRITTEN)}
    parts = draw(st.sampled_from(["good", "bad", "correct", "write", "form", ""]))
    custom_id = draw(TEXTS | st.just(f"yomite:{parts}:{draw(TEXTS)}:{draw(TEXTS)}"))
    kind, data = draw(
        st.sampled_from(
            [
                (2, {"id": "9", "name": draw(st.sampled_from(["ner", "ask"]) | TEXTS), "type": 1, "options": options}),
                (3, {"component_type": 2, "custom_id": custom_id}),
                (5, {"custom_id": custom_id, "components": [{"type": 18, "component": field}]}),
            ]
        )
    )
    return {
        "id": str(draw(st.integers(1, 2**60))),
        "application_id": application()["id"],
        "type": kind,
        "token": "a-token",
        "version": 1,
        "locale": draw(st.sampled_from(["ja", "en-US", "xx"])),
        "channel_id": CHANNEL,
        "guild_id": GUILD,
        "member": member(PERSON),
        "entitlements": [],
        "authorizing_integration_owners": {},
        "app_permissions": "0",
        "attachment_size_limit": 1,
        "data": data,
        **({"message": draw(messages(replied=False))} if kind == 3 else {}),
    }


EVENTS = messages().map(lambda data: ("MESSAGE_CREATE", data)) | interactions().map(lambda data: ("INTERACTION_CREATE", data))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Background, Stage]]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server, held(open_stage(server.url)) as (background, stage):
        stage.worker.outcome_of = whatever(outcome_of)
        background.run(stage.start_bot())
        yield background, stage


async def still_answers(it: Stage) -> None:
    """Whether a question gets its answer, from the same bot or from one that has connected anew."""
    async with asyncio.timeout(40):
        while it.discord.gateway.connection is None:
            await asyncio.sleep(0.01)
        before = len(it.worker.asked)
        await it.discord.direct("/sentiment まだ読める？")
        while len(it.worker.asked) == before:
            if it.bot is not None and it.bot.done():
                it.bot.result()
            await asyncio.sleep(0.01)


@given(st.lists(EVENTS, min_size=3, max_size=8))
@fuzzed(of=0.2, shrinks=False)
def test_nothing_that_people_write_ends_the_bot(stage: tuple[Background, Stage], events: list[tuple[str, Any]]) -> None:
    background, it = stage
    TRIED["test_nothing_that_people_write_ends_the_bot"] += len(events) - 1
    connections = it.discord.gateway.connections

    async def tell() -> None:
        for name, data in events:
            await it.discord.gateway.dispatch(name, data)
        await still_answers(it)

    with logged() as log:
        background.run(tell())
    assert it.discord.gateway.connections == connections
    assert PRIVATE not in "\n".join(log.lines)
