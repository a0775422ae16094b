"""On Slack people are answered in the language that they have set it to, else in the one that they type."""

from __future__ import annotations

import pytest

from tests.bot.platforms.slack.scene import Scene, play
from tests.fakes.slack import shown_text


def asked_for_people(it: Scene) -> list[str]:
    """Of whom Slack was asked."""
    return [str(call.arguments["user"]) for call in it.slack.store.calls if call.method == "users.info"]


@pytest.mark.parametrize(
    ("locale", "text", "shown"),
    [
        ("ja-JP", "I love this.", "ポジティブ 90.0%"),
        ("en-GB", "この映画は神だった！", "positive 90.0%"),
        ("fr-FR", "この映画は神だった！", "ポジティブ 90.0%"),
        ("fr-FR", "I love this.", "positive 90.0%"),
    ],
)
@pytest.mark.parametrize("how", ["slash", "mention"])
def test_the_answer_speaks_the_language_of_the_persons_slack_else_the_one_that_was_typed(
    redis_url: str, how: str, locale: str, text: str, shown: str
) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales[it.slack.asker] = locale
        await (it.slack.slash("/sentiment", text) if how == "slash" else it.slack.mention(f"sentiment {text}"))
        await it.answer(shown)

    play(redis_url, scene)


@pytest.mark.parametrize(
    ("locale", "typed", "shown"), [("ja-JP", "/sentimnt x", "というコマンドはありません"), ("en-US", "/感", "There is no command")]
)
def test_what_is_wrong_is_said_in_that_language_too(redis_url: str, locale: str, typed: str, shown: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales[it.slack.asker] = locale
        await it.slack.mention(typed)
        await it.answer(shown)

    play(redis_url, scene)


def test_slack_is_asked_once_for_a_person(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales |= {it.slack.asker: "ja-JP", it.slack.other: "en-US"}
        for text in ("great", "good", "fine"):
            await it.slack.mention(f"sentiment {text}")
        await it.slack.wait_for_message(
            lambda _: sum("ポジティブ" in shown_text(said) for said in it.slack.messages_in(it.slack.general)) == 3
        )
        await it.slack.mention("sentiment super", user=it.slack.other)
        await it.answer("positive 90.0%")
        assert sorted(set(asked_for_people(it))) == sorted([it.slack.asker, it.slack.other])
        assert asked_for_people(it).count(it.slack.other) == 1

    play(redis_url, scene)


@pytest.mark.parametrize(
    "mishap",
    [{"error": "missing_scope"}, {"error": "user_not_found"}, {"status": 500}, {"hang_s": 30.0}],
    ids=["scope", "unknown", "500", "hangs"],
)
def test_where_slack_does_not_say_it_the_text_decides(redis_url: str, mishap: dict[str, object]) -> None:
    async def scene(it: Scene) -> None:
        it.slack.store.locales[it.slack.asker] = "en-US"
        it.slack.trouble.next("users.info", times=5, **mishap)
        await it.slack.slash("/sentiment", "この映画は神だった！")
        await it.answer("ポジティブ 90.0%")

    play(redis_url, scene)
