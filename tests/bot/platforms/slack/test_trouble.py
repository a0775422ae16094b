"""Whatever goes wrong between the bot and Slack, an answer arrives, and once."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from bot.desk import Incoming, TakenIn
from bot.errors import PlatformError
from bot.platforms.slack import SlackSettings, serve_slack
from engine.contract import SentimentRequest
from tests.bot.platforms.slack.scene import Scene, open_scene, play, settings_for
from tests.fakes.slack import FakeSlack, shown_text
from tests.support.holding import hold
from workers.queue import names
from workers.queue.replies import ReplyWriter


def kinds_of(it: Scene) -> list[str]:
    """The kinds of the files that stand in the channel."""
    return sorted(upload.name.rpartition(".")[2] for upload in it.slack.uploads)


async def settled(it: Scene, jobs: int) -> None:
    """Wait until the bot has forgotten so many jobs: it will post nothing more of them."""
    async with asyncio.timeout(30):
        while len(it.worker.asked) < jobs or it.worker.connection.xlen("yomite:replies:slack"):
            await asyncio.sleep(0.02)


def test_an_event_that_is_told_twice_is_answered_once(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        mention = await it.slack.mention("sentiment great")
        slash = await it.slack.slash("/sentiment", "最高")
        await it.answer("positive")
        await it.answer("ポジティブ")
        await it.slack.repeat(mention)
        await it.slack.repeat(slash)
        await it.slack.slash("/sentiment", "つぎ")
        await it.slack.store.until(lambda: SentimentRequest(text="つぎ") in it.worker.asked, timeout_s=30, what="the next question")
        await settled(it, 3)
        assert len(it.worker.asked) == 3
        assert len(it.slack.messages_in(it.slack.general)) == 3

    play(redis_url, scene)


def test_slack_is_answered_at_once_while_no_worker_is_free(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        deliveries = [await it.slack.slash("/sentiment", "great"), await it.slack.mention("sentiment good")]
        for delivery in deliveries:
            await asyncio.wait_for(delivery.acknowledged_s, 30)
        await it.answer("Reading…")
        it.worker.free.set()
        await it.answer("positive")

    play(redis_url, scene)


def test_slack_is_answered_at_once_while_the_desk_is_slow(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(it: Scene) -> None:
        go_on = hold(monkeypatch, it.desk, "read")
        delivery = await it.slack.slash("/sentiment", "great")
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        go_on.set()
        await it.answer("positive")

    play(redis_url, scene)


@pytest.mark.parametrize("way", ["command", "mention", "direct message"])
def test_what_slack_counts_as_taken_is_written_down_already(redis_url: str, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    async def scene(it: Scene) -> None:
        async def never(incoming: Incoming, *, taken: TakenIn | None = None) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(it.desk, "read", never)
        asks = {
            "command": lambda: it.slack.slash("/sentiment", "great"),
            "mention": lambda: it.slack.mention("sentiment great"),
            "direct message": lambda: it.slack.direct_message("sentiment great"),
        }
        delivery = await asks[way]()
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        assert it.worker.connection.hlen(names.intake("slack")) == 1

    play(redis_url, scene)


def test_slack_is_answered_in_time_where_redis_stands_still(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(it: Scene) -> None:
        go_on = hold(monkeypatch, it.desk, "_take")
        delivery = await it.slack.mention("sentiment great")
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        go_on.set()
        await it.answer("positive")

    play(redis_url, scene)


@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
@pytest.mark.parametrize(
    "mishap",
    [{"status": 429, "retry_after_s": 1}, {"status": 503}, {"lost": True}, {"error": "internal_error"}],
    ids=["rate limited", "unavailable", "lost response", "internal error"],
)
def test_an_answer_comes_once_though_slack_is_in_trouble(redis_url: str, method: str, mishap: dict[str, Any]) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next(method, **mishap)
        await it.slack.mention("sentiment great")
        await it.answer("positive")
        await settled(it, 1)
        [said] = it.slack.messages_in(it.slack.general)
        assert "positive" in shown_text(said)

    play(redis_url, scene)


def test_an_answer_comes_once_though_both_the_reading_line_and_the_answer_got_lost(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next("chat.postMessage", status=503)
        it.slack.trouble.next("chat.postMessage", times=2, lost=True)
        await it.slack.slash("/sentiment", "great")
        await it.answer("positive")
        await settled(it, 1)
        assert len(it.slack.messages_in(it.slack.general)) == 1

    play(redis_url, scene)


def test_an_answer_is_posted_anew_where_somebody_deleted_the_reading_line(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        delivery = await it.slack.mention("sentiment great")
        reading = await it.answer("Reading…")
        reading.deleted = True
        it.worker.free.set()
        said = await it.answer("positive")
        assert said.thread_ts == delivery.ts

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("method", "mishap"),
    [
        ("files.getUploadURLExternal", {"error": "internal_error"}),
        ("upload", {"status": 503}),
        ("upload", {"lost": True}),
        ("files.completeUploadExternal", {"status": 503}),
        ("files.completeUploadExternal", {"lost": True}),
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_picture_and_a_page_come_once_each_though_slack_is_in_trouble(
    redis_url: str, method: str, mishap: dict[str, Any], times: int
) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next(method, times=times, **mishap)
        await it.slack.mention("attention great")
        await it.slack.wait_for_uploads(2)
        await settled(it, 1)
        assert kinds_of(it) == ["html", "png"]
        assert len([said for said in it.slack.messages_in(it.slack.general) if not said.files]) == 1

    play(redis_url, scene)


def test_an_answer_that_was_tried_before_a_crash_is_not_posted_again(redis_url: str) -> None:
    async def scene() -> None:
        async with open_scene(redis_url) as it:
            it.slack.trouble.next("files.getUploadURLExternal", times=9, status=503)
            await it.slack.mention("attention great")
            await it.slack.wait_for_call("files.getUploadURLExternal")
            it.serving.cancel()  # in the middle of its picture
            await asyncio.gather(it.serving, return_exceptions=True)
            it.slack.trouble.end()
            again = asyncio.create_task(serve_slack(settings_for(it.slack), it.desk))
            try:
                await it.slack.wait_for_uploads(2)
                await settled(it, 1)
            finally:
                again.cancel()
                await asyncio.gather(again, return_exceptions=True)
            assert kinds_of(it) == ["html", "png"]
            assert len([said for said in it.slack.messages_in(it.slack.general) if not said.files]) == 1
            assert len(it.slack.calls_of("chat.update")) == 1

    asyncio.run(scene())


@pytest.mark.parametrize("status", [404, 410])
def test_an_expired_response_url_leads_to_a_message_that_only_the_asker_sees(redis_url: str, status: int) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        await it.slack.slash("/sentiment", "great --private")
        await it.answer("Reading…")
        it.slack.trouble.next("response_url", status=status, error="expired_url")
        it.worker.free.set()
        said = await it.answer("positive")
        assert (said.channel, said.only_to) == (it.slack.general, it.slack.asker)

    play(redis_url, scene)


def test_an_expired_response_url_leads_to_a_direct_message_where_the_bot_is_not_in_the_channel(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        await it.slack.slash("/sentiment", "great", channel=it.slack.elsewhere)
        await it.answer("Reading…")
        it.slack.trouble.next("response_url", times=3, status=404, error="used_url")
        it.worker.free.set()
        said = await it.answer("positive")
        assert (said.channel, said.only_to) == (it.slack.store.direct(it.slack.asker).id, "")
        assert "/invite @yomite" in shown_text(said)

    play(redis_url, scene)


def test_an_answer_finds_its_asker_where_the_bot_was_thrown_out_meanwhile(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        await it.slack.mention("attention great")
        await it.answer("Reading…")
        it.slack.store.channels[it.slack.general].members.remove(it.slack.bot)
        it.worker.free.set()
        said = await it.answer("positive")
        direct = it.slack.store.direct(it.slack.asker).id
        assert said.channel == direct
        [upload] = await it.slack.wait_for_uploads()
        assert upload.channel == direct

    play(redis_url, scene)


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
def test_the_bot_connects_anew_when_slack_asks_it_to(redis_url: str, reason: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.sockets.disconnect(reason)
        await it.slack.sockets.connected(more_than=1)
        await it.slack.slash("/sentiment", "great")
        await it.answer("positive")

    play(redis_url, scene)


def test_a_long_reading_shows_how_far_it_is_and_never_writes_over_the_answer(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        await it.slack.slash("/sentiment", "最高")
        reading = await it.answer("読んでいます…")
        async with asyncio.timeout(30):
            while not (jobs := it.desk_jobs()):
                await asyncio.sleep(0.02)
            while "40%" not in reading.text:  # the bot may not listen yet
                ReplyWriter(it.worker.connection).write_progress(jobs[0], platform="slack", share=0.4)
                await asyncio.sleep(0.05)
        it.worker.free.set()
        await it.answer("ポジティブ")
        ReplyWriter(it.worker.connection).write_progress(jobs[0], platform="slack", share=0.9)
        await settled(it, 1)
        assert it.slack.messages_in(it.slack.general) == [reading]
        assert reading.versions[:2] == ["読んでいます…", "読んでいます… 40%"]
        assert "90%" not in "".join(version for version in reading.versions if "読んで" in version)

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("wrong", "variable", "code"),
    [
        ({"bot_token": "xoxb-wrong-secret"}, "SLACK_BOT_TOKEN", "invalid_auth"),
        ({"app_token": "xapp-wrong-secret"}, "SLACK_APP_TOKEN", "invalid_auth"),
        ({"bot_token": FakeSlack.app_token}, "SLACK_BOT_TOKEN", "not_allowed_token_type"),
        ({"app_token": FakeSlack.bot_token}, "SLACK_APP_TOKEN", "not_allowed_token_type"),
    ],
)
def test_a_wrong_token_is_told_in_one_line_without_showing_it(
    redis_url: str, wrong: dict[str, str], variable: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene() -> PlatformError:
        async with open_scene(redis_url) as it:
            tokens = {"bot_token": it.slack.bot_token, "app_token": it.slack.app_token} | wrong
            with pytest.raises(PlatformError) as caught:
                await serve_slack(SlackSettings(**tokens, base_url=it.slack.base_url), it.desk)  # type: ignore[arg-type]  # by name
            return caught.value

    message = asyncio.run(scene()).message
    for text in (message.ja, message.en):
        assert variable in text
        assert code in text
        assert "\n" not in text
    assert not [secret for secret in wrong.values() if secret in message.ja + message.en + caplog.text]


def test_the_bot_waits_for_a_slack_that_cannot_be_reached_yet(redis_url: str) -> None:
    async def scene() -> None:
        async with open_scene(redis_url) as it:
            it.slack.trouble.next("auth.test", times=2, status=503)
            second = asyncio.create_task(serve_slack(settings_for(it.slack), it.desk))
            await it.slack.sockets.connected(more_than=1)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)

    asyncio.run(scene())


def test_no_secret_and_no_text_of_a_person_is_logged(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene(it: Scene) -> None:
        it.slack.trouble.next("chat.update", error="internal_error")
        await it.slack.slash("/sentiment", "とても内緒の話")
        await it.slack.mention("nothing とても内緒の話")
        await it.answer("ポジティブ")
        await settled(it, 1)
        assert it.worker.asked == [SentimentRequest(text="とても内緒の話")]

    play(redis_url, scene)
    for secret in (FakeSlack.bot_token, FakeSlack.app_token, "内緒"):
        assert secret not in caplog.text


def test_settings_do_not_show_their_secrets() -> None:
    settings = SlackSettings(bot_token="xoxb-1", app_token="xapp-2", signing_secret="abc3")
    assert not [secret for secret in ("xoxb-1", "xapp-2", "abc3") if secret in repr(settings)]
