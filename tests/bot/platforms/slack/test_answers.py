"""What people do on Slack is answered at its place: commands, mentions, direct messages, shortcuts, files and threads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.contract import AskRequest, NerRequest, SentimentRequest
from tests.bot.explaining import PAGE
from tests.bot.platforms.slack.scene import Scene, play, png
from tests.fakes.slack import pings, shown_text


@pytest.mark.parametrize(
    ("text", "reading", "shown"),
    [("この映画は最高！", "読んでいます…", "ポジティブ 90.0%"), ("I love this.", "Reading…", "positive 90.0%")],
)
def test_a_slash_command_becomes_reading_and_then_its_answer_in_the_same_message(
    redis_url: str, text: str, reading: str, shown: str
) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.slash("/sentiment", text)
        said = await it.answer(shown)
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        assert said.versions[0] == reading
        assert (said.channel, said.thread_ts, said.only_to) == (it.slack.general, "", "")
        assert it.slack.messages_in(it.slack.general) == [said]
        assert it.worker.asked == [SentimentRequest(text=text)]

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("command", "text", "for_all"),
    [
        ("/sentiment", "この映画は最高！", True),
        ("/yomite", "sentiment I love this.", True),
        ("/sentiment", "I love this. --private", False),
        ("/sentiment", "", False),
        ("/yomite-help", "", False),
    ],
)
def test_the_channel_sees_a_command_that_is_answered_there(redis_url: str, command: str, text: str, for_all: bool) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.slash(command, text)
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        assert (delivery.answer.get("response_type") == "in_channel") is for_all

    play(redis_url, scene)


@pytest.mark.parametrize("line", ["sentiment 最高 &amp; 最低 &lt;3", "/sentiment 最高 &amp; 最低 &lt;3", "： 感情 最高 &amp; 最低 &lt;3"])
def test_a_mention_is_answered_in_its_thread(redis_url: str, line: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.mention(line)
        said = await it.answer("ポジティブ")
        assert said.thread_ts == delivery.ts
        assert it.worker.asked == [SentimentRequest(text="最高 & 最低 <3")]

    play(redis_url, scene)


def test_a_mention_within_a_thread_reads_what_people_said_there(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        parent = await it.slack.write("山田太郎は<https://toyota.example|トヨタ>に入社した。")
        await it.slack.write("2019年のことだ。", thread_ts=parent.ts, user=it.slack.asker)
        await it.slack.mention("ner", thread_ts=parent.ts)
        await it.answer("山田太郎")
        await it.slack.mention("ask どこに入社した？", thread_ts=parent.ts)
        said = await it.answer("80.0%")
        assert said.thread_ts == parent.ts
        context = "山田太郎はトヨタに入社した。\n2019年のことだ。"
        assert it.worker.asked == [NerRequest(text=context), AskRequest(question="どこに入社した？", context=context)]

    play(redis_url, scene)


@pytest.mark.parametrize(("locale", "told"), [("ja-JP", "1,000 件のメッセージまで"), ("en-US", "Up to 1,000 messages")])
def test_a_thread_that_is_too_long_to_be_read_is_not_read_in_part(redis_url: str, locale: str, told: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales[it.slack.asker] = locale
        parent = await it.slack.write("はじめ")
        for _ in range(1_000):
            await it.slack.write("つづき", thread_ts=parent.ts)
        await it.slack.mention("ner", thread_ts=parent.ts)
        assert (await it.answer(told)).thread_ts == parent.ts
        assert it.worker.asked == []

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("command", "text"), [("sentiment 最高です", "山田太郎は京都に住む。"), ("/sentiment Great!", "Taro lives in Kyoto.")]
)
def test_commands_in_a_thread_of_direct_messages_are_no_text_to_read(redis_url: str, command: str, text: str) -> None:
    async def scene(it: Scene) -> None:
        direct = it.slack.store.direct(it.slack.asker).id
        parent = await it.slack.write(command, user=it.slack.asker, channel=direct)
        await it.slack.write(text, user=it.slack.asker, channel=direct, thread_ts=parent.ts)
        await it.slack.direct_message("ner", thread_ts=parent.ts)
        await it.answer(text[:4])
        assert it.worker.asked == [NerRequest(text=text)]

    play(redis_url, scene)


def test_a_text_in_a_channel_that_begins_like_a_command_is_read(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        parent = await it.slack.write("Help Taro in Kyoto.")
        await it.slack.mention("ner", thread_ts=parent.ts)
        await it.answer("Help")
        assert it.worker.asked == [NerRequest(text="Help Taro in Kyoto.")]

    play(redis_url, scene)


def test_a_direct_message_is_answered_below_it(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.direct_message("sentiment I love this.")
        said = await it.answer("positive")
        assert (said.channel, said.thread_ts) == (it.slack.store.direct(it.slack.asker).id, "")

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("callback", "text", "shown"),
    [
        ("read_sentiment", "--layer 5 は | 文章の一部です", "ポジティブ"),
        ("read_sentiment", "I love this.", "positive"),
        ("read_ner", "山田太郎です。", "山田太郎"),
        ("read_entities", "Tim Cook", "Tim"),
        ("read_tokens", "外国人", "0 語"),
    ],
)
def test_a_shortcut_reads_the_message_as_it_is_and_answers_in_its_thread(redis_url: str, callback: str, text: str, shown: str) -> None:
    async def scene(it: Scene) -> None:
        message = await it.slack.write(text)
        await it.slack.shortcut(callback, message=message)
        said = await it.answer(shown)
        assert said.thread_ts == message.ts
        assert getattr(it.worker.asked[0], "text", "") == text

    play(redis_url, scene)


def test_pictures_come_into_the_same_thread_with_a_text_for_those_who_do_not_see_them(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.mention("explain-attention この映画は最高！")
        await it.answer("ポジティブ")
        picture, _ = await it.slack.wait_for_uploads(2)
        assert (picture.channel, picture.thread_ts, picture.alt, picture.data) == (it.slack.general, delivery.ts, "注意の図です", png())

    play(redis_url, scene)


@pytest.mark.parametrize(("text", "title"), [("この映画は最高！", PAGE.title.ja), ("I love this. --view heads", PAGE.title.en)])
def test_a_page_comes_beside_the_picture_under_a_name_that_opens(redis_url: str, text: str, title: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.mention(f"explain-attention {text}")
        picture, page = await it.slack.wait_for_uploads(2)
        assert (page.channel, page.thread_ts, page.title, page.data) == (it.slack.general, delivery.ts, title, PAGE.data)
        assert page.name.startswith("attention-")
        assert (picture.name.rpartition(".")[2], page.name.rpartition(".")[2]) == ("png", "html")

    play(redis_url, scene)


@pytest.mark.parametrize(("text", "note"), [("最高！ --private", "ダイレクトメッセージ"), ("--private great", "direct message")])
def test_a_private_answer_is_seen_by_its_asker_only(redis_url: str, text: str, note: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.slash("/explain-attention", text)
        said = await it.slack.wait_for_message(lambda said: note in shown_text(said))
        assert said.only_to == it.slack.asker
        assert len(it.slack.ephemerals) == 1  # the answer took the place of "Reading…"
        uploads = await it.slack.wait_for_uploads(2)
        assert {upload.channel for upload in uploads} == {it.slack.store.direct(it.slack.asker).id}
        assert it.slack.messages_in(it.slack.general) == []

    play(redis_url, scene)


def test_a_private_answer_to_a_mention_is_seen_by_its_asker_only(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.mention("sentiment 最高！ --private")
        said = await it.answer("ポジティブ")
        assert (said.only_to, said.thread_ts) == (it.slack.asker, delivery.ts)

    play(redis_url, scene)


@pytest.mark.parametrize(("text", "invitation"), [("最高！", "/invite @yomite で招いて"), ("I love this.", "invite it: /invite @yomite")])
def test_where_the_bot_is_not_in_the_channel_the_asker_gets_the_answer_and_how_to_invite_it(
    redis_url: str, text: str, invitation: str
) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.slash("/sentiment", text, channel=it.slack.elsewhere)
        said = await it.answer(invitation)
        assert said.only_to == it.slack.asker
        assert "90.0%" in shown_text(said)
        assert it.slack.messages_in(it.slack.elsewhere) == []

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("command", "text", "shown"),
    [
        ("/yomite-help", "ner", "/ner"),
        ("/yomite", "help sentiment", "/sentiment"),
        ("/yomite", "", "Commands"),
        ("/sentiment", "", "/sentiment"),
        ("/sentiment", "最高 --layr 5", "--layr"),
        ("/yomite-status", "", "0"),
    ],
)
def test_help_status_and_errors_are_told_to_the_asker_at_once(redis_url: str, command: str, text: str, shown: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.slash(command, text)
        said = await it.answer(shown)
        assert said.only_to == it.slack.asker
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        assert it.worker.asked == []

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("command", "text", "shown"),
    [("/help", "", "Commands"), ("/sentimant", "good", "/sentiment"), ("/unheard-of", "", "/unheard-of")],
)
def test_a_command_of_an_older_manifest_is_answered_as_if_it_were_typed_elsewhere(
    redis_url: str, command: str, text: str, shown: str
) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.slash(command, text, registered=False)
        assert (await it.answer(shown)).only_to == it.slack.asker
        assert it.worker.asked == []

    play(redis_url, scene)


def test_an_error_in_a_mention_is_told_in_its_thread(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        delivery = await it.slack.mention("sentiment")
        said = await it.answer("/sentiment")
        assert (said.thread_ts, said.only_to) == (delivery.ts, "")

    play(redis_url, scene)


def test_what_bots_and_edits_say_is_not_for_us(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        text = f"<@{it.slack.bot}> sentiment good"
        event: dict[str, Any] = {"type": "app_mention", "channel": it.slack.general, "user": it.slack.other, "text": text}
        others: list[dict[str, Any]] = [
            {"bot_id": "B1"},
            {"subtype": "bot_message"},
            {"subtype": "message_changed"},
            {"edited": {"ts": "1.0"}},
            {"user": it.slack.bot},
        ]
        for index, more in enumerate(others):
            delivery = it.slack.tell_event(event | more | {"ts": f"1700000000.00000{index}"})
            await asyncio.wait_for(delivery.acknowledged_s, 30)
        joined: dict[str, Any] = {
            "type": "message",
            "channel_type": "channel",
            "subtype": "channel_join",
            "channel": it.slack.general,
            "user": "U1",
        }
        await asyncio.wait_for(it.slack.tell_event(joined | {"ts": "1700000001.000000"}).acknowledged_s, 30)
        await it.slack.mention("sentiment good")
        await it.answer("positive")
        assert len(it.slack.messages_in(it.slack.general)) == 1

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("name", "data", "read"),
    [
        ("感想.txt", "この映画は最高！".encode(), "この映画は最高！"),
        ("note.md", b"# I love this.", "# I love this."),
        ("rows.csv", "text\n最高\n最低\n".encode(), "最高\n最低"),
    ],
)
def test_a_file_that_comes_along_is_read(redis_url: str, name: str, data: bytes, read: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.direct_message("sentiment", files={name: data})
        await it.slack.wait_for_message(lambda said: "90.0%" in shown_text(said))
        assert it.worker.asked == [SentimentRequest(text=read)]

    play(redis_url, scene)


async def mention_with(it: Scene, line: str, *files: dict[str, Any]) -> None:
    said = await it.slack.write(f"<@{it.slack.bot}> {line}", user=it.slack.asker)
    said.files = list(files)
    it.slack.tell_event(said.to_json() | {"type": "app_mention", "channel": said.channel})


@pytest.mark.parametrize("text", ["この映画は最高！", "I love this."])
def test_a_file_in_a_channel_that_companies_share_is_asked_of_slack_and_read(redis_url: str, text: str) -> None:
    async def scene(it: Scene) -> None:
        await mention_with(it, "sentiment", it.slack.host("a.txt", text.encode(), shared=True))
        await it.answer("90.0%")
        assert it.worker.asked == [SentimentRequest(text=text)]

    play(redis_url, scene)


def test_a_picture_in_a_channel_that_companies_share_is_not_what_should_be_read(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        await mention_with(it, "sentiment 最高！", it.slack.host("cat.png", png(), mimetype="image/png", shared=True))
        await it.answer("90.0%")
        assert it.worker.asked == [SentimentRequest(text="最高！")]

    play(redis_url, scene)


@pytest.mark.parametrize(("line", "told"), [("sentiment", "could not be fetched"), ("感情", "受け取れませんでした")])
def test_a_file_that_slack_tells_nothing_of_is_told_of(redis_url: str, line: str, told: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales[it.slack.asker] = "ja-JP" if line == "感情" else "en-US"
        await mention_with(it, line, {"id": "F0GONE", "file_access": "check_file_info"})
        await it.answer(told)
        assert it.worker.asked == []

    play(redis_url, scene)


def test_the_token_goes_to_slacks_own_file_host_only(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        seen: list[str] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((await reader.read(1_000)).decode())
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as thief:
            port = thief.sockets[0].getsockname()[1]
            said = await it.slack.write(f"<@{it.slack.bot}> sentiment", user=it.slack.asker)
            said.files = [it.slack.host("stolen.txt", b"text", url=f"http://127.0.0.1:{port}/stolen.txt")]
            event = said.to_json() | {"type": "app_mention", "channel": said.channel}
            it.slack.tell_event(event)
            await it.answer("stolen.txt")
        assert seen == []

    play(redis_url, scene)


def test_a_file_that_slack_does_not_give_is_told_of(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.trouble.next("download", status=403)
        await it.slack.direct_message("感情", files={"a.txt": b"x"})
        await it.answer("a.txt")
        assert it.worker.asked == []

    play(redis_url, scene)


@pytest.mark.parametrize("text", ["<!channel> と <@U0TARO> は最高", "@here @everyone <!subteam^S1|@team> great"])
def test_no_answer_can_ping_anybody(redis_url: str, text: str) -> None:
    async def scene(it: Scene) -> None:
        await it.slack.mention(f"ner {text}")
        await it.slack.slash("/ner", text)
        await it.slack.slash("/nothing", text, registered=False)
        await it.answer("/nothing")
        await it.slack.store.until(
            lambda: len([said for said in it.slack.store.said if said.user == it.slack.bot and said.blocks]) == 3,
            timeout_s=30,
            what="answers",
        )
        assert [pings(said) for said in it.slack.store.said if said.user == it.slack.bot] == [[], [], []]

    play(redis_url, scene)
