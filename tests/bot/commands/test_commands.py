"""Each command turns its text into the right Request, and its Result into a Reply in the person's language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.conversation import Understood, chat_example, check_model, failure_reply, find_command, reply_to, understand
from bot.errors import CommandError
from bot.language import Speech
from bot.reply import Highlight, Matrix, Reply, Table
from engine.catalog import Catalog
from engine.contract import (
    Answer,
    AskRequest,
    AskResult,
    Blank,
    EmbedRequest,
    EmbedResult,
    Entity,
    ExplainAttentionRequest,
    Failure,
    Filling,
    FillMaskRequest,
    FillMaskResult,
    Message,
    NerRequest,
    NerResult,
    Ranked,
    Request,
    SentenceSentiment,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Task,
    Token,
    TokensRequest,
    TokensResult,
    Word,
)
from workers.queue import ModelRow

SAID: dict[str, Any] = {"language": "ja", "model": "m", "notes": (Message(ja="長いので2窓で読みました", en="read in 2 windows"),)}
SPEECHES: tuple[Speech, Speech] = ("ja", "en")


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("/sentiment この映画は最高！", SentimentRequest(text="この映画は最高！")),
        ("/sentiment I love this. --lang en", SentimentRequest(text="I love this.", language="en")),
        ("/感情 最高 | 最低", SentimentRequest(text="最高 | 最低")),
        ("／ner　山田太郎　－－model　my/ner", NerRequest(text="山田太郎", model="my/ner")),
        ("/ask 誰？ | 山田です。", AskRequest(question="誰？", context="山田です。")),
        ("/ask Who?\nTim.\nYes. --answers 5", AskRequest(question="Who?", context="Tim.\nYes.", answers=5)),
        ("/similar 猫 | 犬", SimilarRequest(texts=("猫", "犬"))),
        ("/similar a\nb --query c --pooling cls", SimilarRequest(texts=("a", "b"), query="c", pooling="cls")),
        ("/explain-attention 猫 --layer 5 --head 2", ExplainAttentionRequest(text="猫", layer=5, head=2)),
        ("/explain_attention cat --window 1", ExplainAttentionRequest(text="cat", window=1)),
        ("/tokens 外国人参政権", TokensRequest(text="外国人参政権")),
        ("/fill-mask 首都は＿です --candidates 3", FillMaskRequest(text="首都は＿です", candidates=3)),
        ("/fill_mask Paris is ___.", FillMaskRequest(text="Paris is ___.")),
        ("/embed 猫 | 犬", EmbedRequest(texts=("猫", "犬"))),
    ],
)
def test_a_line_becomes_its_request(line: str, request_: Request) -> None:
    assert understand(line).request == request_


@pytest.mark.parametrize(
    ("line", "ja", "en"),
    [
        ("/sentiment", "文章がありません", "no text"),
        ("/ask 誰？", "文脈がありません", "no context"),
        ("/ask", "質問がありません", "no question"),
        ("/similar 猫", "2 つ以上必要です（いまは 1 つ）", "2 or more texts (there is 1)"),
        ("/embed", "1 つ以上", "1 or more"),
        ("/fill-mask a ___ --candidates 0", "1 から 100", "from 1 to 100"),
        ("/sentimnt 猫", "/sentiment のことですか", "Did you mean /sentiment?"),
        ("この映画は最高", "例：/sentiment この映画は最高", "Example: /sentiment"),
    ],
)
def test_a_wrong_line_gets_what_is_wrong_and_a_right_example(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(line)
    message = caught.value.message
    assert ja in message.ja
    assert en in message.en
    assert "/" in message.ja
    assert "/" in message.en


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_example_of_every_command_is_right(command: Command[Any, Any], speech: Speech) -> None:
    assert understand(chat_example(command, speech)).command is command


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.options], ids=lambda command: command.name)
def test_the_model_that_help_gives_as_an_example_may_be_named_in_chat(command: Command[Any, Any]) -> None:
    said = {"revision": "", "licence": ""}
    rows = [
        ModelRow(task=str(entry.task), languages=entry.languages, model=entry.name, window=entry.window, **said)
        for entry in Catalog.load().entries
    ]
    named = [option for option in command.options if option.name in ("model", "with")]
    assert named
    for option in named:
        check_model(understand(f"{chat_example(command, 'en')} --{option.name} {option.example}").request, rows)


def test_no_two_commands_share_a_name() -> None:
    names = [name for command in COMMANDS for name in command.names]
    assert len(names) == len(set(names))
    assert {Task(command.name.replace("-", "_")) for command in COMMANDS if command.options} == set(Task)


@pytest.mark.parametrize("name", ["質問", "entities", "穴埋め", "注意"])
def test_an_alias_finds_its_command(name: str) -> None:
    command, body = find_command(f"/{name} 本文")
    assert name in command.names
    assert body.strip() == "本文"


@settings(deadline=None)
@given(st.sampled_from(["", "/", "/ask ", "/similar --query "]), st.text())
def test_understanding_a_line_raises_nothing_but_its_own_error(start: str, line: str) -> None:
    try:
        understood = understand(start + line)
    except CommandError:
        return
    assert understood.command in COMMANDS


def test_an_attached_text_is_read_as_it_is() -> None:
    text = " 改行で\r\n終わる | 文章 --layer 5\n"
    assert understand("/sentiment", attach=lambda extras: text).request == SentimentRequest(text=text)
    assert understand("/ask 誰？", attach=lambda extras: text).request == AskRequest(question="誰？", context=text)
    assert understand("/embed", attach=lambda extras: "猫\n\n犬\n").request == EmbedRequest(texts=("猫", "犬"))


@pytest.mark.parametrize(("speech", "title"), [("ja", "ポジティブ 97.0%"), ("en", "positive 97.0%")])
def test_sentiment_shows_label_probabilities_and_sentences(speech: Speech, title: str) -> None:
    text = "最高。 でも高い。"
    result = SentimentResult(
        **SAID,
        label="positive",
        probability=0.97,
        probabilities={"positive": 0.97, "neutral": 0.02, "negative": 0.01},
        sentences=(
            SentenceSentiment(start=0, end=3, label="positive", probability=0.99),
            SentenceSentiment(start=4, end=9, label="negative", probability=0.7),
        ),
    )
    reply = _reply("/sentiment " + text, result, speech)
    assert (reply.title, reply.tone) == (title, "positive")
    assert [row[2].text for row in _table(reply, 1).rows] == ["最高。", "でも高い。"]


def test_ner_marks_the_names_in_the_text() -> None:
    entities = (
        Entity(start=0, end=4, text="山田太郎", label="PER", score=0.99),
        Entity(start=5, end=7, text="東京", label="LOC", score=0.9),
    )
    reply = _reply("/ner 山田太郎は東京にいる", NerResult(**SAID, entities=entities), "ja")
    marked = reply.blocks[0]
    assert isinstance(marked, Highlight)
    assert [(marked.text[span.start : span.end], span.label) for span in marked.spans] == [("山田太郎", "PER"), ("東京", "LOC")]
    assert reply.brief == "山田太郎 (PER), 東京 (LOC)"


def test_ask_marks_the_answer_in_its_sentence() -> None:
    context = "雨だ。山田は社長だ。鈴木は部長だ。"
    first = Answer(start=3, end=5, text="山田", score=0.9, sentence_start=3, sentence_end=10)
    second = Answer(start=10, end=12, text="鈴木", score=0.1, sentence_start=10, sentence_end=17)
    result = AskResult(**SAID, answer=first, no_answer_score=0.0, candidates=(first, second))
    reply = _reply(f"/ask 誰？ | {context}", result, "ja")
    marked = reply.blocks[0]
    assert isinstance(marked, Highlight)
    assert marked.text == "山田は社長だ。"
    assert marked.text[marked.spans[0].start : marked.spans[0].end] == "山田"
    assert [row[0].text for row in _table(reply, 1).rows] == ["鈴木"]


@pytest.mark.parametrize(("speech", "words"), [("ja", "見つかりませんでした"), ("en", "does not answer")])
def test_ask_says_when_the_context_has_no_answer(speech: Speech, words: str) -> None:
    result = AskResult(**SAID, answer=None, no_answer_score=0.8, candidates=())
    assert words in _reply("/ask 誰？ | 雨だ。", result, speech).title


def test_similar_shows_the_matrix_and_the_nearest_pair() -> None:
    matrix = ((1.0, 0.2, 0.9), (0.2, 1.0, 0.1), (0.9, 0.1, 1.0))
    reply = _reply("/similar 猫 | 車 | ねこ", SimilarResult(**SAID, matrix=matrix, ranking=(), pooling="mean"), "ja")
    assert "1 と 3（0.900）" in reply.title
    assert Matrix(row_labels=("1", "2", "3"), column_labels=("1", "2", "3"), values=matrix) in reply.blocks


def test_similar_with_a_query_shows_the_ranking() -> None:
    ranking = (Ranked(index=1, similarity=0.9), Ranked(index=0, similarity=-0.1))
    result = SimilarResult(**SAID, matrix=((-0.1, 0.9),), ranking=ranking, pooling="mean")
    reply = _reply("/similar car | feline --query cat", result, "en")
    assert reply.title == "Nearest: feline (0.900)"
    assert [[cell.text for cell in row] for row in _table(reply, 0).rows] == [["1", "0.900", "feline"], ["2", "-0.100", "car"]]


def test_tokens_shows_words_and_pieces() -> None:
    tokens = (
        Token(text="[CLS]", id=2, start=0, end=0, special=True),
        Token(text="外国", id=7, start=0, end=2),
        Token(text="##人", id=8, start=2, end=3),
    )
    word = Word(start=0, end=3, text="外国人", first_token=1, last_token=2)
    reply = _reply("/tokens 外国人", TokensResult(**SAID, tokens=tokens, words=(word,), window=512), "ja")
    assert reply.brief == "外国 ##人"
    assert [[cell.text for cell in row] for row in _table(reply, 1).rows][1] == ["1", "外国", "7", "0–2", "外国人"]


@pytest.mark.parametrize(("count", "title"), [(1, "1 word, 1 token (the model"), (2, "2 words, 2 tokens (the model")])
def test_tokens_counts_as_english_does(count: int, title: str) -> None:
    tokens = tuple(Token(text="a", id=7, start=i, end=i + 1) for i in range(count))
    words = tuple(Word(start=i, end=i + 1, text="a", first_token=i, last_token=i) for i in range(count))
    assert _reply("/tokens aa", TokensResult(**SAID, tokens=tokens, words=words, window=512), "en").title.startswith(title)


def test_fill_mask_shows_the_candidates_of_each_blank() -> None:
    fillings = (Filling(token="東京", id=1, probability=0.9, text="首都は東京です"),)
    result = FillMaskResult(**SAID, blanks=(Blank(start=3, end=9, fillings=fillings),))
    reply = _reply("/fill-mask 首都は[MASK]です", result, "ja")
    assert reply.title == "空欄：東京"
    assert [cell.text for cell in _table(reply, 0).rows[0]] == ["東京", "90.0%", "首都は東京です"]


def test_embed_shows_the_shape_and_the_start_of_each_vector() -> None:
    reply = _reply("/embed 猫", EmbedResult(**SAID, vectors=((0.6, -0.8),), width=2, pooling="mean"), "en")
    assert reply.title == "1 × 2 numbers (mean)"
    assert _table(reply, 0).rows[0][1].text == "+0.600 -0.800"


@pytest.mark.parametrize(("speech", "note"), [("ja", "長いので2窓で読みました"), ("en", "read in 2 windows")])
def test_notes_and_the_model_are_told(speech: Speech, note: str) -> None:
    reply = _reply("/embed 猫", EmbedResult(**SAID, vectors=((1.0,),), width=1, pooling="mean"), speech)
    assert reply.notes == (note,)
    assert "m" in reply.source


@pytest.mark.parametrize("speech", SPEECHES)
def test_help_lists_all_commands_and_explains_one(speech: Speech) -> None:
    everything = reply_to(understand("/help"), COMMANDS, speech)
    assert len(_table(everything, 0).rows) == len(COMMANDS)
    one = reply_to(understand("/help /similar"), COMMANDS, speech)
    assert {row[0].text for row in _table(one, 1).rows} == {"--query", "--pooling", "--lang", "--model"}
    unknown = reply_to(understand("/help nonsense"), COMMANDS, speech)
    assert "nonsense" in unknown.notes[0]


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize(("topic", "meant"), [("sentimnt", "/help sentiment"), ("固有命", "/help 固有名"), ("🐈" * 9, "")])
def test_help_on_what_is_no_command_asks_what_was_meant(speech: Speech, topic: str, meant: str) -> None:
    (note,) = reply_to(understand(f"/help {topic}"), COMMANDS, speech).notes
    assert topic in note
    assert meant in note
    assert ("/help" in note) == bool(meant)


@pytest.mark.parametrize("speech", SPEECHES)
def test_help_does_not_say_a_whole_text_again(speech: Speech) -> None:
    (note,) = reply_to(understand("/help " + "この長い文章を読んで。" * 500), COMMANDS, speech).notes
    assert len(note) < 120


@pytest.mark.parametrize("speech", SPEECHES)
def test_the_examples_in_the_help_are_right_with_and_without_the_slash(speech: Speech) -> None:
    text = str(reply_to(understand("/help"), COMMANDS, speech).blocks[1])
    examples = re.findall(r"(@Yomite|：|: )\s*(/?(?:sentiment|感情) [^\\]+)", text)
    assert {start for start, _ in examples} >= {"@Yomite"}
    assert len(examples) == 2
    for start, line in examples:
        assert understand(line, slash_optional=start == "@Yomite").command.name == "sentiment"


def test_models_are_a_table() -> None:
    row = ModelRow(task="ner", languages=("ja", "en"), model="m", revision="", licence="MIT", window=512)
    reply = reply_to(understand("/models"), [row], "ja")
    assert [cell.text for cell in _table(reply, 0).rows[0]] == ["ner", "ja en", "m", "512", "MIT"]


@pytest.mark.parametrize(("speech", "title"), [("ja", "空です"), ("en", "empty")])
def test_a_failure_is_told_in_the_persons_language(speech: Speech, title: str) -> None:
    failure = Failure(code="empty_text", message=Message(ja="空です\n例：…", en="empty\nExample: …"))
    reply = _reply("/ner x", failure, speech)
    assert (reply.title, reply.failed, reply.tone) == (title, True, "trouble")
    assert reply == failure_reply(failure.message, speech)


def _reply(line: str, outcome: object, speech: Speech) -> Reply:
    understood: Understood = understand(line)
    return reply_to(understood, outcome, speech)


def _table(reply: Reply, index: int) -> Table:
    block = reply.blocks[index]
    if not isinstance(block, Table):
        raise TypeError(f"block {index} is a {type(block).__name__}")
    return block
