"""People mention the bot, reply with a mention, or write to it directly, and get one answer."""

from __future__ import annotations

import pytest

from engine.contract import AskRequest, NerRequest, SentimentRequest, SimilarRequest
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import BOT_ID, CHANNEL, DM_CHANNEL, text_of


@pytest.mark.parametrize(
    ("line", "text", "shown"),
    [
        ("sentiment I love this.", "I love this.", "positive 90.0%"),
        ("/sentiment I love this.", "I love this.", "positive 90.0%"),
        ("sentiment この映画は最高", "この映画は最高", "ポジティブ 90.0%"),
        ("感情 この映画は最高", "この映画は最高", "ポジティブ 90.0%"),
    ],
)
def test_a_mention_is_answered_as_a_reply_that_pings_nobody(redis_url: str, line: str, text: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        said = await stage.discord.mention(line)
        answer = await stage.discord.wait_for_message()
        assert shown in text_of(answer)
        assert answer["message_reference"]["message_id"] == said["id"]
        assert stage.worker.asked == [SentimentRequest(text=text)]
        assert stage.discord.world.typing == [CHANNEL]
        assert stage.discord.world.pings == []

    play(redis_url, scene)


def test_names_stand_in_a_text_where_discord_writes_numbers(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention(f"ner <@900000000000000003> is in <#{CHANNEL}> <:wave:123>")
        await stage.discord.wait_for_message()
        assert stage.worker.asked == [NerRequest(text="@taro is in #general :wave:")]

    play(redis_url, scene)


def test_the_mention_of_the_bots_role_is_one_of_the_bot(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention("sentiment I love this.", by_role=True)
        await stage.discord.wait_for_message()

    play(redis_url, scene, message_content=True)


def test_a_direct_message_needs_no_mention(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.direct("sentiment I love this.")
        answer = await stage.discord.wait_for_message()
        assert answer["channel_id"] == DM_CHANNEL

    play(redis_url, scene)


def test_a_reply_with_a_mention_reads_the_message_that_it_replies_to(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        first = await stage.discord.say("駅前の店はとてもよかった。\n--mada")
        await stage.discord.mention("sentiment", reply_to=first)
        await stage.discord.wait_for_message()
        assert stage.worker.asked == [SentimentRequest(text="駅前の店はとてもよかった。\n--mada")]

    play(redis_url, scene, message_content=True)


@pytest.mark.parametrize(("locale", "shown"), [("en-US", "Right-click that message"), ("ja", "右クリック")])
def test_a_reply_to_a_message_that_discord_withholds_says_what_to_do(redis_url: str, locale: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        first = await stage.discord.say("nobody is mentioned here")
        await stage.discord.mention("sentiment", reply_to=first)
        assert shown in text_of(await stage.discord.wait_for_message())

    play(redis_url, scene, locale=locale)


def test_a_bare_command_that_needs_two_texts_reads_the_file_of_the_message_replied_to(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        replied = await stage.discord.say("see this", attachments=[("pair.txt", "猫が好き。\nI like cats.".encode())])
        await stage.discord.mention("similar", reply_to=replied)
        await stage.discord.wait_for_message(lambda message: message.get("message_reference"))
        assert stage.worker.asked == [SimilarRequest(texts=("猫が好き。", "I like cats."))]

    play(redis_url, scene, message_content=True)


def test_files_of_a_message_and_of_the_one_replied_to_are_read(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        own = [("context.txt", "山田太郎は京都に住む。".encode())]
        await stage.discord.mention("ask どこに住む？", attachments=own)
        await stage.discord.wait_for_message()
        replied = await stage.discord.say("see this", attachments=[("notes.md", b"It is good."), ("cat.png", b"\x89PNG")])
        await stage.discord.mention("sentiment", reply_to=replied)
        await stage.discord.wait_for_message(lambda message: "positive 90.0%" in text_of(message))
        assert stage.worker.asked == [
            AskRequest(question="どこに住む？", context="山田太郎は京都に住む。"),
            SentimentRequest(text="It is good."),
        ]

    play(redis_url, scene, message_content=True)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("sentiment 別の文章", SentimentRequest(text="別の文章")),
        ("sentiment Another text.", SentimentRequest(text="Another text.")),
        ("similar 猫 | 犬", SimilarRequest(texts=("猫", "犬"))),
    ],
)
def test_a_reply_that_has_its_text_does_not_read_the_file_of_the_message_replied_to(
    redis_url: str, line: str, request_: SentimentRequest | SimilarRequest
) -> None:
    async def scene(stage: Stage) -> None:
        long_answer = await stage.discord.say("", person=BOT_ID, attachments=[("answer.txt", b"one\ntwo\nthree")])
        await stage.discord.mention(line, reply_to=long_answer)
        await stage.discord.wait_for_message(lambda message: message.get("message_reference"))
        assert stage.worker.asked == [request_]

    play(redis_url, scene)


@pytest.mark.parametrize("question", ["どこに住む？", "Where?"])
def test_a_question_in_a_reply_reads_the_file_of_the_message_replied_to(redis_url: str, question: str) -> None:
    async def scene(stage: Stage) -> None:
        replied = await stage.discord.say("", person=BOT_ID, attachments=[("answer.txt", "山田太郎は京都に住む。".encode())])
        await stage.discord.mention(f"ask {question}", reply_to=replied)
        await stage.discord.wait_for_message(lambda message: message.get("message_reference"))
        assert stage.worker.asked == [AskRequest(question=question, context="山田太郎は京都に住む。")]

    play(redis_url, scene)


@pytest.mark.parametrize("name", ["cat.png", "voice.mp3", "clip.mp4"])
def test_a_picture_beside_a_typed_text_is_not_what_should_be_read(redis_url: str, name: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention("sentiment I love this.", attachments=[(name, b"\x89PNG\r\n")])
        assert "positive 90.0%" in text_of(await stage.discord.wait_for_message())
        assert stage.worker.asked == [SentimentRequest(text="I love this.")]

    play(redis_url, scene)


@pytest.mark.parametrize(("line", "name"), [("sentiment", "cat.png"), ("sentiment I love this.", "letter.docx")])
def test_a_file_that_is_no_text_is_told_of(redis_url: str, line: str, name: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention(line, attachments=[(name, b"\x89PNG\r\n")])
        assert f"{name} cannot be read" in text_of(await stage.discord.wait_for_message())

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("", "/sentiment"),
        ("help", "/sentiment"),
        ("使い方", "使えるコマンド"),
        ("sentimant I love this.", "Did you mean /sentiment?"),
        ("ner", "There is no text to read"),
        ("explain-attention とてもよい --layer 百", "使えません"),
    ],
)
def test_help_and_errors_are_shown_at_once(redis_url: str, line: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        said = await stage.discord.mention(line)
        answer = await stage.discord.wait_for_message()
        assert shown in text_of(answer)
        assert answer["message_reference"]["message_id"] == said["id"]
        assert stage.worker.asked == []

    play(redis_url, scene)


def test_other_bots_and_messages_to_nobody_are_not_answered(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.say("sentiment I love this.")
        await stage.discord.mention("sentiment I love this.", person=BOT_ID)
        await stage.discord.mention("ner Taro lives here.")
        await stage.discord.wait_for_message(lambda message: message.get("message_reference"))
        assert stage.worker.asked == [NerRequest(text="Taro lives here.")]

    play(redis_url, scene)


def test_thanks_in_a_reply_to_an_answer_need_no_answer_but_a_command_does(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.discord.mention("help")
        answer = await stage.discord.wait_for_message()
        await stage.discord.say("thanks a lot", reply_to=answer)
        said = await stage.discord.say("sentiment I love this.", reply_to=answer)
        last = await stage.discord.wait_for_message(lambda message: "positive 90.0%" in text_of(message))
        assert last["message_reference"]["message_id"] == said["id"]
        assert len(stage.discord.answers_in()) == 2

    play(redis_url, scene)
