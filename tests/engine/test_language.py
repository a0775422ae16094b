"""Tests which language a text is found to be in."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.errors import BadInputError
from engine.language import detect, resolve

JAPANESE = [
    "この映画は本当に素晴らしかった！",
    "東京都渋谷区",
    "全品半額",
    "本日休業",
    "世界平和",
    "株式会社",
    "森鷗外",
    "國學院大學",
    "是非",
    "終了",
    "知的財産",
    "行方不明",
    "多少高価",
    "電子機器",
    "恫喝",
    "ｺﾉｴｲｶﾞﾊｵﾓｼﾛｲ",
    "ﾃﾞｰﾀ",
    "ラーメン",
    "２０２４",
    "1,000円",
    "身長172cm、体重60kg。",
    "iPhone 15 Proを買った",
    "AppleがiPhone 15 Proを発表しました。",
    "Microsoft OfficeとGoogle Workspaceの比較",
    "Harry Potter and the Goblet of Fireは面白い",
    "The Beatlesは最高",
    "このappは便利です",
    "pythonでデータをfilterする方法",
    "pip install torch でエラーが出ました",
    "彼は「I love you so much」と言った。",
    "「你好」は中国語で「こんにちは」という意味です。",
    "「我很喜欢这部电影」と言った",
    "「안녕하세요」は韓国語の挨拶です。",
    "안녕の意味は何ですか",
    "Хорошоというロシア語の意味を教えてください",
    "今日は[MASK]です",
    "https://example.com/this/is/a/long/path を見て",
    "今日はCPUが熱い(´・ω・`)",
    "草wwwwww",
    "神ｗｗｗ",
    "乙！WWW",
]
ENGLISH = [
    "I love this movie.",
    "i love it",
    "The service was terrible.",
    "Apple Inc.",
    "iPhone",
    "NHK",
    "a",
    "12345",
    "COVID-19",
    "ＨＥＬＬＯ",
    "The café's naïve résumé was great",
    "I visited 渋谷 yesterday.",
    "The word 「ありがとう」 means thank you.",
    "I like BTS (방탄소년단).",
    'He said "привет" and left',
    "λ = 1 and x is 2",
    "C'est la vie, as they say in France.",
    "We had tacos al pastor in Mexico",
    "He is the CEO of El Pollo Loco",
    "Die Hard in Los Angeles",
    "Tanaka Hanako",
    "[MASK] is good",
    "https://example.com",
]
MIXED = [
    "iPhoneのbatteryがすぐdieする、so disappointed",
    "I love this movie! とても感動した。",
    "This is great. でも値段が高すぎると思う。",
    "今日はとても良い天気ですね。I am going to the park.",
    "THIS IS GREAT とても良い",
]
EMPTY = ["", " ", "\n\t\u3000", "\u200b", "\ufeff", "\x00", "\u3164", "!!!", "。。。", "…", "★☆", "😀😀", "(^_^)", "(´・ω・`)", "___"]
UNSUPPORTED = [
    ("我很喜欢这部电影。", "zh"),
    ("這部電影非常好看", "zh"),
    ("今天天气很好，我们去公园玩吧。", "zh"),
    ("我是學生", "zh"),
    ("謝謝", "zh"),
    ("國立臺灣大學", "zh"),
    ("新年快樂", "zh"),
    ("我很喜欢の这部电影", "zh"),
    ("iPhone很好用", "zh"),
    ("ㄅㄆㄇ", "zh"),
    ("안녕하세요", "ko"),
    ("이 영화 정말 재미있어요", "ko"),
    ("Samsung Galaxy 정말 좋아요", "ko"),
    ("Привет, как дела?", "cyrillic"),
    ("مرحبا كيف حالك", "arabic"),
    ("สวัสดีครับ", "thai"),
    ("नमस्ते दुनिया", "devanagari"),
    ("Γειά σου Κόσμε", "greek"),
    ("שלום עולם", "hebrew"),
    ("გამარჯობა მსოფლიო", "georgian"),
    ("J'aime beaucoup ce film, il est très bon.", "fr"),
    ("Me gusta mucho esta película", "es"),
    ("Das ist ein sehr guter Film", "de"),
    ("Questo film è molto bello", "it"),
    ("Este filme é muito bom", "pt"),
    ("Dit is een heel goede film", "nl"),
    ("Kono eiga wa totemo omoshirokatta desu", "romaji"),
]


@pytest.mark.parametrize("text", JAPANESE)
def test_japanese_is_japanese_whatever_it_names_or_quotes(text: str) -> None:
    assert detect(text) == "ja"


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_english_whatever_it_names_or_quotes(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize("text", MIXED)
def test_a_good_share_of_both_is_mixed(text: str) -> None:
    assert detect(text) == "mixed"


@pytest.mark.parametrize("text", EMPTY)
def test_text_without_letters_is_refused_as_empty(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        detect(text)
    assert caught.value.code == "empty_text"


@pytest.mark.parametrize(("text", "language"), UNSUPPORTED)
def test_other_languages_are_refused_and_named(text: str, language: str) -> None:
    with pytest.raises(BadInputError) as caught:
        detect(text)
    assert caught.value.code == "unsupported_language"
    assert caught.value.details == {"language": language}


def test_a_refusal_says_in_both_languages_what_was_seen_and_what_would_be_right() -> None:
    with pytest.raises(BadInputError) as caught:
        detect("안녕하세요")
    assert "韓国語" in caught.value.message.ja
    assert "日本語と英語" in caught.value.message.ja
    assert "Korean" in caught.value.message.en
    assert "Japanese and English" in caught.value.message.en


def test_long_texts_are_decided_as_short_ones() -> None:
    assert detect("この映画は面白い。" * 2_300) == "ja"
    assert detect("This film is good. " * 1_100) == "en"


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["猫が好きです。", "犬が好きです。"], "ja"),
        (["I like cats.", "I like dogs."], "en"),
        (["猫が好きです。", "I like cats."], "mixed"),
        (["猫が好きです。", "I like cats and 犬が好きです。"], "mixed"),
        (["猫が好きです。", "2024"], "ja"),
        (["2024", "12"], "en"),
        (["Hello", "こんにちは"], "mixed"),
    ],
)
def test_texts_read_together_have_one_language(texts: list[str], language: str) -> None:
    assert resolve(texts) == language


def test_a_text_among_many_that_cannot_be_read_is_named_by_its_place() -> None:
    with pytest.raises(BadInputError) as caught:
        resolve(["猫が好きです。", "我很喜欢这部电影。"])
    assert caught.value.details == {"language": "zh", "index": "1"}


@pytest.mark.parametrize("text", ["我很喜欢这部电影。", "!!!", "Das ist ein sehr guter Film", "I like cats."])
def test_an_override_wins_over_the_guess(text: str) -> None:
    assert resolve([text], "ja") == "ja"


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_an_override_does_not_fill_a_blank_text(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        resolve(["猫", text], "ja")
    assert (caught.value.code, caught.value.details) == ("empty_text", {"index": "1"})


@given(st.text())
def test_any_text_gets_a_language_or_a_clear_refusal(text: str) -> None:
    try:
        found: str = detect(text)
    except BadInputError as error:
        found = error.code
    assert found in ("ja", "en", "mixed", "empty_text", "unsupported_language")


@given(st.sampled_from(JAPANESE + ENGLISH + MIXED), st.text(alphabet=" \n\t\u3000", max_size=5), st.text(alphabet=" \n\u3000", max_size=5))
def test_white_space_around_a_text_changes_nothing(text: str, before: str, after: str) -> None:
    assert detect(before + text + after) == detect(text)


@given(st.lists(st.sampled_from(JAPANESE), min_size=1, max_size=4), st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=4))
def test_the_order_of_texts_does_not_matter(japanese: list[str], english: list[str]) -> None:
    assert resolve(japanese + english) == resolve(english + japanese)
