"""Filling blanks, in both languages, in short and long texts."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings, strategies as st
from transformers import BertForMaskedLM, PreTrainedModel, RobertaForMaskedLM

from engine.contract import Failure, FillMaskRequest, FillMaskResult, Language
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tasks import fill_mask
from engine.tasks.fill_mask import MAX_BLANKS, run
from tests.engine.tasks.tiny_models import VOCABULARY, filling_model, maskless_model

JAPANESE = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")


def fill(text: str, *, candidates: int = 5, language: Language = "ja", model: LoadedModel | None = None) -> FillMaskResult:
    [outcome] = run([FillMaskRequest(text=text, candidates=candidates)], [language], model or filling_model())
    assert isinstance(outcome, FillMaskResult)
    return outcome


def failure(text: str, *, candidates: int = 5) -> Failure:
    [outcome] = run([FillMaskRequest(text=text, candidates=candidates)], ["ja"], filling_model())
    assert isinstance(outcome, Failure)
    return outcome


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("日本の首都は[MASK]です。", ["[MASK]"]),
        ("日本の首都は＿です。", ["＿"]),
        ("日本の首都は＿＿＿です。", ["＿＿＿"]),
        ("日本の首都は［ＭＡＳＫ］です。", ["［ＭＡＳＫ］"]),
        ("The capital of France is ___.", ["___"]),
        ("The _______ of France is [mask], not <mask>.", ["_______", "[mask]", "<mask>"]),
        ("snake_case and __init__ are no blanks, ___ is", ["___"]),
        ("＿", ["＿"]),
        ("＿[MASK]", ["＿", "[MASK]"]),
    ],
)
def test_blanks_are_found_however_they_are_written(text: str, blanks: list[str]) -> None:
    result = fill(text)
    assert [text[blank.start : blank.end] for blank in result.blanks] == blanks
    assert all(len(blank.fillings) == 5 for blank in result.blanks)


@pytest.mark.parametrize("text", ["日本の首都は東京です。", "The capital is Paris.", "snake_case __init__", ""])
def test_a_text_without_a_blank_is_told_how_to_write_one(text: str) -> None:
    found = failure(text)
    assert found.code == "no_blank"
    assert "＿" in found.message.ja
    assert "___" in found.message.en


def test_too_many_blanks_are_refused_with_the_limit() -> None:
    found = failure("＿ " * (MAX_BLANKS + 1))
    assert found.code == "too_many_blanks"
    assert str(MAX_BLANKS) in found.message.ja


@pytest.mark.parametrize("candidates", [0, 101, -1])
def test_a_number_of_candidates_out_of_range_is_refused(candidates: int) -> None:
    assert failure("＿です", candidates=candidates).code == "candidates_out_of_range"


def test_one_bad_text_spoils_no_other() -> None:
    outcomes = run([FillMaskRequest(text="猫"), FillMaskRequest(text="＿です")], ["ja", "ja"], filling_model())
    assert [type(outcome) for outcome in outcomes] == [Failure, FillMaskResult]


def test_no_candidate_is_special_unknown_or_reserved() -> None:
    result = fill("日本の首都は＿です。", candidates=100)
    [blank] = result.blanks
    assert len(blank.fillings) == 100
    reserved = {VOCABULARY.index(token) for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]")}
    assert not reserved & {filling.id for filling in blank.fillings}
    assert [filling.probability for filling in blank.fillings] == sorted((f.probability for f in blank.fillings), reverse=True)
    assert len({filling.text for filling in blank.fillings}) == 100


@pytest.mark.parametrize(
    ("text", "language", "japanese"),
    [
        ("the ___ sits on the mat", "en", False),
        ("The capital of France is ＿！", "en", False),
        ("the 猫 ___ on the mat", "en", True),
        ("the ﾈｺ ___ on the mat", "en", True),
        ("the ___ sits on the mat", "mixed", True),
        ("the ___ sits on the mat", "ja", True),
        ("日本の首都は＿です。", "ja", True),
    ],
)
def test_only_an_english_text_without_japanese_takes_nothing_japanese(text: str, language: Language, japanese: bool) -> None:
    [blank] = fill(text, candidates=60, language=language).blanks
    assert len(blank.fillings) == 60
    assert any(JAPANESE.search(filling.token) for filling in blank.fillings) == japanese


def test_an_english_text_beside_a_japanese_one_takes_nothing_japanese() -> None:
    texts: list[tuple[str, Language]] = [("the ___ sits on the mat", "en"), ("日本の首都は＿です。", "ja")]
    outcomes = run([FillMaskRequest(text=text, candidates=60) for text, _ in texts], [language for _, language in texts], filling_model())
    found = [[f.token for f in outcome.blanks[0].fillings] for outcome in outcomes if isinstance(outcome, FillMaskResult)]
    assert [any(map(JAPANESE.search, tokens)) for tokens in found] == [False, True]


@pytest.mark.parametrize("text", ["東京＿", "I love thi___"])
def test_a_probability_is_the_same_however_many_candidates_are_wanted_there_or_beside_it(text: str) -> None:
    one, few = FillMaskRequest(text=text, candidates=1), FillMaskRequest(text=text, candidates=20)
    many = FillMaskRequest(text="＿です", candidates=100)
    model = filling_model()
    alone = run([one], ["ja"], model) + run([few], ["ja"], model)
    together = run([one, few, many], ["ja"] * 3, model)
    fillings = [outcome.blanks[0].fillings for outcome in [*alone, *together[:2]] if isinstance(outcome, FillMaskResult)]
    assert len(fillings) == 4
    for found in fillings:
        assert [filling.token for filling in found] == [filling.token for filling in fillings[1]][: len(found)]
        assert [filling.probability for filling in found] == pytest.approx([filling.probability for filling in fillings[1]][: len(found)])


def test_japanese_fillings_bring_no_spaces() -> None:
    text = "日本の首都は＿です。"
    [blank] = fill(text, candidates=100).blanks
    assert all(filling.text == f"日本の首都は{filling.token}です。" for filling in blank.fillings)
    assert not any("#" in filling.token for filling in blank.fillings)


def test_an_inner_part_of_a_word_joins_the_word_before_the_blank() -> None:
    [blank] = fill("the cat play ___ on", candidates=100).blanks
    inner = {filling.text for filling in blank.fillings if VOCABULARY[filling.id].startswith("##")}
    whole = {filling.text for filling in blank.fillings if not VOCABULARY[filling.id].startswith("##")}
    assert inner
    assert all(text.startswith("the cat play") and text[len("the cat play")] != " " for text in inner)
    assert whole
    assert all(text.startswith("the cat play ") for text in whole)


def test_two_pieces_with_the_same_text_count_together() -> None:
    model = filling_model()
    [blank] = fill("東京＿", candidates=100, model=model).blanks
    [both] = [filling for filling in blank.fillings if filling.token == "都"]
    row = model.tokenizer.assemble([*model.tokenizer.pieces(["東京"])[0].ids, VOCABULARY.index("[MASK]")])
    with torch.inference_mode():
        logits = model.model(input_ids=torch.tensor([row.ids]), token_type_ids=torch.tensor([row.type_ids])).logits[0, -2]
    probabilities = logits.softmax(-1)
    expected = probabilities[VOCABULARY.index("都")] + probabilities[VOCABULARY.index("##都")]
    assert both.probability == pytest.approx(float(expected), abs=1e-5)


def test_the_model_is_shown_its_own_mask_between_the_pieces() -> None:
    model = filling_model()
    [blank] = fill("the ___ sits on the mat", candidates=1, model=model).blanks
    encoded = model.tokenizer.backend("the [MASK] sits on the mat", return_tensors="pt")
    with torch.inference_mode():
        logits = model.model(**encoded).logits[0, 2]
    [filling] = blank.fillings
    assert filling.probability == pytest.approx(float(logits.softmax(-1)[filling.id]), abs=1e-5)


def test_the_other_blanks_stay_blank() -> None:
    result = fill("＿の首都は＿です。")
    first, second = result.blanks
    assert all(filling.text.endswith("の首都は＿です。") for filling in first.fillings)
    assert all(filling.text.startswith("＿の首都は") for filling in second.fillings)


def test_blanks_far_apart_in_a_long_text_are_each_filled() -> None:
    sentence = "この映画は本当に素晴らしかった！"
    text = "＿" + sentence * 600 + "＿" + sentence * 649 + "＿"
    assert len(text) >= 19_980
    result = fill(text, model=filling_model(window=128))
    assert [blank.start for blank in result.blanks] == [0, 1 + 600 * 16, len(text) - 1]
    assert all(len(filling.text) == len(text) - 1 + len(filling.token) for blank in result.blanks for filling in blank.fillings)


def test_a_blank_in_a_long_text_is_read_in_the_middle_of_its_window() -> None:
    words = ["the", "cat", "sits", "on", "mat", "in", "paris"] * 20
    far = fill(" ".join(words) + " ___ " + " ".join(words), model=filling_model(window=22))
    near = fill(" ".join(words[-10:]) + " ___ " + " ".join(words[:9]))
    found, expected = (result.blanks[0].fillings for result in (far, near))
    assert [filling.token for filling in found] == [filling.token for filling in expected]
    assert [filling.probability for filling in found] == pytest.approx([filling.probability for filling in expected], abs=1e-5)


def test_a_model_without_a_mask_token_is_named() -> None:
    with pytest.raises(ModelError) as caught:
        run([FillMaskRequest(text="＿です")], ["ja"], maskless_model())
    assert caught.value.code == "no_mask_token"
    assert "tiny/maskless" in caught.value.message.ja


@settings(max_examples=25, deadline=None)
@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_filling_changes_only_the_blank(before: str, after: str) -> None:
    text = f"{before}[MASK]{after}"
    result = fill(text, candidates=3)
    for blank in result.blanks:
        for filling in blank.fillings:
            assert filling.text.endswith(filling.token + text[blank.end :])
            kept = filling.text[: len(filling.text) - len(filling.token) - len(text[blank.end :])]
            assert kept in (text[: blank.start], text[: blank.start].rstrip(" \t\u3000"))


@pytest.mark.parametrize("window", [512, 12])
def test_scores_of_the_blanks_alone_are_those_of_the_whole_text(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    texts = ["日本の首都は＿で、＿もある。", "＿です", "The capital of France is ___, and of Japan it is ___.", "猫が好き、犬も＿好き"]
    requests, model = [FillMaskRequest(text=text) for text in texts], filling_model(window=window)
    alone = run(requests, ["ja"] * len(texts), model)
    monkeypatch.setattr(fill_mask, "_HEADS", {})
    whole = run(requests, ["ja"] * len(texts), model)
    for one, other in zip(alone, whole, strict=True):
        assert isinstance(one, FillMaskResult)
        assert isinstance(other, FillMaskResult)
        for blank, same in zip(one.blanks, other.blanks, strict=True):
            assert [filling.id for filling in blank.fillings] == [filling.id for filling in same.fillings]
            assert [filling.probability for filling in blank.fillings] == pytest.approx([filling.probability for filling in same.fillings])


@pytest.mark.parametrize("kind", [BertForMaskedLM, RobertaForMaskedLM])
def test_the_heads_that_score_blanks_alone_are_there(kind: type[PreTrainedModel]) -> None:
    config = kind.config_class(vocab_size=40, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    model = kind(config).eval()
    ids = torch.tensor([[5, 6, 7], [8, 6, 9]])
    head = getattr(model, fill_mask._HEADS[config.model_type])
    hidden = model.base_model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(head(hidden[ids == 6]), model(input_ids=ids).logits[ids == 6])
