"""Where a scope of the manifest is missing, Slack refuses what needs it: people are told, and the rest goes on."""

from __future__ import annotations

import pytest

from engine.contract import SentimentRequest
from tests.bot.platforms.slack.scene import Scene, play


@pytest.mark.parametrize(("scope", "private"), [("channels:history", False), ("groups:history", True)], ids=["channel", "private channel"])
@pytest.mark.parametrize(
    ("locale", "told"), [("ja-JP", "スレッドの文章を読めませんでした"), ("en-US", "text of the thread could not be read")]
)
def test_without_the_history_a_thread_cannot_be_read_and_that_is_told(
    redis_url: str, scope: str, private: bool, locale: str, told: str
) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.scopes.remove(scope)
        it.slack.store.channels[it.slack.general].private = private
        it.slack.store.locales[it.slack.asker] = locale
        parent = await it.slack.write("山田太郎です。")
        await it.slack.mention("ner", thread_ts=parent.ts)
        await it.answer(told)
        assert it.worker.asked == []
        await it.slack.mention("sentiment great")
        await it.answer("90.0%")

    play(redis_url, scene)


@pytest.mark.parametrize(("locale", "told"), [("ja-JP", "受け取れませんでした"), ("en-US", "could not be fetched")])
def test_without_files_read_an_attached_file_cannot_be_read_and_that_is_told(redis_url: str, locale: str, told: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.scopes.remove("files:read")
        it.slack.store.locales[it.slack.asker] = locale
        await it.slack.mention("sentiment", files={"a.txt": b"great"})
        await it.answer(told)
        assert it.worker.asked == []

    play(redis_url, scene)


REFUSED = {"ja": "チャットに受け付けられず", "en": "the chat refused it"}


@pytest.mark.parametrize(
    ("text", "shown", "told"), [("この映画は最高！", "ポジティブ", REFUSED["ja"]), ("I love this.", "positive", REFUSED["en"])]
)
def test_without_files_write_the_answer_comes_without_its_pictures_and_that_is_told(
    redis_url: str, text: str, shown: str, told: str
) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.scopes.remove("files:write")
        await it.slack.mention(f"explain-attention {text}")
        await it.answer(shown)
        await it.answer(told)
        assert it.slack.uploads == []

    play(redis_url, scene)


def test_without_users_read_the_text_decides_on_the_language(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.scopes.remove("users:read")
        it.slack.store.locales[it.slack.asker] = "en-US"
        await it.slack.mention("sentiment この映画は最高！")
        await it.answer("ポジティブ 90.0%")
        assert it.worker.asked == [SentimentRequest(text="この映画は最高！")]

    play(redis_url, scene)


def test_without_im_write_a_private_answer_comes_without_its_pictures_and_that_is_told(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.scopes.remove("im:write")
        await it.slack.slash("/explain-attention", "great --private")
        for words in ("positive 90.0%", REFUSED["en"]):  # both by the response_url
            assert (await it.answer(words)).only_to == it.slack.asker
        assert it.slack.uploads == []

    play(redis_url, scene)
