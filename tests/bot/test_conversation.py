"""From a line to a Request, in chat: mentions, texts that come along, models that may be named, what is answered without a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st
from redis import Redis

from bot.commands import COMMANDS
from bot.commands.cancel import CancelRequest, CancelResult
from bot.commands.command import Command
from bot.commands.help import HelpRequest
from bot.commands.models import ModelsRequest
from bot.commands.status import StatusRequest, StatusResult
from bot.conversation import AnyRequest, answer_here, chat_example, check_model, understand
from bot.errors import CommandError
from bot.grammar import Arguments
from bot.language import Speech
from engine.contract import (
    AskRequest,
    EmbedRequest,
    ExplainAttentionRequest,
    Failure,
    FillMaskRequest,
    NerRequest,
    Request,
    SentimentRequest,
    SimilarRequest,
    TokensRequest,
)
from workers.queue import ModelRow
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

# --- Mentions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("sentiment この映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("sentiment I love this.", SentimentRequest(text="I love this.")),
        (" 感情　この映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("/sentiment この映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("／感情 この映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("、感情：この映画は最高！", SentimentRequest(text="この映画は最高！")),
        (": Sentiment: I love this.", SentimentRequest(text="I love this.")),
        (", sentiment\nI love this.", SentimentRequest(text="I love this.")),
        ("sentimentこの映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("ｓｅｎｔｉｍｅｎｔ　最高　－－ｌａｎｇ　ｊａ", SentimentRequest(text="最高", language="ja")),
        ("質問 誰？｜山田です。", AskRequest(question="誰？", context="山田です。")),
        ("explain-attention cat —layer 5 —head 2", ExplainAttentionRequest(text="cat", layer=5, head=2)),
        ("類似\n猫がいる\n犬がいる", SimilarRequest(texts=("猫がいる", "犬がいる"))),
        ("help", HelpRequest()),
        ("使い方？", HelpRequest()),
        ("help sentiment", HelpRequest(topic="sentiment")),
        ("", HelpRequest()),
        (" 　\n", HelpRequest()),
        ("、", HelpRequest()),
        ("/", HelpRequest()),
        ("／ ", HelpRequest()),
        ("状態", StatusRequest()),
        ("キャンセル", CancelRequest()),
        ("Cancel!", CancelRequest()),
    ],
)
def test_after_a_mention_the_slash_may_be_missing(line: str, request_: AnyRequest) -> None:
    assert understand(line, slash_optional=True).request == request_


@pytest.mark.parametrize(
    ("line", "ja", "en"),
    [
        ("この映画は最高だった", "例：/sentiment この映画は最高だった", "begin with a command"),
        ("I love this.", "先頭にコマンド", "Example: /sentiment I love this."),
        ("sentimnt 猫", "/sentiment のことですか", "Did you mean /sentiment?"),
        ("/sentimnt 猫", "/sentiment のことですか", "Did you mean /sentiment?"),
        ("/zzz 猫", "使えるもの：/sentiment", "There are: /sentiment"),
        ("cancel the meeting", "例：/cancel", "Example: /cancel"),
        ("？", "先頭にコマンド", "begin with a command"),
    ],
)
def test_after_a_mention_a_first_word_that_is_no_command_is_explained(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(line, slash_optional=True)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


@pytest.mark.parametrize("in_chat", [True, False])
def test_in_chat_a_text_alone_is_told_where_help_is_on_slack(in_chat: bool) -> None:
    with pytest.raises(CommandError) as caught:
        understand("この映画は最高だった", slash_optional=in_chat)
    assert ("Slack では /yomite-help" in caught.value.message.ja) is in_chat
    assert ("on Slack: /yomite-help" in caught.value.message.en) is in_chat


@pytest.mark.parametrize("line", ["sentiment 猫", "感情 猫", "", "help"])
def test_elsewhere_the_slash_is_needed(line: str) -> None:
    with pytest.raises(CommandError, match="begin with a command"):
        understand(line)


@pytest.mark.parametrize("line", ["/", "//", " ／"])
def test_a_slash_alone_asks_for_help(line: str) -> None:
    assert understand(line).request == HelpRequest()


@given(st.text())
def test_understanding_a_mention_raises_nothing_but_its_own_error(line: str) -> None:
    try:
        understood = understand(line, slash_optional=True)
    except CommandError:
        return
    assert understood.command in COMMANDS


@pytest.mark.parametrize("speech", ["ja", "en"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_name_of_a_command_works_after_a_mention(command: Command[Any, Any], speech: Speech) -> None:
    for name in command.names:
        line = f"{name} {command.example.in_language(speech)}"
        assert understand(line, slash_optional=True) == understand(chat_example(command, speech))


# --- Texts that come along -----------------------------------------------------------------------------------------

JAPANESE = "山田太郎は社長だ。\n鈴木花子は[MASK]だ。\n"
ENGLISH = "Tim Cook is the CEO.\nParis is in [MASK].\n"


@pytest.mark.parametrize(
    ("line", "attached", "request_"),
    [
        ("/sentiment", JAPANESE, SentimentRequest(text=JAPANESE)),
        ("/sentiment --lang en", ENGLISH, SentimentRequest(text=ENGLISH, language="en")),
        ("/ner", JAPANESE, NerRequest(text=JAPANESE)),
        ("/ner", ENGLISH, NerRequest(text=ENGLISH)),
        ("/ask 社長は誰？", JAPANESE, AskRequest(question="社長は誰？", context=JAPANESE)),
        ("/ask Who is the CEO? --answers 1", ENGLISH, AskRequest(question="Who is the CEO?", context=ENGLISH, answers=1)),
        ("/similar", JAPANESE, SimilarRequest(texts=("山田太郎は社長だ。", "鈴木花子は[MASK]だ。"))),
        ("/similar a text", ENGLISH, SimilarRequest(texts=("a text", "Tim Cook is the CEO.", "Paris is in [MASK]."))),
        (
            "/similar --query 社長",
            JAPANESE,
            SimilarRequest(texts=("山田太郎は社長だ。", "鈴木花子は[MASK]だ。"), query="社長"),
        ),
        ("/explain-attention --layer 1", JAPANESE, ExplainAttentionRequest(text=JAPANESE, layer=1)),
        ("/explain-attention", ENGLISH, ExplainAttentionRequest(text=ENGLISH)),
        ("/tokens", JAPANESE, TokensRequest(text=JAPANESE)),
        ("/tokens", ENGLISH, TokensRequest(text=ENGLISH)),
        ("/fill-mask --candidates 3", JAPANESE, FillMaskRequest(text=JAPANESE, candidates=3)),
        ("/穴埋め", ENGLISH, FillMaskRequest(text=ENGLISH)),
        ("/embed", ENGLISH, EmbedRequest(texts=("Tim Cook is the CEO.", "Paris is in [MASK]."))),
        ("/models", ENGLISH, ModelsRequest()),
        ("/help", JAPANESE, HelpRequest()),
        ("/status", JAPANESE, StatusRequest()),
        ("/cancel", ENGLISH, CancelRequest()),
    ],
)
def test_a_command_without_its_text_takes_the_one_that_comes_along(line: str, attached: str, request_: AnyRequest) -> None:
    assert understand(line, attach=lambda _: attached).request == request_


@pytest.mark.parametrize(
    ("line", "ja", "en"),
    [
        ("/sentiment 猫が好き", "両方があります", "both a typed text and an attached one"),
        ("/tokens a cat", "両方があります", "both a typed text and an attached one"),
        ("/ask 誰？ | 山田です。", "書いた文脈と添付の文脈", "both a typed context and an attached one"),
        ("/ask", "質問がありません", "no question"),
    ],
)
def test_no_text_of_two_is_left_out_silently(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(line, attach=lambda _: JAPANESE)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


@pytest.mark.parametrize("line", ["/sentiment", "/ner", "/ask 誰？", "/similar", "/tokens", "/fill-mask", "/embed", "/attention"])
def test_a_blank_text_that_comes_along_counts_as_none(line: str) -> None:
    with pytest.raises(CommandError):
        understand(line, attach=lambda _: " \n　\n")


def test_a_form_that_has_taken_the_command_apart_is_believed() -> None:
    arguments = Arguments(text="a --layer 5 | b", texts=("a --layer 5 | b",), first="a --layer 5 | b", rest="", options={"lang": "en"})
    understood = understand("/sentiment", arguments=arguments)
    assert understood.request == SentimentRequest(text="a --layer 5 | b", language="en")


# --- Wrong commands ------------------------------------------------------------------------------------------------

WRONG = [
    ("/sentiment", "読む文章がありません", "no text to read"),
    ("/感情 最高 --lang fr", "使える値：ja, en, mixed", "Allowed: ja, en, mixed"),
    ("/ner", "読む文章がありません", "no text to read"),
    ("/ner 山田 --lnag ja", "--lang のことですか", "Did you mean --lang?"),
    ("/ask", "質問がありません", "no question"),
    ("/ask 社長は誰？", "文脈がありません", "no context"),
    ("/ask 誰？ | 山田 --answers 99", "1 から 20 の整数", "from 1 to 20"),
    ("/similar", "2 つ以上必要です（いまは 0 つ）", "2 or more texts (there are 0)"),
    ("/similar --query 猫", "1 つ以上必要です", "1 or more texts"),
    ("/similar 猫 | 犬 --pooling sum", "使える値：mean, max, cls", "Allowed: mean, max, cls"),
    ("/explain-attention", "読む文章がありません", "no text to read"),
    ("/attention 猫 --layer 五", "0 以上の整数", "a whole number from 0"),
    ("/attention 猫 －－head", "--head の値がありません", "--head needs a value"),
    ("/tokens", "読む文章がありません", "no text to read"),
    ("/fill-mask", "読む文章がありません", "no text to read"),
    ("/fill-mask ＿ --candidates 0", "1 から 100 の整数", "from 1 to 100"),
    ("/embed", "1 つ以上必要です", "1 or more texts"),
    ("/models --lang ja", "--lang というオプションはありません", "no option --lang"),
    ("/status --lang ja", "--lang というオプションはありません", "no option --lang"),
    ("/cancel 3", "すべて取り消します", "stops all"),
    ("/help --all", "--all というオプションはありません", "no option --all"),
]


@pytest.mark.parametrize(("line", "ja", "en"), WRONG)
def test_a_wrong_command_gets_what_is_wrong_and_an_example_that_is_right(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(line)
    message = caught.value.message
    assert ja in message.ja
    assert en in message.en
    for text, mark in ((message.ja, "\n例："), (message.en, "\nExample: ")):
        assert understand(text.split(mark)[1]).command.names[0] in text


def test_every_command_has_a_wrong_line_here() -> None:
    named = {understand(line, arguments=_fitting(line)).command.name for line, _, _ in WRONG}
    assert named == {command.name for command in COMMANDS}


def _fitting(line: str) -> Arguments:
    """Arguments that any command takes: this is only about the names."""
    text = "" if line.startswith("/cancel") else "猫"
    return Arguments(text=text, texts=("猫", "犬"), first="猫", rest="犬")


# --- Models --------------------------------------------------------------------------------------------------------

ROWS = [
    ModelRow(task="ner", languages=("ja",), model="org/ner-ja", revision="", licence="MIT", window=512),
    ModelRow(task="ner", languages=("en",), model="org/ner-en", revision="", licence="MIT", window=512),
    ModelRow(task="explain_attention", languages=("ja", "en"), model="yomite/encoder", revision="", licence="MIT", window=512),
]


@pytest.mark.parametrize(
    "line",
    [
        "/ner 山田",
        "/ner 山田 --model org/ner-ja",
        "/ner Tim --model org/ner-en",
        "/attention 猫 --model yomite/encoder",
        "/attention 猫 --with org/ner-ja",
    ],
)
def test_in_chat_the_models_of_the_catalog_may_be_named(line: str) -> None:
    check_model(_request(line), ROWS)


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        ("/ner 山田 --model somebody/anything", "org/ner-ja, org/ner-en"),
        ("/ner 山田 --model ../folder", "org/ner-ja, org/ner-en"),
        ("/ner 山田 --model ~/models", "org/ner-ja, org/ner-en"),
        ("/ner 山田 --model yomite/encoder", "org/ner-ja, org/ner-en"),
        ("/attention 猫 --model org/ner-de", "org/ner-ja, org/ner-en, yomite/encoder"),
        ("/attention 猫 --with somebody/anything", "org/ner-ja, org/ner-en, yomite/encoder"),
        ("/attention 猫 --model org/ner-ja --with ~/models", "org/ner-ja, org/ner-en, yomite/encoder"),
        ("/tokens 猫 --model x", "-"),
    ],
)
def test_in_chat_no_other_model_may_be_named(line: str, listed: str) -> None:
    with pytest.raises(CommandError) as caught:
        check_model(_request(line), ROWS)
    message = caught.value.message
    assert message.ja.endswith(f"カタログのモデルだけです：{listed}")
    assert message.en.endswith(f"In chat only models of the catalog can be used: {listed}")
    assert line.split()[-1] in message.ja


def _request(line: str) -> Request:
    request = understand(line).request
    if isinstance(request, HelpRequest | ModelsRequest | StatusRequest | CancelRequest):
        raise TypeError(line)
    return request


# --- Answers without a job -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server.url


@pytest.fixture
def job_queue(redis_url: str) -> Iterator[JobQueue]:
    with Redis.from_url(redis_url) as connection:
        connection.flushall()
        yield JobQueue(connection)


def test_status_counts_what_waits_and_whose_it_is(job_queue: JobQueue) -> None:
    assert answer_here(StatusRequest(), job_queue, platform="slack", person="U1").mine == 0
    for person in ("U1", "U1", "U2"):
        job_queue.submit(NerRequest(text="山田太郎"), platform="slack", person=person)
    result = answer_here(StatusRequest(), job_queue, platform="slack", person="U1")
    assert isinstance(result, StatusResult)
    assert (result.mine, result.queue.waiting, result.queue.running, result.queue.workers) == (2, 3, 0, 0)


def test_cancel_stops_the_jobs_of_one_person_on_one_platform(job_queue: JobQueue) -> None:
    for platform, person in (("slack", "U1"), ("slack", "U1"), ("slack", "U2"), ("discord", "U1")):
        job_queue.submit(NerRequest(text="山田太郎"), platform=platform, person=person)
    assert answer_here(CancelRequest(), job_queue, platform="slack", person="U1") == CancelResult(cancelled=2)
    assert job_queue.status().waiting == 2
    assert answer_here(CancelRequest(), job_queue, platform="slack", person="U1") == CancelResult(cancelled=0)


def test_help_is_the_list_of_commands_and_models_fail_without_a_worker(job_queue: JobQueue) -> None:
    assert answer_here(HelpRequest(), job_queue, platform="slack", person="U1") is COMMANDS
    assert isinstance(answer_here(ModelsRequest(), job_queue, platform="slack", person="U1"), Failure)
