"""People use the slash commands and the menus on a message; Discord's form never lets a text be misread."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.platforms.discord.commands import MENUS
from engine.contract import AskRequest, ExplainAttentionRequest, NerRequest, Request, SentimentRequest, SimilarRequest, TokensRequest
from tests.bot.explaining import PAGE
from tests.bot.platforms.discord.stage import PICTURE, Stage, play
from tests.fakes.discord import DM_CHANNEL, text_of
from tests.support.holding import hold

READ_ME = ("readme.txt", "山田太郎は京都に住む。".encode())


@pytest.mark.parametrize(
    ("name", "options", "asked"),
    [
        ("sentiment", {"text": 'I love --this | "that'}, SentimentRequest(text='I love --this | "that')),
        ("sentiment", {"text": "とても「よい」。--mada", "lang": "ja"}, SentimentRequest(text="とても「よい」。--mada", language="ja")),
        ("sentiment", {"text": "-", "file": READ_ME}, SentimentRequest(text="山田太郎は京都に住む。")),
        ("ner", {"text": "山田太郎"}, NerRequest(text="山田太郎")),
        (
            "ask",
            {"question": "Who | what?", "context": "Tim | Tom", "answers": 5},
            AskRequest(question="Who | what?", context="Tim | Tom", answers=5),
        ),
        ("ask", {"question": "どこ？", "file": READ_ME}, AskRequest(question="どこ？", context="山田太郎は京都に住む。")),
        ("similar", {"text1": "a | b", "text2": "c"}, SimilarRequest(texts=("a | b", "c"))),
        ("similar", {"text1": "a | b | c", "pooling": "mean"}, SimilarRequest(texts=("a", "b", "c"), pooling="mean")),
        ("similar", {"text1": "猫", "text2": "犬", "query": "ねこ --x"}, SimilarRequest(texts=("猫", "犬"), query="ねこ --x")),
        (
            "explain-attention",
            {"text": "very good", "layer": 0, "head": 2},
            ExplainAttentionRequest(text="very good", layer=0, head=2),
        ),
        (
            "explain-attention",
            {"text": "-", "file": READ_ME, "view": "tokens", "word": "京都", "joined": True, "folded": False},
            ExplainAttentionRequest(text="山田太郎は京都に住む。", view="tokens", word="京都", joined=True),
        ),
        (
            "explain-attention",
            {"text": "a | b", "text2": "c --joined", "view": "compare"},
            ExplainAttentionRequest(text="a | b", second="c --joined", view="compare"),
        ),
        (
            "explain-attention",
            {"text": "だれ？", "file": READ_ME, "task": "ask"},
            ExplainAttentionRequest(text="だれ？", second="山田太郎は京都に住む。", task="ask"),
        ),
        ("tokens", {"text": "外国人参政権"}, TokensRequest(text="外国人参政権")),
    ],
)
def test_a_filled_form_becomes_its_request(redis_url: str, name: str, options: dict[str, Any], asked: Request) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash(name, options)
        answer = await stage.discord.response_to(interaction)
        assert stage.worker.asked == [asked]
        assert answer["embeds"]
        assert not interaction.private

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("options", "locale", "shown"),
    [
        ({"text": "この店はよい"}, "en-US", "positive 90.0%"),
        ({"text": "I love it"}, "ja", "ポジティブ 90.0%"),
        ({"text": "🙂"}, "ja", "ポジティブ 90.0%"),
        ({"text": "🙂"}, "de", "positive 90.0%"),
        ({"text": "この店はよい"}, "de", "ポジティブ 90.0%"),
    ],
)
def test_the_answer_speaks_the_language_of_the_persons_discord_else_the_one_that_was_typed(
    redis_url: str, options: dict[str, Any], locale: str, shown: str
) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash("sentiment", options, locale=locale)
        assert shown in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene)


def test_a_private_answer_is_for_the_asker_alone(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash("sentiment", {"text": "I love it", "private": True})
        await stage.discord.response_to(interaction)
        assert interaction.private

    play(redis_url, scene)


def test_a_command_in_a_direct_message_is_answered_there(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"}, channel_id=DM_CHANNEL)
        assert (await stage.discord.response_to(interaction))["channel_id"] == DM_CHANNEL

    play(redis_url, scene)


def test_a_picture_comes_with_words_that_say_what_it_shows(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash("explain-attention", {"text": "とてもよい"}, locale="ja")
        answer = await stage.discord.response_to(interaction)
        attachment, page = answer["attachments"]
        assert answer["embeds"][0]["image"]["url"] == f"attachment://{attachment['filename']}"
        assert attachment["description"] == "注意の図です"
        assert stage.discord.bytes_of(attachment) == PICTURE
        assert (page["filename"], page["description"]) == ("attention.html", PAGE.title.ja)
        assert stage.discord.bytes_of(page) == PAGE.data
        assert len(answer["embeds"]) == 1

    play(redis_url, scene)


def test_a_command_is_acknowledged_while_every_worker_is_busy(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        async with asyncio.timeout(3):
            await interaction.acknowledged.wait()
        assert stage.discord.answers_in() == []
        stage.worker.free.set()
        assert "positive 90.0%" in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene)


@pytest.mark.parametrize("what", ["text", "file", "menu"])
def test_what_people_choose_is_acknowledged_before_it_is_read(redis_url: str, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    async def scene(stage: Stage) -> None:
        go_on = hold(monkeypatch, stage.desk, "read")
        if what == "menu":
            interaction = await stage.discord.context_menu("Read: entities", await stage.discord.say("", attachments=[READ_ME]))
        else:
            options = {"text": "山田太郎"} if what == "text" else {"text": "-", "file": READ_ME}
            interaction = await stage.discord.slash("ner", options)
        await asyncio.wait_for(interaction.acknowledged.wait(), 20)
        go_on.set()
        assert "1 name" in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene)


def test_a_command_is_acknowledged_where_redis_stands_still(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        go_on = hold(monkeypatch, stage.desk, "_take")
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        await asyncio.wait_for(interaction.acknowledged.wait(), 20)
        go_on.set()
        assert "positive 90.0%" in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("name", "options", "locale", "shown"),
    [
        ("help", {}, "en-US", "Commands"),
        ("help", {}, "ja", "使えるコマンド"),
        ("help", {"command": "similar"}, "en-US", "/similar"),
        ("ask", {"question": "Who?"}, "en-US", "There is no context"),
        ("ask", {"question": "だれ？"}, "ja", "文脈がありません"),
        ("explain-attention", {"text": "good", "view": "compare"}, "en-US", "needs something to compare with"),
        ("explain-attention", {"text": "良い", "text2": "悪い", "with": "bundled/ner"}, "ja", "2 つのモデルのどちらか"),
        ("sentiment", {"text": "I love it", "file": READ_ME}, "en-US", "both a text and a file"),
        ("sentiment", {"text": "よい", "file": ("cat.png", b"\x89PNG\r\n")}, "ja", "文章とファイルの両方"),
        ("sentiment", {"text": "-", "file": ("cat.png", b"\x89PNG\r\n")}, "ja", "読めません"),
        ("status", {}, "en-US", "0 waiting, 0 running"),
        ("models", {}, "ja", "モデルを動かすワーカー"),
        ("cancel", {}, "en-US", "Nothing to cancel"),
    ],
)
def test_what_needs_no_worker_is_shown_at_once(redis_url: str, name: str, options: dict[str, Any], locale: str, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        interaction = await stage.discord.slash(name, options, locale=locale)
        assert shown in text_of(await stage.discord.response_to(interaction))
        assert stage.worker.asked == []

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("menu", "locale", "asked", "shown"),
    [
        ("Read: sentiment", "en-US", SentimentRequest(text="この店は\nよい --x"), "positive"),
        ("Read: sentiment", "ja", SentimentRequest(text="この店は\nよい --x"), "ポジティブ"),
        ("Read: entities", "ja", NerRequest(text="この店は\nよい --x"), "固有名 1 件"),
        ("Read: attention", "en-US", ExplainAttentionRequest(text="この店は\nよい --x"), "attention, layer 5"),
        ("Read: tokens", "en-US", TokensRequest(text="この店は\nよい --x"), "tokens"),
    ],
)
def test_a_menu_reads_its_message_for_the_one_who_chose_it(redis_url: str, menu: str, locale: str, asked: Request, shown: str) -> None:
    async def scene(stage: Stage) -> None:
        message = await stage.discord.say("この店は\nよい --x")
        interaction = await stage.discord.context_menu(menu, message, locale=locale)
        answer = await stage.discord.response_to(interaction)
        assert shown in text_of(answer)
        assert answer["embeds"][0]["url"].endswith(f"/{message['id']}")
        assert interaction.private
        assert stage.worker.asked == [asked]

    play(redis_url, scene)


def test_a_menu_on_a_message_of_nothing_but_a_file_reads_the_file(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        message = await stage.discord.say("", attachments=[READ_ME])
        await stage.discord.response_to(await stage.discord.context_menu("Read: entities", message))
        assert stage.worker.asked == [NerRequest(text="山田太郎は京都に住む。")]

    play(redis_url, scene)


def test_menus_are_named_for_one_text_commands() -> None:
    assert set(MENUS) == {"sentiment", "ner", "explain-attention", "tokens"}


def test_a_command_that_is_gone_is_told_of(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.world.commands.append({"id": "1", "name": "sing", "type": 1})
        interaction = await stage.discord.slash("sing", locale="ja")
        assert "再読み込み" in text_of(await stage.discord.response_to(interaction))

    play(redis_url, scene)
