"""Scoring a data set: what is asked of the engine, and how its answers count."""

import ast
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import engine as engine_package
from engine.contract import (
    Answer,
    AskRequest,
    AskResult,
    EmbedRequest,
    EmbedResult,
    Entity,
    Failure,
    Message,
    NerResult,
    Request,
    Result,
    SimilarResult,
)
from engine.errors import BadInputError, EngineError
from engine.evaluation.asking import OF_THE_MODEL, REQUESTS_AT_ONCE
from engine.evaluation.scoring import evaluate
from engine.examples.rows import AskRow, ExampleTask, GoldAnswer, GoldEntity, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow
from tests.engine.evaluation.scripted import UNREADABLE, ScriptedEngine, entities, gold, sentiment


def answered(text: str | None, *, candidate: str) -> AskResult:
    def span(words: str) -> Answer:
        return Answer(start=0, end=len(words), text=words, score=0.5, sentence_start=0, sentence_end=len(words))

    return AskResult(language="ja", model="m", answer=span(text) if text else None, no_answer_score=0.5, candidates=(span(candidate),))


def test_rows_without_neutral_are_scored_on_the_other_two_labels() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=0.3, neutral=0.6, negative=0.1))
    rows = [SentimentRow(text="とても満足", label="positive", lang="ja"), SentimentRow(text="I love this.", label="positive", lang="en")]
    assert evaluate(engine, ExampleTask.SENTIMENT, rows).metrics == {"accuracy": 1.0, "macro_f1": 1.0}


def test_rows_with_a_neutral_one_are_scored_as_the_engine_says() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=0.3, neutral=0.6, negative=0.1))
    rows = [SentimentRow(text="普通", label="neutral"), SentimentRow(text="とても満足", label="positive")]
    assert evaluate(engine, ExampleTask.SENTIMENT, rows).metrics["accuracy"] == 0.5


def test_the_rows_language_and_the_chosen_model_are_asked_for() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=1.0))
    evaluate(engine, ExampleTask.SENTIMENT, [SentimentRow(text="最高", label="positive", lang="ja")], model="my/model")
    assert [(request.language, request.model) for request in engine.asked] == [("ja", "my/model")]


def test_answers_belong_to_their_rows_though_long_texts_go_first() -> None:
    rows = [SentimentRow(text="あ" * (1 + i * 7 % 300), label="positive" if i % 3 else "negative") for i in range(300)]
    right = {row.text: row.label for row in rows}
    engine = ScriptedEngine(lambda request: sentiment(**{right[request.text]: 1.0}))
    steps: list[tuple[int, int]] = []
    measured = evaluate(engine, ExampleTask.SENTIMENT, rows, progress=lambda done, total: steps.append((done, total)))
    assert measured.metrics["accuracy"] == 1.0
    assert steps == [(128, 300), (256, 300), (300, 300)]
    assert max(map(len, engine.batches)) == REQUESTS_AT_ONCE
    lengths = [len(request.text) for request in engine.asked]  # type: ignore[union-attr]  # all are SentimentRequests
    assert lengths == sorted(lengths, reverse=True)


def test_a_row_that_cannot_be_answered_counts_as_wrong_and_is_told() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.text == "x" else sentiment(positive=1.0))
    rows = [SentimentRow(text="x", label="positive"), SentimentRow(text="最高だ", label="positive")]
    measured = evaluate(engine, ExampleTask.SENTIMENT, rows)
    assert measured.failures == {"too_odd": 1}
    assert measured.metrics["accuracy"] == 0.5


def test_a_model_that_is_not_there_stops_the_evaluation_at_once() -> None:
    missing = Failure(code="no_such_model", message=Message(ja="ありません。", en="Not there."), details={"model": "x"})
    engine = ScriptedEngine(lambda request: UNREADABLE if len(request.text) > 1 else missing)
    rows: list[Row] = [SentimentRow(text="長い", label="positive"), *[SentimentRow(text="x", label="positive")] * 1000]
    with pytest.raises(EngineError) as caught:
        evaluate(engine, ExampleTask.SENTIMENT, rows)
    assert caught.value.as_failure() == missing
    assert len(engine.batches) == 1


def test_long_rows_that_cannot_be_answered_count_as_wrong_and_stop_nothing() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if len(request.text) > 1 else sentiment(positive=1.0))
    rows: list[Row] = [*[SentimentRow(text="長い文", label="positive")] * 300, *[SentimentRow(text="x", label="positive")] * 100]
    measured = evaluate(engine, ExampleTask.SENTIMENT, rows)
    assert measured.failures == {"too_odd": 300}
    assert measured.metrics["accuracy"] == 0.25


