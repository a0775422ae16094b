"""The grammar of commands: the same in Japanese and English, forgiving of keyboards, never at a loss for its own error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.commands import COMMANDS
from bot.commands.options import LANG, POOLING, model_option
from bot.commands.similar import QUERY
from bot.conversation import understand
from bot.errors import CommandError
from bot.grammar import Option, arguments_of_words, read_arguments, read_command_name, read_value
from engine.contract import Message

LAYER = Option(name="layer", kind="whole number", meaning=Message(ja="層", en="layer"), example="5")
HEAD = Option(name="head", kind="whole number", meaning=Message(ja="ヘッド", en="head"), example="2", at_least=1, at_most=12)
OPTIONS = (LAYER, HEAD, LANG, model_option("yomite/ner"))


@pytest.mark.parametrize(
    ("body", "text", "options"),
    [
        ("この映画は最高 --layer 5 --head 2", "この映画は最高", {"layer": 5, "head": 2}),
        ("The film was great --layer 5 --head 2", "The film was great", {"layer": 5, "head": 2}),
        ("この映画は最高　－－layer　５　－－head＝２", "この映画は最高", {"layer": 5, "head": 2}),
        ("この映画は最高 ーーlayer：5 ――head:2", "この映画は最高", {"layer": 5, "head": 2}),
        ("この映画は最高 —layer 5", "この映画は最高", {"layer": 5}),
        ("この映画は最高 ——layer 5 –head 2", "この映画は最高", {"layer": 5, "head": 2}),
        ("この映画は最高　－－ｌａｙｅｒ：５　--head　２", "この映画は最高", {"layer": 5, "head": 2}),
        ("最高 −−ｌａｎｇ ＪＡ", "最高", {"lang": "ja"}),
        ("最高 --lang=”ja”", "最高", {"lang": "ja"}),
        ("great --LANG=en", "great", {"lang": "en"}),
        ("great --lang: en", "great", {"lang": "en"}),
        ('great --model "my models/bert"', "great", {"model": "my models/bert"}),
        ("最高 --lang 「ja」", "最高", {"lang": "ja"}),
        ("--layer 5 文章はあとでもよい", "文章はあとでもよい", {"layer": 5}),
        ("前 --layer 5 後ろ", "前 後ろ", {"layer": 5}),
        ("一行目 --layer 5\n二行目", "一行目\n二行目", {"layer": 5}),
        ("", "", {}),
        ("   　 ", "", {}),
    ],
)
def test_options_follow_free_text(body: str, text: str, options: dict[str, Any]) -> None:
    arguments = read_arguments(body, OPTIONS)
    assert arguments.text == text
    assert arguments.options == options


@pytest.mark.parametrize(
    "text",
    [
        "I like it -- a lot",
        "foo--layer 5 bar",
        "a---b ---- c",
        "すごーーい！　ーーそうですか",
        "彼は――山田は――来た",
        "He said —really— no",
        "the top –layers– of a cake – layer by layer",
        "上の——レイヤー——です",
        "He’s ’bout to go, isn’t he",
        "－５度 －－ 寒い",
        "don't do 'that",
        '"unclosed quote',
        "a - b -c --1",
        "C:\\x /usr/bin @here #tag",
    ],
)
def test_dashes_in_ordinary_text_are_text(text: str) -> None:
    arguments = read_arguments(text, OPTIONS)
    assert arguments.text == text
    assert arguments.options == {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('"git push --force is bad"', "git push --force is bad"),
        ("“git push --force is bad” --lang en", "git push --force is bad"),
        ("＂push －－force は危険＂", "push －－force は危険"),
        ("'a --layer 5 b'", "a --layer 5 b"),
        ("‘a --layer 5 b’", "a --layer 5 b"),
        ("”push －－force は危険”", "push －－force は危険"),
        ("＇push －－force は危険＇", "push －－force は危険"),
        ("彼は 「git push --force」 と言った", "彼は 「git push --force」 と言った"),
        ("「すごい」", "「すごい」"),
        ('He said "no --layer 5" to me', 'He said "no --layer 5" to me'),
    ],
)
def test_quotes_let_dashes_through(body: str, text: str) -> None:
    assert read_arguments(body, OPTIONS).text == text


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("猫 | 犬 | 鳥", ("猫", "犬", "鳥")),
        ("猫｜犬", ("猫", "犬")),
        ("a cat\na dog\r\n\n a bird ", ("a cat", "a dog", "a bird")),
        ('"a cat" "a dog"', ("a cat", "a dog")),
        ("“猫がいる”　“犬がいる”", ("猫がいる", "犬がいる")),
        ("”a | b”｜‘c｜d’", ("a | b", "c｜d")),
        ("「猫がいる」「犬がいる」", ("猫がいる", "犬がいる")),
        ("「猫がいる」、『a | b --lang』、「鳥」 --lang ja", ("猫がいる", "a | b --lang", "鳥")),
        ("「猫」と「犬」", ("「猫」と「犬」",)),
        ("彼は「行く」「来る」と言った", ("彼は「行く」「来る」と言った",)),
        ("猫が走る　｜　犬が寝る\u2028鳥が鳴く", ("猫が走る", "犬が寝る", "鳥が鳴く")),
        ('"a | b" | c', ("a | b", "c")),
        ('"a\nb"\nc', ("a\nb", "c")),
        ("| 猫 || |", ("猫",)),
        ("猫 | 犬 --lang ja", ("猫", "犬")),
        ("one text", ("one text",)),
        ("", ()),
    ],
)
def test_bars_and_line_breaks_separate_texts(body: str, texts: tuple[str, ...]) -> None:
    assert read_arguments(body, (LANG,)).texts == texts


@pytest.mark.parametrize(
    ("body", "first", "rest"),
    [
        ("誰が社長？ | 山田は社長だ。\n鈴木は部長だ。", "誰が社長？", "山田は社長だ。\n鈴木は部長だ。"),
        ("Who? ｜ Tim | and others", "Who?", "Tim | and others"),
        ("Who?\nTim is the CEO.\nIt rains.", "Who?", "Tim is the CEO.\nIt rains."),
        ("誰？ | 山田 --lang ja", "誰？", "山田"),
        ("誰？", "誰？", ""),
        ("| 文脈だけ", "文脈だけ", ""),
    ],
)
def test_a_question_ends_at_the_first_separator(body: str, first: str, rest: str) -> None:
    arguments = read_arguments(body, (LANG,))
    assert (arguments.first, arguments.rest) == (first, rest)


@pytest.mark.parametrize(
    ("body", "query", "texts"),
    [
        ("--query the cat sits | a feline | a dog", "the cat sits", ("a feline", "a dog")),
        ("猫がいる | 犬がいる --query 動物 の 話", "動物 の 話", ("猫がいる", "犬がいる")),
        ('--query="a | b" c', "a | b", ("c",)),
        ("a | b --query 猫 --pooling max", "猫", ("a", "b")),
    ],
)
def test_a_phrase_goes_on_to_the_next_separator_or_option(body: str, query: str, texts: tuple[str, ...]) -> None:
    arguments = read_arguments(body, (QUERY, POOLING))
    assert (arguments.options["query"], arguments.texts) == (query, texts)


@pytest.mark.parametrize(
    ("body", "text", "given"),
    [
        ("I love this. --private", "I love this.", {"private": "yes"}),
        ("－－private 楽しい映画だった。", "楽しい映画だった。", {"private": "yes"}),
        ("--private a | b", "a | b", {"private": "yes"}),
        ("楽しい", "楽しい", {}),
    ],
)
def test_a_flag_stands_alone_and_takes_no_word_of_the_text(body: str, text: str, given: dict[str, str]) -> None:
    flag = Option(name="private", kind="flag", meaning=Message(ja="自分だけ", en="only you"), example="")
    arguments = read_arguments(body, (flag,))
    assert (arguments.text, arguments.options) == (text, given)


@pytest.mark.parametrize(
    ("body", "ja", "en"),
    [
        ("great --langg en", "--lang のことですか", "Did you mean --lang?"),
        ("push --force it", "引用符", "in quotes"),
        ("最高 ーーlayr 5", "--layer のことですか", "Did you mean --layer?"),
        ("great --layer", "--layer の値がありません", "--layer needs a value"),
        ("great --layer --head 2", "--layer の値がありません", "--layer needs a value"),
        ("great --layer five", "five", "'five'"),
        ("great --layer -1", "0 以上の整数", "a whole number from 0"),
        ("great --head 13", "1 から 12 の整数", "from 1 to 12"),
        ("great --layer " + "9" * 5000, "0 以上の整数", "a whole number from 0"),
        ("great --lang fr", "使える値：ja, en, mixed", "Allowed: ja, en, mixed"),
        ("great --layer 1 --layer 2", "2 回", "twice"),
    ],
)
def test_a_wrong_option_is_explained_in_both_languages(body: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_arguments(body, OPTIONS)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/sentiment この映画は", ("sentiment", " この映画は")),
        ("  ／ｓｅｎｔｉｍｅｎｔ　この映画は", ("sentiment", "　この映画は")),
        ("/sentimentこの映画は", ("sentiment", "この映画は")),
        ("/Explain_Attention: text", ("explain-attention", " text")),
        ("/感情：最高", ("感情", "最高")),
        ("/nothing here", ("nothing", " here")),
        ("/sentiment\nline", ("sentiment", "\nline")),
        ("no command", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_command_is_named_after_a_slash(line: str, found: tuple[str, str] | None) -> None:
    assert read_command_name(line, [name for command in COMMANDS for name in command.names]) == found


def test_words_of_a_shell_are_texts_of_their_own_and_a_single_one_is_read_as_in_chat() -> None:
    several = arguments_of_words(["誰？ | 本当", "文脈 | 続き"], options={})
    assert (several.texts, several.first, several.rest) == (("誰？ | 本当", "文脈 | 続き"), "誰？ | 本当", "文脈 | 続き")
    assert several.text == "誰？ | 本当 文脈 | 続き"
    assert arguments_of_words(["猫 | 犬"], options={}).texts == ("猫", "犬")
    assert arguments_of_words([], options={}).text == ""


PIECES = [
    "--",
    "－－",
    "ーー",
    "—",
    "layer",
    "lang",
    "query",
    "head",
    "=",
    "：",
    "5",
    "ja",
    "猫",
    "text",
    '"',
    "「",
    "」",
    "'",
    "|",
    "｜",
    "\n",
    " ",
    "　",
    "\r",
    "\0",
]


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_reading_arguments_raises_nothing_but_its_own_error(body: str) -> None:
    try:
        arguments = read_arguments(body, (*OPTIONS, QUERY))
    except CommandError:
        return
    assert all(text.strip() for text in arguments.texts)
    assert arguments.text == arguments.text.strip()


@settings(deadline=None)
@given(st.text())
def test_what_stands_in_quotes_is_kept_to_the_letter(text: str) -> None:
    kept = text.replace('"', "").strip()
    assert read_arguments(f'"{kept}" --lang ja', OPTIONS).text == kept


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="-‐‑–−ー─―—－\"'“”‘’＂＇「」『』", exclude_categories=["Cs"])))
def test_text_without_dashes_or_quotes_is_kept_to_the_letter(text: str) -> None:
    assert read_arguments(text, OPTIONS).text == text.strip()


@settings(deadline=None)
@given(st.text())
def test_reading_a_value_raises_nothing_but_its_own_error(text: str) -> None:
    for option in (*OPTIONS, QUERY):
        try:
            value = read_value(option, text)
        except CommandError:
            continue
        assert isinstance(value, int) == (option.kind == "whole number")


# Signs that our patterns could try in very many ways, so many that anything but one look at each would take an hour.
MANY = 200_000


@pytest.mark.parametrize(
    "line", [" “", " 「", '"', " '", "——", "|", "\x0b", "\xa0", "\u3000", "－", "\u0301\u0316", "a ", " :", "」「", '、"']
)
def test_a_line_of_one_sign_is_read_as_fast_as_any_and_not_said_again(line: str) -> None:
    lines = (line * MANY, f"/ner {line * MANY}", f"/ner a{line * MANY}b --lang ja", f"/ner a --lang {line * MANY}")
    said = [trouble_of(whole) for whole in lines]
    assert max(map(len, said)) < 2_000


def trouble_of(line: str) -> str:
    """What is wrong with a line, in both languages; empty where nothing is."""
    try:
        understand(line, slash_optional=True)
    except CommandError as error:
        return error.message.ja + error.message.en
    return ""


@pytest.mark.parametrize("text", ["ja" + " " * 200 + "x", "j" * 300])
def test_a_value_that_is_too_long_for_its_list_is_none_of_it(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_value(LANG, text)
    assert "…」は使えません" in caught.value.message.ja
    assert "ja, en" in caught.value.message.en


def test_a_quotation_in_another_of_its_kind_is_one_by_itself() -> None:
    assert read_arguments("“a “b | c” d” | e", ()).texts == ("“a “b | c” d”", "e")
