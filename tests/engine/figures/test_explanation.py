"""The pictures of explanations: readable on a phone, nothing cut or covered, colours that say their numbers, words for all of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from engine.attention.explained import Explained
from engine.contract import AttentionView, Prediction, TokenScores
from engine.figures.attention import map_of, map_scale
from engine.figures.colours import POINTER
from engine.figures.explanation import pictures, sheets
from engine.figures.sheet import DPI, WIDTH_PT
from tests.engine.figures.measuring import cell_colour, outside, overlapping, pixels, texts
from tests.engine.figures.readings import ENGLISH, JAPANESE, LONG, TEXTS, reading, with_word

VIEWS: tuple[AttentionView, ...] = get_args(AttentionView)


def other_for(read: Explained) -> Explained:
    return reading([token.text for token in read.tokens], seed=9, model="other/model")


@pytest.mark.parametrize("japanese", [True, False], ids=["ja", "en"])
@pytest.mark.parametrize("words", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_fits_a_phone_with_no_text_cut_covered_or_small(view: AttentionView, words: tuple[str, ...], japanese: bool) -> None:
    read = with_word(reading(words), len(words) // 2)
    for sheet, _ in sheets(read, view=view, layer=1, head=None, other=other_for(read), japanese=japanese):
        assert outside(sheet) == []
        assert overlapping(sheet) == []
        assert min(text.get_fontsize() for text, _ in texts(sheet)) >= 9
        width, height = sheet.figure.get_size_inches() * DPI
        assert width == pytest.approx(WIDTH_PT * DPI / 72)
        assert height <= 4_000


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("task", ["sentiment", "ask"])
@pytest.mark.parametrize("second_from", [3, 62])
def test_a_pair_of_long_texts_is_drawn_whole(view: AttentionView, task: str, second_from: int) -> None:
    read = reading(LONG, second_from=second_from, task=task, window=1, windows=5, chosen=True)
    for sheet, _ in sheets(read, view=view, layer=0, head=1, other=read, japanese=True):
        assert outside(sheet) == []
        assert overlapping(sheet) == []


@pytest.mark.parametrize(("layers", "heads"), [(12, 12), (24, 16), (1, 1), (2, 20)])
def test_every_head_of_every_layer_is_drawn_and_named(layers: int, heads: int) -> None:
    read = reading(JAPANESE, layers=layers, heads=heads, telling=())
    [(sheet, _)] = sheets(read, view="layers", layer=0, head=None, other=None, japanese=False)
    written = {text.get_text() for text, _ in texts(sheet)}
    assert {f"{layer}.{head}" for layer in range(layers) for head in range(heads)} <= written
    assert outside(sheet) == []
    assert overlapping(sheet) == []


@pytest.mark.parametrize("japanese", [True, False])
def test_heads_that_stand_out_are_named_in_words(japanese: bool) -> None:
    [(sheet, alt)] = sheets(reading(ENGLISH), view="layers", layer=0, head=None, other=None, japanese=japanese)
    written = [text.get_text() for text, _ in texts(sheet)]
    for name in ("集中 0.0", "遠くを見る 2.3", "区切りを見る 2.0") if japanese else ("focused 0.0", "looks far 2.3", "to separator 2.0"):
        assert name in written
        assert name in (alt.ja if japanese else alt.en)


@pytest.mark.parametrize(
    ("layer", "heads", "ja", "en"),
    [
        (1, 4, "モデル全体で特徴のあるヘッド（どれもほかの層）", "Heads of the whole model that stand out (all in other layers)"),
        (
            0,
            4,
            "モデル全体で特徴のあるヘッド（この層のものは橙色の枠）",
            "Heads of the whole model that stand out (those of this layer in orange frames)",
        ),
        (2, 2, "特徴のあるヘッド（橙色の枠）", "Heads that stand out (orange frames)"),
    ],
    ids=["none here", "some here", "all here"],
)
def test_a_picture_of_one_layer_says_where_the_heads_that_stand_out_are(layer: int, heads: int, ja: str, en: str) -> None:
    read = reading(ENGLISH)
    read = replace(read, telling=tuple(one for one in read.telling if heads == 4 or one.layer == layer))
    for japanese, said in ((True, ja), (False, en)):
        [(sheet, _)] = sheets(read, view="heads", layer=layer, head=None, other=None, japanese=japanese)
        assert said in [text.get_text() for text, _ in texts(sheet)]
        framed = [patch for patch in sheet.axes.patches if patch.get_edgecolor()[:3] == pytest.approx(POINTER)]
        assert len(framed) == len({one.head for one in read.telling if one.layer == layer})


@pytest.mark.parametrize("words", [JAPANESE, LONG], ids=["short", "64"])
@pytest.mark.parametrize("head", [None, 2])
def test_the_cell_of_the_largest_weight_has_the_colour_that_the_scale_gives_it(words: tuple[str, ...], head: int | None) -> None:
    read = reading(words)
    matrix = map_of(read, 2, head)
    row, column = map(int, np.unravel_index(int(matrix.argmax()), matrix.shape))
    [(sheet, _)] = sheets(read, view="map", layer=2, head=head, other=None, japanese=True)
    expected = map_scale(matrix, read.tokens).colour(float(matrix[row, column]))
    assert cell_colour(sheet, sheet.axes.images[0], row, column) == pytest.approx(expected, abs=0.01)


def test_a_look_at_a_separator_does_not_wash_out_the_rest() -> None:
    maps = np.full((1, 1, 4, 4), 0.02)
    maps[..., 3] = 0.9
    maps[0, 0, 1, 2] = 0.06
    read = reading(("[CLS]", "猫", "犬", "[SEP]"), layers=1, heads=1, maps=maps, telling=())
    [(sheet, _)] = sheets(read, view="map", layer=0, head=0, other=None, japanese=False)
    assert any(text.get_text() == "0.06 or more" for text, _ in texts(sheet))
    dark = cell_colour(sheet, sheet.axes.images[0], 1, 2)
    light = cell_colour(sheet, sheet.axes.images[0], 2, 1)
    assert dark.sum() < light.sum() - 0.5


def test_panels_share_one_scale() -> None:
    maps = np.zeros((1, 2, 2, 2))
    maps[0, 0], maps[0, 1] = 0.8, 0.2
    read = reading(("猫", "犬"), layers=1, heads=2, maps=maps, telling=())
    [(sheet, _)] = sheets(read, view="heads", layer=0, head=None, other=None, japanese=True)
    strong, weak = (cell_colour(sheet, picture, 0, 1) for picture in sheet.axes.images[:2])
    assert strong.sum() < weak.sum() - 0.5


@pytest.mark.parametrize("view", VIEWS)
def test_numbers_that_are_all_zero_or_missing_are_drawn(view: AttentionView) -> None:
    none = TokenScores(rollout=None, relevance=None, attribution=None)
    for value in (0.0, np.nan):
        flat = np.full((12, 12), value)
        read = reading(
            JAPANESE, maps=np.full((3, 4, 12, 12), value), rollout=flat, relevance=None, scores=(none,) * 12, prediction=None,
            completeness_error=None, faithfulness=(), telling=(),
        )  # fmt: skip
        for image in pictures(read, view=view, layer=0, head=None, other=read, japanese=True):
            assert pixels(image).mean() > 0.5
            assert "nan" not in image.alt.en


def test_orange_takes_from_the_prediction_and_blue_adds_to_it() -> None:
    scores = tuple(TokenScores(rollout=None, relevance=None, attribution=value) for value in (1.0, -1.0, 0.0))
    [image] = pictures(reading(("猫", "犬", "鳥"), scores=scores), view="tokens", layer=0, head=None, other=None, japanese=True)
    found = pixels(image).reshape(-1, 3)
    blue = (found[:, 2] > found[:, 0] + 0.2).sum()
    orange = (found[:, 0] > found[:, 2] + 0.2).sum()
    assert min(blue, orange) > 500
    assert "「猫」+1.00" in image.alt.ja
    assert '"犬" −1.00' in image.alt.en


def test_no_token_of_the_text_is_left_out_of_the_shaded_lines() -> None:
    [(sheet, _)] = sheets(reading(TEXTS["odd"]), view="tokens", layer=0, head=None, other=None, japanese=False)
    written = "".join(text.get_text() for text, _ in texts(sheet))
    assert written.count("w") >= 3 * 90
    assert written.count("あ") >= 3 * 60


@pytest.mark.parametrize("japanese", [True, False])
def test_the_title_tells_model_prediction_layer_head_and_part(japanese: bool) -> None:
    read = reading(JAPANESE, window=1, windows=5, chosen=True)
    [(sheet, alt)] = sheets(read, view="map", layer=2, head=3, other=None, japanese=japanese)
    written = "\n".join(text.get_text() for text, _ in texts(sheet))
    for said in (
        ("ポジティブ 97%", "層2", "ヘッド3", "2番目", "最も効いた")
        if japanese
        else ("positive 97%", "layer 2", "head 3", "part 2 of 5", "the most relevant")
    ):
        assert said in written
        assert said in (alt.ja if japanese else alt.en)
    assert "models/sentiment" in written


def test_a_part_that_was_asked_for_is_not_called_the_most_relevant() -> None:
    [image] = pictures(reading(ENGLISH, window=1, windows=5), view="map", layer=0, head=None, other=None, japanese=False)
    assert "part 2 of 5" in image.alt.en
    assert "most relevant" not in image.alt.en


def test_the_strongest_link_between_words_is_told() -> None:
    maps = np.full((1, 1, 4, 4), 0.01)
    maps[0, 0, 0, 3], maps[0, 0, 1, 1], maps[0, 0, 1, 2] = 0.9, 0.8, 0.5
    [image] = pictures(
        reading(("[CLS]", "猫", "犬", "[SEP]"), layers=1, heads=1, maps=maps), view="map", layer=0, head=0, other=None, japanese=True
    )
    assert "「猫」が「犬」を最も強く見ている（0.50）" in image.alt.ja
    assert '"猫" looks most at "犬" (0.50)' in image.alt.en


@pytest.mark.parametrize("japanese", [True, False])
def test_of_one_token_the_links_of_special_tokens_are_told_as_such(japanese: bool) -> None:
    def said(words: tuple[str, ...]) -> list[str]:
        [(sheet, _)] = sheets(reading(words), view="map", layer=0, head=0, other=None, japanese=japanese)
        return [text.get_text() for text, _ in texts(sheet) if "つながり" in text.get_text() or "strongest links" in text.get_text()]

    assert said(("[CLS]", "猫", "[SEP]")) == ["最も強いつながり" if japanese else "The strongest links"]
    [title] = said(("[CLS]", "猫", "犬", "[SEP]"))
    assert ("を除く" if japanese else "left out") in title


@pytest.mark.parametrize("view", ["map", "heads", "layers", "rollout", "tokens"])
def test_one_token_is_told_as_one(view: AttentionView) -> None:
    [image] = pictures(reading(("猫",), telling=()), view=view, layer=0, head=None, other=None, japanese=False)
    assert "1 token" in image.alt.en
    assert "1 tokens" not in image.alt.en


@pytest.mark.parametrize(("task", "names"), [("ask", ("質問", "文脈")), ("sentiment", ("文章A", "文章B"))])
def test_the_two_texts_of_a_pair_are_named_and_what_crosses_is_told(task: str, names: tuple[str, str]) -> None:
    maps = np.zeros((1, 1, 4, 4))
    maps[0, 0, :2, 2:], maps[0, 0, 2:, :2] = 0.3, 0.1
    read = reading(("猫は", "何", "猫は", "動物"), layers=1, heads=1, maps=maps, second_from=2, task=task, telling=())
    [(sheet, alt)] = sheets(read, view="map", layer=0, head=0, other=None, japanese=True)
    written = [text.get_text() for text, _ in texts(sheet)]
    assert all(written.count(name) == 2 for name in names)
    assert f"{names[0]}の注意の60%が{names[1]}へ" in alt.ja


@pytest.mark.parametrize(
    ("task", "en"),
    [
        ("ask", "20% of the question's attention goes to the context, 10% of the context's to the question"),
        ("sentiment", "20% of text A's attention goes to text B, 10% of text B's to text A"),
    ],
)
def test_what_goes_to_a_special_token_is_no_look_across_a_pair(task: str, en: str) -> None:
    maps = np.zeros((1, 1, 5, 5))
    maps[..., [0, 2, 4]] = 0.25  # on [CLS] and both [SEP], whichever text they stand beside
    maps[0, 0, 1, 3], maps[0, 0, 3, 1] = 0.2, 0.1
    read = reading(("[CLS]", "猫", "[SEP]", "犬", "[SEP]"), layers=1, heads=1, maps=maps, second_from=3, task=task, telling=())
    [(sheet, alt)] = sheets(read, view="map", layer=0, head=0, other=None, japanese=False)
    assert en in alt.en
    assert en.split(",")[0] in " ".join(text.get_text() for text, _ in texts(sheet))
    assert "の注意の20%が" in alt.ja
    assert "（特殊トークンを除く）" in alt.ja


def test_a_word_is_shown_with_what_it_looks_at_and_what_looks_at_it() -> None:
    maps = np.full((1, 1, 4, 4), 0.01)
    maps[0, 0, 1, 2], maps[0, 0, 3, 1] = 0.6, 0.7
    read = with_word(reading(("[CLS]", "京都", "紅葉", "旅"), layers=1, heads=1, maps=maps), 1)
    word, _ = pictures(read, view="map", layer=0, head=0, other=None, japanese=True)
    assert "見ているもの：「紅葉」0.60" in word.alt.ja
    assert 'looked at by "旅" 0.70' in word.alt.en


@pytest.mark.parametrize("japanese", [True, False])
def test_what_a_word_looks_at_among_special_tokens_is_summed_and_what_looks_at_it_averaged(japanese: bool) -> None:
    maps = np.full((1, 1, 4, 4), 0.02)
    maps[0, 0, 1, [0, 3]], maps[0, 0, [0, 3], 1] = 0.4, (0.9, 0.5)
    read = with_word(reading(("[CLS]", "京都", "旅", "[SEP]"), layers=1, heads=1, maps=maps), 1)
    sheet, _ = sheets(read, view="map", layer=0, head=0, other=None, japanese=japanese)[0]
    said = [text.get_text() for text, _ in texts(sheet)]
    at, by = ("合計0.80", "平均0.70") if japanese else ("together: 0.80", "on average: 0.70")
    assert [line[-len(at) :] for line in said if line.endswith(at)] == [at]
    assert [line[-len(by) :] for line in said if line.endswith(by)] == [by]


def test_a_word_is_framed_at_each_of_its_places() -> None:
    read = with_word(reading(("[CLS]", "京都", "と", "京都", "の", "旅")), 1)
    sheet, _ = sheets(read, view="map", layer=0, head=0, other=None, japanese=True)[0]
    frames = [patch for patch in sheet.axes.patches if patch.get_edgecolor()[:3] == pytest.approx(POINTER)]
    assert len(frames) == 2 * 2  # twice the text: what it looks at, and what looks at it


@pytest.mark.parametrize(
    ("label", "ja", "en"),
    [("ORG", "「京都大学」組織 97%", '"京都大学" organization 97%'), ("O", "「京都大学」固有名ではない 97%", '"京都大学" no name 97%')],
)
def test_a_prediction_about_some_words_names_them(label: str, ja: str, en: str) -> None:
    prediction = Prediction(label=label, probability=0.97, text="京都大学")
    for japanese in (True, False):
        [(sheet, alt)] = sheets(
            reading(JAPANESE, task="ner", prediction=prediction), view="map", layer=0, head=0, other=None, japanese=japanese
        )
        assert any((ja if japanese else en) in text.get_text() for text, _ in texts(sheet))
        assert (ja in alt.ja, en in alt.en) == (True, True)


def test_two_models_are_compared_in_words() -> None:
    maps = np.full((2, 2, 3, 3), 0.1)
    moved = maps.copy()
    moved[1, :, :, 2] = 0.4
    one, other = (
        reading(("猫", "犬", "鳥"), layers=2, heads=2, maps=maps),
        reading(("猫", "犬", "鳥"), layers=2, heads=2, maps=moved, model="m2"),
    )
    [image] = pictures(one, view="compare", layer=1, head=None, other=other, japanese=True)
    assert "「鳥」+0.30" in image.alt.ja
    assert "m2" in image.alt.en


def test_a_smaller_model_is_compared_at_its_own_last_layer() -> None:
    one, other = reading(JAPANESE, layers=6), reading(JAPANESE, layers=2, heads=2, model="m2")
    [(sheet, _)] = sheets(one, view="compare", layer=5, head=3, other=other, japanese=False)
    written = [text.get_text() for text, _ in texts(sheet)]
    assert "B: layer 1 (of 0–1), head 1 (of 0–1)" in written


def test_two_long_texts_get_a_page_each() -> None:
    one, other = reading(LONG), reading((*LONG[:-2], "犬", "[SEP]"))
    first, second = pictures(one, view="compare", layer=0, head=None, other=other, japanese=True)
    assert ("Aの注意の図" in first.alt.ja, "Bの注意の図" in second.alt.ja) == (True, True)
    assert ("In A," in first.alt.en, "In B," in first.alt.en) == (True, False)
    assert ("In A," in second.alt.en, "In B," in second.alt.en) == (False, True)
    assert len(pictures(reading(ENGLISH), view="compare", layer=0, head=None, other=reading(JAPANESE), japanese=True)) == 1


def test_a_model_without_a_table_of_positions_is_told_so() -> None:
    read = reading(ENGLISH)
    assert read.positions is not None
    read = replace(read, positions=replace(read.positions, learned=None))
    [(sheet, _)] = sheets(read, view="positions", layer=0, head=None, other=None, japanese=False)
    assert any("no table of positions" in text.get_text() for text, _ in texts(sheet))


@pytest.mark.parametrize("japanese", [True, False])
def test_a_picture_of_positions_names_the_model_and_claims_nothing_of_the_text(japanese: bool) -> None:
    [(sheet, _)] = sheets(reading(ENGLISH, windows=3), view="positions", layer=0, head=None, other=None, japanese=japanese)
    written = " ".join(text.get_text() for text, _ in texts(sheet))
    assert "models/sentiment" in written
    assert not any(word in written for word in ("ポジティブ", "positive", "--window"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"view": "compare"}, "no second reading"),
        ({"layer": 3}, "layer 3"),
        ({"head": 4}, "head 4"),
        ({"head": -1}, "head -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed: dict[str, object], said: str) -> None:
    asked = {"view": "map", "layer": 0, "head": None, "other": None, "japanese": True} | changed
    with pytest.raises(ValueError, match=said):
        pictures(reading(JAPANESE), **asked)  # type: ignore[arg-type]  # a table of bad values


def test_positions_that_were_not_read_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="none were read"):
        pictures(reading(JAPANESE, positions=None), view="positions", layer=0, head=None, other=None, japanese=True)


def test_pictures_drawn_in_many_threads_are_those_drawn_in_one() -> None:
    def drawn(view: AttentionView) -> list[bytes]:
        read = reading(JAPANESE)
        return [image.data for image in pictures(read, view=view, layer=1, head=None, other=other_for(read), japanese=view != "map")]

    alone = [drawn(view) for view in VIEWS]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(drawn, VIEWS * 2))
    assert together == alone * 2