def test_an_engine_that_answers_nothing_in_the_end_is_an_error() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE)
    with pytest.raises(EngineError) as caught:
        evaluate(engine, ExampleTask.SENTIMENT, [SentimentRow(text="x", label="positive")] * 300)
    assert caught.value.as_failure() == UNREADABLE
    assert len(engine.batches) == 3


# Of models, but not of every row alike: a text may be at fault, memory may suffice for shorter ones; or no evaluation meets them.
OF_A_ROW = {"tokenizer_program_failed", "out_of_memory"}
OF_OTHER_COMMANDS = {
    *("carried_damaged", "carried_unreadable", "disk_full", "download_damaged"),  # `yomite models`
    *(
        "catalog_invalid",
        "catalog_unreadable",
        "chosen_unreadable",
        "chosen_unwritable",
        "lock_unreadable",
        "lock_unwritable",
    ),  # before any row
    *("unknown_profile", "no_mask_token"),
}


def test_every_error_of_models_and_the_catalog_is_told_at_once() -> None:
    found = {
        call.args[0].value
        for package in ("catalog", "models", "tasks", "tokenization")
        for path in Path(engine_package.__file__).parent.joinpath(package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("CatalogError", "ModelError")
        if isinstance(call.args[0], ast.Constant)
    }
    assert found - OF_A_ROW - OF_OTHER_COMMANDS == OF_THE_MODEL


def test_entities_without_a_label_do_not_count() -> None:
    def entity(start: int, end: int) -> Entity:
        return Entity(start=start, end=end, text="", label="LOC", score=1.0)

    engine = ScriptedEngine(lambda request: NerResult(language="ja", model="m", entities=(entity(0, 5), entity(6, 8))))
    row = NerRow(text="2019年に京都へ", entities=(GoldEntity(start=0, end=5, label=None), GoldEntity(start=6, end=8, label="LOC")))
    assert evaluate(engine, ExampleTask.NER, [row]).metrics == {"f1": 1.0, "precision": 1.0, "recall": 1.0}


@pytest.mark.parametrize("text", ["名前のない文", "No name at all."])
def test_a_row_without_entities_that_could_not_be_read_is_not_right(text: str) -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.text == text else entities())
    measured = evaluate(engine, ExampleTask.NER, [NerRow(text=text, entities=()), NerRow(text="雨だ。", entities=())])
    assert [(one.score, one.failed) for one in measured.outcomes] == [(0.0, True), (1.0, False)]


def test_where_every_question_has_an_answer_the_best_candidate_counts() -> None:
    engine = ScriptedEngine(lambda request: answered(None, candidate="京都大学"))
    row = AskRow(question="どこ？", context="京都大学", answers=(GoldAnswer(text="京都大学"),), lang="ja")
    assert evaluate(engine, ExampleTask.ASK, [row]).metrics == {"exact_match": 1.0, "f1": 1.0, "answered": 0.0}


def test_where_a_question_has_no_answer_what_the_engine_says_counts() -> None:
    engine = ScriptedEngine(lambda request: answered(None, candidate="Kyoto"))
    rows = [
        AskRow(question="Where?", context="In Kyoto.", answers=(GoldAnswer(text="Kyoto"),), lang="en"),
        AskRow(question="When?", context="In Kyoto.", answers=(), lang="en"),
    ]
    assert evaluate(engine, ExampleTask.ASK, rows).metrics == {"exact_match": 0.5, "f1": 0.5, "answered": 0.0}


@pytest.mark.parametrize(
    ("lang", "context", "f1"),
    [("ja", "x", 2 / 3), ("en", "x", 0.0), (None, "彼は京都大学を卒業しました。", 2 / 3), (None, "He went to Kyoto University.", 0.0)],
)
def test_answers_are_compared_in_the_rows_language_or_the_detected_one(lang: str | None, context: str, f1: float) -> None:
    engine = ScriptedEngine(lambda request: answered("大学", candidate="大学"))
    row = AskRow(question="どこ？", context=context, answers=(GoldAnswer(text="京都大学"),), lang=lang)  # type: ignore[arg-type]  # a Language
    assert evaluate(engine, ExampleTask.ASK, [row]).metrics["f1"] == pytest.approx(f1)


