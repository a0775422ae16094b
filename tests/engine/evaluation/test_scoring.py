"""Scoring a data set: what is asked of the engine, and how its answers count."""

from collections.abc import Callable, Sequence

import pytest

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
    SentimentLabel,
    SentimentResult,
    SimilarResult,
)
from engine.errors import BadInputError, EngineError
from engine.evaluation.rows import AskRow, EvaluationTask, GoldAnswer, GoldEntity, NerRow, RetrievalRow, SentimentRow, SimilarRow
from engine.evaluation.scoring import REQUESTS_AT_ONCE, evaluate

UNREADABLE = Failure(code="too_odd", message=Message(ja="読めません。", en="Cannot be read."))


class ScriptedEngine:
    """Answers each Request as `answer` says, and remembers what it was asked."""

    def __init__(self, answer: Callable[..., Result | Failure]) -> None:
        self.answer = answer
        self.batches: list[list[Request]] = []

    def run(self, requests: Sequence[Request]) -> list[Result | Failure]:
        self.batches.append(list(requests))
        return [self.answer(request) for request in requests]

    @property
    def asked(self) -> list[Request]:
        return [request for batch in self.batches for request in batch]


def sentiment(**probabilities: float) -> SentimentResult:
    label: SentimentLabel = max(probabilities, key=lambda name: probabilities[name])  # type: ignore[assignment]  # the keys are labels
    return SentimentResult(
        language="ja", model="m", label=label, probability=probabilities[label], probabilities=dict(probabilities), sentences=()
    )


def answered(text: str | None, *, candidate: str) -> AskResult:
    def span(words: str) -> Answer:
        return Answer(start=0, end=len(words), text=words, score=0.5, sentence_start=0, sentence_end=len(words))

    return AskResult(language="ja", model="m", answer=span(text) if text else None, no_answer_score=0.5, candidates=(span(candidate),))


def test_rows_without_neutral_are_scored_on_the_other_two_labels() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=0.3, neutral=0.6, negative=0.1))
    rows = [SentimentRow(text="とても満足", label="positive", lang="ja"), SentimentRow(text="I love this.", label="positive", lang="en")]
    assert evaluate(engine, EvaluationTask.SENTIMENT, rows).metrics == {"accuracy": 1.0, "macro_f1": 1.0}


def test_rows_with_a_neutral_one_are_scored_as_the_engine_says() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=0.3, neutral=0.6, negative=0.1))
    rows = [SentimentRow(text="普通", label="neutral"), SentimentRow(text="とても満足", label="positive")]
    assert evaluate(engine, EvaluationTask.SENTIMENT, rows).metrics["accuracy"] == 0.5


def test_the_rows_language_and_the_chosen_model_are_asked_for() -> None:
    engine = ScriptedEngine(lambda request: sentiment(positive=1.0))
    evaluate(engine, EvaluationTask.SENTIMENT, [SentimentRow(text="最高", label="positive", lang="ja")], model="my/model")
    assert [(request.language, request.model) for request in engine.asked] == [("ja", "my/model")]


def test_answers_belong_to_their_rows_though_long_texts_go_first() -> None:
    rows = [SentimentRow(text="あ" * (1 + i * 7 % 300), label="positive" if i % 3 else "negative") for i in range(300)]
    right = {row.text: row.label for row in rows}
    engine = ScriptedEngine(lambda request: sentiment(**{right[request.text]: 1.0}))
    steps: list[tuple[int, int]] = []
    measured = evaluate(engine, EvaluationTask.SENTIMENT, rows, progress=lambda done, total: steps.append((done, total)))
    assert measured.metrics["accuracy"] == 1.0
    assert steps == [(128, 300), (256, 300), (300, 300)]
    assert max(map(len, engine.batches)) == REQUESTS_AT_ONCE
    lengths = [len(request.text) for request in engine.asked]  # type: ignore[union-attr]  # all are SentimentRequests
    assert lengths == sorted(lengths, reverse=True)


def test_a_row_that_cannot_be_answered_counts_as_wrong_and_is_told() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE if request.text == "x" else sentiment(positive=1.0))
    rows = [SentimentRow(text="x", label="positive"), SentimentRow(text="最高だ", label="positive")]
    measured = evaluate(engine, EvaluationTask.SENTIMENT, rows)
    assert measured.failures == {"too_odd": 1}
    assert measured.metrics["accuracy"] == 0.5


def test_an_engine_that_answers_nothing_stops_the_evaluation_at_once() -> None:
    engine = ScriptedEngine(lambda request: UNREADABLE)
    rows = [SentimentRow(text="x", label="positive")] * 1000
    with pytest.raises(EngineError) as caught:
        evaluate(engine, EvaluationTask.SENTIMENT, rows)
    assert caught.value.as_failure() == UNREADABLE
    assert len(engine.batches) == 1


