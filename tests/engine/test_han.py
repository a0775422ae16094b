"""Tests how Chinese is told from Japanese."""

from __future__ import annotations

import pytest

from engine.han import is_chinese


@pytest.mark.parametrize(
    "text", ["可以吗", "机器学习", "機器學習", "請問洗手間在哪裡", "价格便宜", "服務態度太差，不會再來了。", "東京是日本的首都"]
)
def test_chinese_grammar_and_characters_are_chinese(text: str) -> None:
    assert is_chinese(text)


@pytest.mark.parametrize(
    "text",
    ["大学", "第二次世界大戦", "慶應義塾大学", "渡邊", "沈没事件", "我慢", "自我", "了解", "給料", "一個百円", "孝明天皇", "蝋燭", "頰"],
)
def test_japanese_words_in_kanji_alone_are_not_chinese(text: str) -> None:
    assert not is_chinese(text)


def test_kana_in_their_usual_share_make_a_text_japanese() -> None:
    assert not is_chinese("彼女は我很喜欢と書いた")


def test_text_without_han_characters_is_not_chinese() -> None:
    assert not is_chinese("Nothing of the kind")