@pytest.mark.parametrize("context", ["我们在北京工作。", "그는 서울에서 일한다.", "Il est à Paris et nous sommes chez nous.", "😀😀"])
def test_a_row_in_another_language_counts_as_wrong_and_ends_nothing(context: str) -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.context == context else answered("京都", candidate="京都"))
    rows = [
        AskRow(question="どこ？", context="京都", answers=(GoldAnswer(text="京都"),)),
        AskRow(question="どこ？", context=context, answers=(GoldAnswer(text=context[:2]),)),
    ]
    measured = evaluate(engine, ExampleTask.ASK, rows)
    assert measured.failures == {"too_odd": 1}
    assert measured.metrics == {"exact_match": 0.5, "f1": 0.5, "answered": 0.5}


@pytest.mark.parametrize("question", ["誰？", "Who?"])
def test_a_question_without_an_answer_that_could_not_be_put_counts_as_wrong(question: str) -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.question == question else answered(None, candidate="x"))
    rows = [AskRow(question=text, context="京都だ。", answers=(), lang="ja") for text in (question, "いつ？")]
    measured = evaluate(engine, ExampleTask.ASK, rows)
    assert measured.metrics == {"exact_match": 0.5, "f1": 0.5, "answered": 0.0}
    assert {measure.name: float(measure.of(np.ones((1, 2)))[0]) for measure in measured.measures} == measured.metrics
    assert [(one.score, one.right, one.failed) for one in measured.outcomes] == [(0.0, False, True), (1.0, True, False)]
    assert measured.confusion is not None
    assert (measured.confusion.labels, measured.confusion.counts) == (("none",), ((1,),))  # of those that were answered


def test_an_answer_of_nothing_but_articles_is_not_matched_by_none() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.question == "x" else answered("The", candidate="The"))
    rows = [AskRow(question=text, context="The A.", answers=(GoldAnswer(text="The"),), lang="en") for text in ("x", "y")]
    assert evaluate(engine, ExampleTask.ASK, rows).metrics["exact_match"] == 0.5


def test_a_question_goes_to_the_engine_with_its_context() -> None:
    engine = ScriptedEngine(lambda request: answered("x", candidate="x"))
    evaluate(engine, ExampleTask.ASK, [AskRow(question="誰？", context="田中", answers=(), lang="ja")])
    assert engine.asked == [AskRequest(question="誰？", context="田中", language="ja")]


def similar_by_length(request: Request) -> SimilarResult:
    a, b = request.texts  # type: ignore[union-attr]  # a SimilarRequest
    cosine = 1.0 / (1 + abs(len(a) - len(b)))
    return SimilarResult(language="ja", model="m", matrix=((1.0, cosine), (cosine, 1.0)), ranking=(), pooling="mean")


def test_similarity_is_correlated_with_the_scores() -> None:
    rows = [SimilarRow(a="猫", b="猫" * n, score=float(5 - n), lang="ja") for n in (1, 2, 3, 4)]
    measured = evaluate(ScriptedEngine(similar_by_length), ExampleTask.SIMILAR, rows).metrics
    assert measured.keys() == {"spearman", "pearson"}
    assert measured["spearman"] == pytest.approx(1.0)


def test_paraphrases_are_measured_by_the_roc_area_too() -> None:
    rows = [SimilarRow(a="cat", b="cat", paraphrase=1), SimilarRow(a="cat", b="tigers", paraphrase=0)]
    assert evaluate(ScriptedEngine(similar_by_length), ExampleTask.SIMILAR, rows).metrics["roc_auc"] == 1.0


def unless_it_holds(word: str, answer: Callable[..., Result]) -> Callable[..., Result | Failure]:
    """An engine that cannot read texts with this word."""
    return lambda request: UNREADABLE if any(word in text for text in request.texts) else answer(request)


@pytest.mark.parametrize("far", [0, 1])
def test_a_pair_that_could_not_be_compared_counts_as_wrong_also_where_it_is_unrelated(far: int) -> None:
    rows = [SimilarRow(a="cat", b="cat", paraphrase=1), SimilarRow(a="cat", b="lynx", paraphrase=1)]
    rows += [SimilarRow(a="cat", b="tigers", paraphrase=0), SimilarRow(a="読めない", b="猫", paraphrase=far)]
    measured = evaluate(ScriptedEngine(unless_it_holds("読めない", similar_by_length)), ExampleTask.SIMILAR, rows)
    # Of its pairs with the others it loses all, but ties with the one that is given the same cosine.
    assert measured.metrics["roc_auc"] == pytest.approx({0: (2 + 0.5) / 4, 1: (2 + 0.5) / 3}[far])
    assert [(one.failed, one.right) for one in measured.outcomes][3] == (True, False)
    assert measured.outcomes[3].score == 0.0