def test_entities_without_a_label_do_not_count() -> None:
    def entity(start: int, end: int) -> Entity:
        return Entity(start=start, end=end, text="", label="LOC", score=1.0)

    engine = ScriptedEngine(lambda request: NerResult(language="ja", model="m", entities=(entity(0, 5), entity(6, 8))))
    row = NerRow(text="2019年に京都へ", entities=(GoldEntity(start=0, end=5, label=None), GoldEntity(start=6, end=8, label="LOC")))
    assert evaluate(engine, EvaluationTask.NER, [row]).metrics == {"f1": 1.0, "precision": 1.0, "recall": 1.0}


def test_where_every_question_has_an_answer_the_best_candidate_counts() -> None:
    engine = ScriptedEngine(lambda request: answered(None, candidate="京都大学"))
    row = AskRow(question="どこ？", context="京都大学", answers=(GoldAnswer(text="京都大学"),), lang="ja")
    assert evaluate(engine, EvaluationTask.ASK, [row]).metrics == {"exact_match": 1.0, "f1": 1.0, "answered": 0.0}


def test_where_a_question_has_no_answer_what_the_engine_says_counts() -> None:
    engine = ScriptedEngine(lambda request: answered(None, candidate="Kyoto"))
    rows = [
        AskRow(question="Where?", context="In Kyoto.", answers=(GoldAnswer(text="Kyoto"),), lang="en"),
        AskRow(question="When?", context="In Kyoto.", answers=(), lang="en"),
    ]
    assert evaluate(engine, EvaluationTask.ASK, rows).metrics == {"exact_match": 0.5, "f1": 0.5, "answered": 0.0}


@pytest.mark.parametrize(
    ("lang", "context", "f1"),
    [("ja", "x", 2 / 3), ("en", "x", 0.0), (None, "彼は京都大学を卒業しました。", 2 / 3), (None, "He went to Kyoto University.", 0.0)],
)
def test_answers_are_compared_in_the_rows_language_or_the_detected_one(lang: str | None, context: str, f1: float) -> None:
    engine = ScriptedEngine(lambda request: answered("大学", candidate="大学"))
    row = AskRow(question="どこ？", context=context, answers=(GoldAnswer(text="京都大学"),), lang=lang)  # type: ignore[arg-type]  # a Language
    assert evaluate(engine, EvaluationTask.ASK, [row]).metrics["f1"] == pytest.approx(f1)


def test_a_question_goes_to_the_engine_with_its_context() -> None:
    engine = ScriptedEngine(lambda request: answered("x", candidate="x"))
    evaluate(engine, EvaluationTask.ASK, [AskRow(question="誰？", context="田中", answers=(), lang="ja")])
    assert engine.asked == [AskRequest(question="誰？", context="田中", language="ja")]


def similar_by_length(request: Request) -> SimilarResult:
    a, b = request.texts  # type: ignore[union-attr]  # a SimilarRequest
    cosine = 1.0 / (1 + abs(len(a) - len(b)))
    return SimilarResult(language="ja", model="m", matrix=((1.0, cosine), (cosine, 1.0)), ranking=(), pooling="mean")


def test_similarity_is_correlated_with_the_scores() -> None:
    rows = [SimilarRow(a="猫", b="猫" * n, score=float(5 - n), lang="ja") for n in (1, 2, 3, 4)]
    measured = evaluate(ScriptedEngine(similar_by_length), EvaluationTask.SIMILAR, rows).metrics
    assert measured.keys() == {"spearman", "pearson"}
    assert measured["spearman"] == pytest.approx(1.0)


def test_paraphrases_are_measured_by_the_roc_area_too() -> None:
    rows = [SimilarRow(a="cat", b="cat", paraphrase=1), SimilarRow(a="cat", b="tigers", paraphrase=0)]
    assert evaluate(ScriptedEngine(similar_by_length), EvaluationTask.SIMILAR, rows).metrics["roc_auc"] == 1.0


def test_scores_that_never_change_are_a_clear_error() -> None:
    rows = [SimilarRow(a="a", b="b", score=1.0)] * 2
    with pytest.raises(BadInputError, match="all 2 rows have 1") as caught:
        evaluate(ScriptedEngine(similar_by_length), EvaluationTask.SIMILAR, rows)
    assert "測れません" in caught.value.message.ja


def test_retrieval_asks_for_both_sides_and_finds_translations() -> None:
    vectors = {"cat": (1.0, 0.0), "dog": (0.0, 1.0), "猫": (0.8, 0.6), "犬": (0.9, 0.1)}

    def embed(request: EmbedRequest) -> EmbedResult:
        return EmbedResult(language="ja", model="m", vectors=(vectors[request.texts[0]],), width=2, pooling="mean")

    engine = ScriptedEngine(embed)
    measured = evaluate(engine, EvaluationTask.RETRIEVAL, [RetrievalRow(en="cat", ja="猫"), RetrievalRow(en="dog", ja="犬")])
    # 猫 finds cat, 犬 finds cat too; cat finds 犬, dog finds 猫.
    assert measured.metrics == {"ja_to_en": 0.5, "en_to_ja": 0.0}
    assert {(request.texts, request.language) for request in engine.asked} == {  # type: ignore[union-attr]  # all are EmbedRequests
        (("cat",), "en"),
        (("dog",), "en"),
        (("猫",), "ja"),
        (("犬",), "ja"),
    }
