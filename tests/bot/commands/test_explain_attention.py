"""`/explain-attention` reads its options and texts, says what does not go together, and tells what was found in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.commands.explained import readable
from bot.commands.wording import percent
from bot.conversation import reply_to, shell_example, understand
from bot.errors import CommandError
from bot.grammar import arguments_of_words
from bot.language import Speech
from bot.platforms.whole import whole_text
from bot.reply import Attachment, Highlight, Paragraph, Picture, Reply, Table
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Image, Message, Prediction, Token, TokenScores
from tests.bot.explaining import PAGE, explained, masked

JA, EN = "京都で食べた抹茶がおいしかった", "The tea we had in Kyoto was delicious"
IMAGE = Image(name="attention.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図です", en="a map"), data=b"png")
SPEECHES: tuple[Speech, Speech] = ("ja", "en")
VIEWS = ("map", "heads", "layers", "rollout", "tokens", "compare", "positions")


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (JA, {"text": JA}),
        (f"{EN} --view heads --layer 2", {"text": EN, "view": "heads", "layer": 2}),
        (f"{JA} －－view　layers", {"text": JA, "view": "layers"}),
        (f"{JA} --task ner --word 京都", {"text": JA, "task": "ner", "word": "京都"}),
        (f'{EN} --word "in Kyoto"', {"text": EN, "word": "in Kyoto"}),
        (f"{EN} --joined --folded --window 1", {"text": EN, "joined": True, "special": False, "window": 1}),
        (f"--joined {JA}", {"text": JA, "joined": True}),
        (f"{JA} | {EN}", {"text": JA, "second": EN}),
        (f"{JA}\n{EN} --head 0", {"text": JA, "second": EN, "head": 0}),
        (f'"{JA} | {EN}"', {"text": f"{JA} | {EN}"}),
        (f"{JA} | {EN} --view compare", {"text": JA, "second": EN, "view": "compare"}),
        (f"{JA} --with my/ner", {"text": JA, "view": "compare", "other_model": "my/ner"}),
        (f"{EN} --view compare --with b --model a", {"text": EN, "view": "compare", "other_model": "b", "model": "a"}),
        (f"何を食べた？ | {JA} --task ask", {"text": "何を食べた？", "second": JA, "task": "ask"}),
        (
            "Where?\nIn Kyoto.\nYes | no. --task ask --lang en",
            {"text": "Where?", "second": "In Kyoto.\nYes | no.", "task": "ask", "language": "en"},
        ),
        (f"何を？ | {JA} --task ask --with b", {"text": "何を？", "second": JA, "task": "ask", "view": "compare", "other_model": "b"}),
        (f"{JA} --view tokens --word 京都 --layer 1", {"text": JA, "view": "tokens", "word": "京都", "layer": 1}),
    ],
)
def test_a_line_becomes_its_request(line: str, asked: dict[str, Any]) -> None:
    assert understand(f"/explain-attention {line}").request == ExplainAttentionRequest(**asked)


@pytest.mark.parametrize(
    ("line", "ja", "en"),
    [
        ("", "文章がありません", "no text"),
        (f"{JA} --view head", "使える値：map, heads, layers", "Allowed: map, heads, layers"),
        (f"{EN} --task tokens", "使える値：sentiment, ner, ask", "Allowed: sentiment, ner, ask"),
        (f"{JA} --view compare", "比べる相手が必要です", "needs something to compare with"),
        (f"{JA} | {EN} --with b", "2 つの文章か 2 つのモデルのどちらか", "two texts or two models"),
        (f"{JA} --view map --with b", "--with は --view map といっしょに使えません", "--with does not go with --view map"),
        (f"何を？ | {JA} --task ask --view compare", "もうひとつのモデルが必要です", "needs another model"),
        ("何を食べた？ --task ask", "文脈も必要です", "needs a context"),
        ("--task ask", "質問がありません", "no question"),
        ("a | b | c", "いまは 3 つ", "there are 3"),
        (f"{EN} --view layers --layer 3", "ひとつの層の図ではありません", "no single layer"),
        (f"{EN} --view heads --head 3", "ひとつのヘッドの図ではありません", "no single head"),
        (f"{EN} --view positions --word tea", "文章の語はありません", "not the text's"),
        (f"{EN} --layer -1", "0 以上の整数", "a whole number from 0"),
        (f"{EN} --word", "--word の値がありません", "--word needs a value"),
        (f"{EN} --wth b", "--with のことですか", "Did you mean --with"),
    ],
)
def test_what_does_not_go_together_is_told_with_a_right_example(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(f"/explain-attention {line}")
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en
    assert "例：/explain-attention" in caught.value.message.ja
    assert "Example: /explain-attention" in caught.value.message.en


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("", {"text": "山の\n文章 | です"}),
        ("何の？ --task ask", {"text": "何の？", "second": "山の\n文章 | です", "task": "ask"}),
        ("海 --view compare", {"text": "海", "second": "山の\n文章 | です", "view": "compare"}),
        ("--with b", {"text": "山の\n文章 | です", "view": "compare", "other_model": "b"}),
    ],
)
def test_an_attached_text_is_the_one_that_is_missing(line: str, asked: dict[str, Any]) -> None:
    understood = understand(f"/explain-attention {line}", attach=lambda _: "山の\n文章 | です")
    assert understood.request == ExplainAttentionRequest(**asked)


@pytest.mark.parametrize(
    ("line", "ja", "en"),
    [("海", "どちらかひとつ", "one of them"), ("海 | 川", "2 つまで", "two texts"), ("何？ | 海 --task ask", "2 つまで", "two texts")],
)
def test_an_attached_text_too_many_is_refused(line: str, ja: str, en: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(f"/explain-attention {line}", attach=lambda _: "山")
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


def test_a_shell_separates_the_two_texts() -> None:
    arguments = arguments_of_words([JA, EN], options={})
    assert understand("/explain-attention", arguments=arguments).request == ExplainAttentionRequest(text=JA, second=EN)
    assert shell_example(understand(f"/explain-attention {JA}").command, "en").startswith('yomite explain-attention "The service')


@pytest.mark.parametrize(
    ("speech", "line", "shown"),
    [
        ("ja", f"{JA} --layer 1", "注意の図、層 1（0〜5）、全 12 ヘッドの平均、10 トークン"),
        ("en", f"{EN} --layer 1 --head 2", "attention, layer 1 (0–5), head 2 (0–11), 10 tokens"),
        ("ja", f"{JA} --view heads", "層の全ヘッドの注意、層 5（0〜5）"),
        ("en", f"{EN} --view heads", "attention of all heads of a layer, layer 5 (0–5)"),
        ("ja", f"{JA} --view layers", "全層・全ヘッドの注意、6 層 × 12 ヘッドのモデル"),
        ("en", f"{EN} --view layers", "attention of all layers and heads, a model of 6 layers × 12 heads"),
        ("ja", f"{JA} --view rollout", "ロールアウト）と、予測との関連度"),
        ("en", f"{EN} --view rollout", "rolled out through all layers"),
        ("ja", f"{JA} --view tokens", "文章の濃淡"),
        ("en", f"{EN} --view tokens", "the text, shaded"),
        ("ja", f"{JA} | {EN} --view compare", "2 つの文章の注意の比較、層 5"),
        ("ja", f"{JA} | {EN} --view compare", "下の数字は 1 つ目のもの"),
        ("en", f"{EN} | {JA} --view compare", "attention of two texts side by side"),
        ("ja", f"{JA} --with my/ner", "bundled/sentiment と my/ner の注意の比較"),
        ("en", f"{EN} --with my/ner", "attention of bundled/sentiment beside my/ner"),
        ("ja", f"{JA} --view positions", "位置の符号化"),
        ("en", f"{EN} --view positions", "how positions are encoded"),
        ("ja", f"{JA} | {EN}", "2 つの文章の組"),
        ("en", f"{EN} | {JA}", "two texts as a pair"),
        ("ja", f"何を？ | {JA} --task ask", "質問と文脈の組"),
        ("en", f"What? | {EN} --task ask", "question and context as a pair"),
    ],
)
def test_every_view_says_what_it_shows(speech: Speech, line: str, shown: str) -> None:
    reply = _answer(line, speech)
    first = reply.blocks[0]
    assert shown in (first.text if isinstance(first, Paragraph) else reply.title)


@pytest.mark.parametrize(
    ("speech", "options", "said"),
    [
        ("ja", "", "3 個の部分のうち 2 番目（最も効いた部分、--window 1）"),
        ("en", "", "part 2 of 3 of a long text (the one that matters most, --window 1)"),
        ("ja", "--window 1", "3 個の部分のうち 2 番目（--window 1）"),
        ("en", "--window 1", "part 2 of 3 of a long text (--window 1)"),
        ("ja", "--word 抹茶", "3 個の部分のうち 2 番目（--window 1）"),
        ("en", "--word 抹茶", "part 2 of 3 of a long text (--window 1)"),
    ],
)
def test_the_part_of_a_long_text_is_told_and_whether_it_was_chosen_by_what_matters(speech: Speech, options: str, said: str) -> None:
    assert said in str(_answer(f"{JA} {options}", speech, window=1, windows=3).blocks[0])


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize("view", VIEWS)
def test_pictures_come_first_then_the_page(view: str, speech: Speech) -> None:
    line = f"{JA} | {EN} --view compare" if view == "compare" else f"{JA} --view {view}"
    reply = _answer(line, speech, images=(IMAGE, IMAGE))
    blocks = reply.blocks[view != "positions" :][:3]  # what is shown of a prediction stands above, in words
    assert [type(block) for block in blocks] == [Picture, Picture, Attachment]
    assert blocks[2] == Attachment(file=PAGE, title=PAGE.title.in_language(speech))
    assert ("注意を手もとで" in whole_text(reply, speech=speech)) is False  # a file, not a text
    assert any(isinstance(block, Table) for block in reply.blocks) == (view != "positions")


@pytest.mark.parametrize(
    ("line", "prediction", "ja", "en", "tone"),
    [
        (JA, Prediction(label="negative", probability=0.8), "ネガティブ 80.0%", "negative 80.0%", "negative"),
        (JA, Prediction(label="LABEL_7", probability=0.5), "LABEL_7 50.0%", "LABEL_7 50.0%", None),
        (f"{JA} --task ner", Prediction(label="LOC", probability=0.9, text="京都"), "京都 LOC 地名 90.0%", "京都 LOC place 90.0%", "LOC"),
        (f"{JA} --task ner", Prediction(label="O", probability=0.9, text="抹茶"), "抹茶 固有名ではない 90.0%", "抹茶 no name 90.0%", None),
        (f"{JA} --task ner", Prediction(label="PER", probability=0.9), "PER 人名 90.0%", "PER person 90.0%", "PER"),
        (f"何？ | {JA} --task ask", Prediction(label="抹茶\n", probability=0.7), "抹茶 70.0%", "抹茶 70.0%", "answer"),
        (f"何？ | {JA} --task ask", Prediction(label="", probability=0.7), "答えなし 70.0%", "no answer 70.0%", None),
    ],
)
def test_the_title_is_what_was_predicted(line: str, prediction: Prediction, ja: str, en: str, tone: str | None) -> None:
    replies = [_answer(line, speech, prediction=prediction) for speech in SPEECHES]
    assert [reply.title for reply in replies] == [ja, en]
    assert {reply.tone for reply in replies} == {tone}


@pytest.mark.parametrize(("speech", "title"), [("ja", "注意の図、層 5（0〜5）"), ("en", "attention, layer 5 (0–5)")])
def test_without_a_prediction_the_title_is_what_is_shown_and_nothing_is_claimed(speech: Speech, title: str) -> None:
    scores = tuple(TokenScores(rollout=0.1, relevance=None, attribution=None) for _ in range(9))
    reply = _answer(JA, speech, prediction=None, scores=scores, faithfulness=(), completeness_error=None)
    assert reply.title.startswith(title)
    assert [len(block.columns) for block in reply.blocks if isinstance(block, Table)] == [1]
    assert not any(isinstance(block, Highlight) for block in reply.blocks)
    text = whole_text(reply, speech=speech)
    assert ("説明できません" if speech == "ja" else "not an explanation") in text
    assert "%から" not in text
    assert "Masking" not in text


@pytest.mark.parametrize(
    ("speech", "titles"),
    [
        ("ja", ["注意（ロールアウト）", "予測との関連度", "予測への寄与"]),
        ("en", ["attention (rollout)", "relevant attention", "attribution"]),
    ],
)
def test_the_tokens_that_mattered_stand_by_three_measures_in_the_persons_letters(speech: Speech, titles: list[str]) -> None:
    [table] = [block for block in _answer(JA, speech).blocks if isinstance(block, Table)]
    assert [column.title for column in table.columns] == titles
    assert [cell.text for cell in table.rows[0]] == ["で食 40.0%", "で食 20.0%", "で食 +0.40"]
    assert table.rows[1][2].text == "た −0.30"
    assert not any("[" in cell.text for row in table.rows for cell in row)


def test_the_tokens_that_speak_for_and_against_are_marked_in_the_text() -> None:
    [marked] = [block for block in _answer(JA, "ja").blocks if isinstance(block, Highlight)]
    assert marked.text == JA
    assert [(marked.text[span.start : span.end], span.label, span.tone) for span in marked.spans] == [
        ("で食", "+0.40", "even"),
        ("た", "−0.30", "odd"),
    ]


def test_tokens_of_a_pair_are_marked_each_in_its_own_text() -> None:
    request, result = _found(f"{JA} | {EN}")
    [first, second] = [block for block in _render(request, result, "ja").blocks if isinstance(block, Highlight)]
    assert (first.text, second.text) == (JA, EN)
    assert first.text[first.spans[0].start : first.spans[0].end] == "で食"
    assert second.text[second.spans[0].start : second.spans[0].end] == "delicious"
    assert readable(request, result)[-2] == "delicious"


def test_several_tokens_on_one_character_are_marked_once() -> None:
    request = ExplainAttentionRequest(text="㈱山")
    tokens = (*(Token(text=text, id=1, start=0, end=1) for text in "(株)"), Token(text="山", id=1, start=1, end=2))
    scores = tuple(TokenScores(rollout=0.1, relevance=0.1, attribution=0.5) for _ in tokens)
    reply = _render(request, explained(request, tokens=tokens, scores=scores), "ja")
    [marked] = [block for block in reply.blocks if isinstance(block, Highlight)]
    assert [(span.start, span.end) for span in marked.spans] == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("effects", "ja", "en"),
    [
        ({"attention": 0.61, "attribution": 0.22, "random": 0.85}, "注意よりも寄与がよく", "attribution points at what mattered better"),
        ({"attention": 0.84, "attribution": 0.22, "random": 0.85}, "無作為に隠すのと変わりません", "no more than masking at random"),
        ({"attention": 0.9, "attribution": 0.9, "random": 0.95}, "無作為に隠すのと変わりません", "no more than masking at random"),
        ({"attention": 0.08, "attribution": 0.08, "random": 0.08}, "比べられません", "no other token to mask"),
        ({"attention": 0.22, "attribution": 0.22, "random": 0.85}, "注意も予測に効いたものを", "attention does point at what mattered"),
    ],
)
def test_the_answer_says_how_far_masking_moves_the_prediction_and_what_that_means(effects: dict[str, float], ja: str, en: str) -> None:
    for speech, said, label in zip(SPEECHES, (ja, en), ("「ポジティブ」", "of positive"), strict=True):
        text = whole_text(_answer(JA, speech, faithfulness=masked(count=3, **effects)), speech=speech)
        assert said in text
        assert label in text
        assert all(percent(value) in text for value in (0.9, *effects.values()))


def test_one_masked_token_is_told_as_one() -> None:
    text = whole_text(_answer(EN, "en", faithfulness=masked(count=1, attention=0.6, attribution=0.5, random=0.8)), speech="en")
    assert (
        "60.0% without the token most attended (by rollout); to 50.0% without the most attributed; to 80.0% on average without a random one."
        in text
    )


@pytest.mark.parametrize(
    ("error", "ja", "en"),
    [(-0.0123, "差：0.012", "by 0.012"), (0.0, "差：<0.001", "by <0.001"), (None, None, None)],
)
def test_the_error_of_the_attributions_is_told(error: float | None, ja: str | None, en: str | None) -> None:
    texts = [whole_text(_answer(JA, speech, completeness_error=error), speech=speech) for speech in SPEECHES]
    for text, said, about in zip(texts, (ja, en), ("積分勾配", "integrated gradients"), strict=True):
        assert (about in text) == (said is not None)
        assert said is None or said in text


@pytest.mark.parametrize(
    ("speech", "titles", "looks", "looked"),
    [
        ("ja", ["「抹茶」が見る先", "見てくる元"], "た 8.0%", "京都 9.0%"),
        ("en", ["“抹茶” looks at", "looked at by"], "た 8.0%", "京都 9.0%"),
    ],
)
def test_a_word_has_a_table_of_what_it_looks_at_and_what_looks_at_it(speech: Speech, titles: list[str], looks: str, looked: str) -> None:
    table = next(block for block in _answer(f"{JA} --word 抹茶", speech).blocks if isinstance(block, Table))
    assert [column.title for column in table.columns] == titles
    assert [cell.text for cell in table.rows[0]] == [looks, looked]
    assert len(table.rows) == 5


@pytest.mark.parametrize(
    ("speech", "said"),
    [
        (
            "ja",
            [
                "1.3 最も少ないトークンを見る（エントロピー 0.52）",
                "4.0 最も遠くを見る（平均 5.2 トークン先）",
                "5.11 最も区切りの記号を見る（83.0%）",
            ],
        ),
        (
            "en",
            [
                "1.3 looks at the fewest tokens (entropy 0.52)",
                "4.0 looks farthest away (5.2 tokens",
                "5.11 looks most at separators (83.0%)",
            ],
        ),
    ],
)
def test_the_telling_heads_are_named_with_their_reasons(speech: Speech, said: list[str]) -> None:
    text = whole_text(_answer(f"{JA} --view layers", speech), speech=speech)
    assert [part for part in said if part not in text] == []


@pytest.mark.parametrize(("speech", "said"), [("ja", "特殊トークンにあります"), ("en", "lies on special tokens")])
def test_attention_to_special_tokens_is_told_where_they_are_shown(speech: Speech, said: str) -> None:
    request, result = _found(JA)
    assert said in whole_text(_render(request, result, speech), speech=speech)
    kept = [i for i, token in enumerate(result.tokens) if not token.special]
    folded = replace(result, tokens=tuple(result.tokens[i] for i in kept), scores=tuple(result.scores[i] for i in kept))
    assert said not in whole_text(_render(request, folded, speech), speech=speech)


@pytest.mark.parametrize(("speech", "title"), [("ja", "位置の符号化"), ("en", "how positions are encoded")])
def test_an_answer_about_positions_is_not_about_a_prediction(speech: Speech, title: str) -> None:
    reply = _answer(f"{JA} --view positions", speech)
    assert reply.title.startswith(title)
    assert reply.tone is None


@pytest.mark.parametrize("speech", SPEECHES)
def test_an_answer_about_one_token_is_told_too(speech: Speech) -> None:
    request, result = _found("猫")
    assert "猫" in whole_text(_render(request, result, speech), speech=speech)
    one = replace(result, attention=replace(result.attention, shape=(6, 12, 1, 1)))
    first = _render(request, one, speech).blocks[0]
    assert isinstance(first, Paragraph)
    assert first.text.endswith("1 トークン" if speech == "ja" else " 1 token")


def _found(line: str, **changed: Any) -> tuple[ExplainAttentionRequest, ExplainAttentionResult]:
    request = understand(f"/explain-attention {line}").request
    if not isinstance(request, ExplainAttentionRequest):
        raise TypeError(type(request).__name__)
    return request, explained(request, **changed)


def _render(request: ExplainAttentionRequest, result: ExplainAttentionResult, speech: Speech) -> Reply:
    understood = replace(understand("/explain-attention x"), request=request)
    return reply_to(understood, result, speech)


def _answer(line: str, speech: Speech, **changed: Any) -> Reply:
    return _render(*_found(line, **changed), speech)