def test_scores_that_never_change_are_a_clear_error() -> None:
    rows = [SimilarRow(a="a", b="b", score=1.0)] * 2
    with pytest.raises(BadInputError, match="all 2 rows have 1") as caught:
        evaluate(ScriptedEngine(similar_by_length), ExampleTask.SIMILAR, rows)
    assert "測れません" in caught.value.message.ja


def test_retrieval_asks_for_both_sides_and_finds_translations() -> None:
    vectors = {"cat": (1.0, 0.0), "dog": (0.0, 1.0), "猫": (0.8, 0.6), "犬": (0.9, 0.1)}

    def embed(request: EmbedRequest) -> EmbedResult:
        return EmbedResult(language="ja", model="m", vectors=(vectors[request.texts[0]],), width=2, pooling="mean")

    engine = ScriptedEngine(embed)
    measured = evaluate(engine, ExampleTask.RETRIEVAL, [RetrievalRow(en="cat", ja="猫"), RetrievalRow(en="dog", ja="犬")])
    # 猫 finds cat, 犬 finds cat too; cat finds 犬, dog finds 猫.
    assert measured.metrics == {"ja_to_en": 0.5, "en_to_ja": 0.0}
    assert {(request.texts, request.language) for request in engine.asked} == {  # type: ignore[union-attr]  # all are EmbedRequests
        (("cat",), "en"),
        (("dog",), "en"),
        (("猫",), "ja"),
        (("犬",), "ja"),
    }


def test_the_translation_of_another_row_with_the_same_sentence_is_right_too() -> None:
    vectors = {"thanks": (1.0, 0.0), "thank you": (0.0, 1.0), "ありがとう": (0.6, 0.8)}

    def embed(request: EmbedRequest) -> EmbedResult:
        return EmbedResult(language="ja", model="m", vectors=(vectors[request.texts[0]],), width=2, pooling="mean")

    measured = evaluate(
        ScriptedEngine(embed), ExampleTask.RETRIEVAL, [RetrievalRow(en=en, ja="ありがとう") for en in ("thanks", "thank you")]
    )
    assert measured.metrics == {"ja_to_en": 1.0, "en_to_ja": 1.0}
    assert [(one.right, one.given) for one in measured.outcomes] == [(True, "→ thank you / → ありがとう")] * 2
    assert {measure.name: float(measure.of(np.ones((1, 2)))[0]) for measure in measured.measures} == measured.metrics


@pytest.mark.parametrize("lost", ["cat", "猫"])
def test_a_translation_whose_one_side_could_not_be_read_counts_as_not_found(lost: str) -> None:
    """Though it is the first row, which all are nearest to where all are as near."""
    vectors = {"cat": (1.0, 0.0), "dog": (0.0, 1.0), "猫": (1.0, 0.0), "犬": (0.0, 1.0)}

    def embed(request: EmbedRequest) -> EmbedResult:
        return EmbedResult(language="ja", model="m", vectors=(vectors[request.texts[0]],), width=2, pooling="mean")

    rows = [RetrievalRow(en="cat", ja="猫"), RetrievalRow(en="dog", ja="犬")]
    measured = evaluate(ScriptedEngine(unless_it_holds(lost, embed)), ExampleTask.RETRIEVAL, rows)
    assert measured.metrics == {"ja_to_en": 0.5, "en_to_ja": 0.5}
    assert [(one.score, one.failed) for one in measured.outcomes] == [(0.0, True), (1.0, False)]


def test_each_row_is_told_with_what_was_right_and_what_was_given() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.text == "x" else sentiment(positive=0.7, neutral=0.2, negative=0.1))
    rows = [
        SentimentRow(text="最高", label="positive"),
        SentimentRow(text="普通", label="neutral"),
        SentimentRow(text="x", label="negative"),
    ]
    measured = evaluate(engine, ExampleTask.SENTIMENT, rows, lines=[2, 4, 7])
    assert [(one.index, one.line, one.gold, one.given, one.right, one.confidence) for one in measured.outcomes] == [
        (0, 2, "positive", "positive", True, 0.7),
        (1, 4, "neutral", "positive", False, 0.7),
        (2, 7, "negative", "", False, None),
    ]
    assert measured.confusion is not None
    assert measured.confusion.labels == ("positive", "neutral", "negative", "none")
    assert measured.calibration is not None
    assert measured.calibration.error == pytest.approx(0.2)  # 1 of 2 answers of 70 % is right; the failure has no score


def test_without_neutral_the_probability_is_the_share_of_the_two_sides() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=0.3, neutral=0.6, negative=0.1))
    measured = evaluate(engine, ExampleTask.SENTIMENT, [SentimentRow(text="とても満足", label="positive")])
    assert measured.outcomes[0].confidence == pytest.approx(0.75)
    assert measured.calibration is not None
    assert measured.calibration.error == pytest.approx(0.25)


def test_entities_are_scored_one_by_one_and_shown_by_row() -> None:
    engine = ScriptedEngine(lambda request: entities((0, 2, "PER", 0.95), (3, 5, "ORG", 0.55), (5, 6, "MISC", 0.99)))
    row = NerRow(text="田中は京都5", entities=gold((0, 2, "PER"), (3, 5, "LOC"), (5, 6, None)))
    measured = evaluate(engine, ExampleTask.NER, [row])
    assert measured.calibration is not None
    assert measured.calibration.error == pytest.approx((0.05 + 0.55) / 2)
    assert sum(one.count for one in measured.calibration.bins) == 2
    outcome = measured.outcomes[0]
    assert (outcome.gold, outcome.given, outcome.score) == ("田中 (PER), 京都 (LOC)", "田中 (PER), 京都 (ORG)", 0.5)
    assert [(one.label, one.f1) for one in measured.per_class] == [("PER", 1.0), ("ORG", 0.0), ("LOC", 0.0)]


def test_where_some_questions_have_no_answer_it_is_told_how_often_that_was_seen() -> None:
    engine = ScriptedEngine(
        lambda request: answered("京都", candidate="京都") if "どこ" in request.question else answered(None, candidate="x")
    )
    rows = [
        AskRow(question="どこ？", context="京都", answers=(GoldAnswer(text="京都", start=0),), lang="ja"),
        AskRow(question="どこで？", context="京都", answers=(), lang="ja"),
        AskRow(question="誰？", context="京都", answers=(), lang="ja"),
    ]
    measured = evaluate(engine, ExampleTask.ASK, rows)
    assert measured.confusion is not None
    assert (measured.confusion.labels, measured.confusion.counts) == (("answer", "none"), ((1, 0), (1, 1)))
    assert [(one.gold, one.given, one.score) for one in measured.outcomes] == [("京都", "京都", 1.0), ("", "京都", 0.0), ("", "", 1.0)]
    assert measured.calibration is not None
    assert sum(one.count for one in measured.calibration.bins) == 2


@pytest.mark.parametrize("task", list(ExampleTask))
def test_measures_of_rows_that_count_once_are_the_metrics(task: ExampleTask) -> None:
    measured = evaluate(ScriptedEngine(ANSWERS[task]), task, ROWS[task])
    assert {measure.name: float(measure.of(np.ones((1, measured.rows)))[0]) for measure in measured.measures} == pytest.approx(
        measured.metrics
    )
    assert measured.intervals.keys() == measured.metrics.keys()
    assert all(between.low <= between.high for between in measured.intervals.values())
    assert measured.main in measured.metrics


def vectors_by_length(request: EmbedRequest) -> EmbedResult:
    angle = len(request.texts[0])
    return EmbedResult(language="ja", model="m", vectors=((math.cos(angle), math.sin(angle)),), width=2, pooling="mean")


ANSWERS: dict[ExampleTask, Callable[..., Result | Failure]] = {
    ExampleTask.SENTIMENT: lambda request: sentiment(positive=0.5, neutral=0.3, negative=0.2),
    ExampleTask.NER: lambda request: entities((0, 2, "PER", 0.9), (3, 4, "LOC", 0.4)),
    ExampleTask.ASK: lambda request: answered("京都大学", candidate="京都大学"),
    ExampleTask.SIMILAR: similar_by_length,
    ExampleTask.RETRIEVAL: vectors_by_length,
}
ROWS: dict[ExampleTask, list[Row]] = {
    ExampleTask.SENTIMENT: [SentimentRow(text="あ", label="positive"), SentimentRow(text="い", label="neutral")],
    ExampleTask.NER: [NerRow(text="田中は京都", entities=gold((0, 2, "PER"), (3, 5, "LOC"))), NerRow(text="田中だ。", entities=())],
    ExampleTask.ASK: [
        AskRow(question="?", context="京都大学", answers=(GoldAnswer(text=text),), lang="ja") for text in ("京都大学", "大学", "東京")
    ],
    ExampleTask.SIMILAR: [SimilarRow(a="猫", b="猫" * n, paraphrase=n % 2) for n in (1, 2, 3, 4)],
    ExampleTask.RETRIEVAL: [RetrievalRow(en="a" * n, ja="猫" * (n + n // 3)) for n in (1, 2, 3, 4)],
}
