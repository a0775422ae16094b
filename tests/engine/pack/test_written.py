"""Rows that were written for Yomite: what they must be, and the stage that learns from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

import engine.pack.scores as scores_of
from engine.examples.reading import read_examples
from engine.examples.rows import AskRow, ExampleTask, Row, SentimentRow, row_texts
from engine.pack.ask import NEIGHBOUR_SHARE, NO_SPAN, Answers, prepare_written_answers, shortened
from engine.pack.build import PackBuild, Plan
from engine.pack.data import DataFolder
from engine.pack.people import statements
from engine.pack.ragged import Arrays, Ragged, save_arrays
from engine.pack.running import Run
from engine.pack.sentiment import prepare_written, train_sentiment
from engine.pack.written import written_feelings, written_questions
from engine.tokenization.bilingual import bilingual_tokenizer
from engine.tokenization.pieces import TextTokenizer
from tests.engine.pack.small import write_encoder
from tests.engine.pack.test_agreed import write_feelings

MEASURED = Path(scores_of.__file__).parent
TOO_ALIKE = 0.45


def trigrams(text: str) -> set[str]:
    return {text.lower()[start : start + 3] for start in range(len(text) - 2)}


def read_text(row: Row) -> str:
    """What is read to answer."""
    return row.context if isinstance(row, AskRow) else row_texts(row)[0]


def alike(first: set[str], second: set[str]) -> float:
    """Jaccard's index, 0..1."""
    return len(first & second) / max(1, len(first | second))


@pytest.mark.parametrize(
    ("task", "measured"), [(ExampleTask.SENTIMENT, ("everyday", "everyday-people")), (ExampleTask.ASK, ("everyday-ask",))]
)
def test_no_row_that_is_learnt_from_is_like_one_that_is_measured_by(task: ExampleTask, measured: Sequence[str]) -> None:
    files = [MEASURED / f"{name}-{language}.csv" for name in measured for language in ("en", "ja")]
    asked = [trigrams(read_text(row)) for file in files for row in read_examples(file, task).rows]
    learnt = {read_text(row) for row in (written_feelings() if task is ExampleTask.SENTIMENT else written_questions())}
    assert len(learnt) > 290
    assert [text for text in learnt if max(alike(trigrams(text), other) for other in asked) >= TOO_ALIKE] == []


def test_lines_hold_more_neutral_ones_than_others_and_none_twice() -> None:
    rows = written_feelings()
    counts = Counter(row.label for row in rows)
    assert counts["neutral"] > counts["negative"] > 200
    assert counts["positive"] > 200
    assert len({row.text for row in rows}) == len(rows)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_text_that_is_measured_by_answers_two_questions_and_leaves_one_open(language: str) -> None:
    rows = read_examples(MEASURED / f"everyday-ask-{language}.csv", ExampleTask.ASK).rows
    asked = Counter((row.context, bool(row.answers)) for row in rows if isinstance(row, AskRow))
    assert len(asked) == 100
    assert all(count == (2 if answered else 1) for (_, answered), count in asked.items())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_statements_of_people_that_are_measured_feel_nothing_and_none_is_learnt_from(language: str) -> None:
    rows = [
        row
        for row in read_examples(MEASURED / f"everyday-people-{language}.csv", ExampleTask.SENTIMENT).rows
        if isinstance(row, SentimentRow)
    ]
    assert len({row.text for row in rows}) == 80
    assert {row.label for row in rows} == {"neutral"}
    assert not {row.text for row in rows} & set(statements())


def words_of_text(row: AskRow) -> float:
    """The share of the question's trigrams that the context has, too."""
    return len(trigrams(row.question) & trigrams(row.context)) / len(trigrams(row.question))


def test_two_fifths_of_the_questions_that_are_learnt_from_have_no_answer_and_their_words_do_not_tell_which() -> None:
    rows = written_questions()
    assert sum(not row.answers for row in rows) / len(rows) == pytest.approx(0.41, abs=0.02)
    repeated = [np.mean([words_of_text(row) for row in rows if bool(row.answers) is answered]) for answered in (True, False)]
    assert repeated[0] >= repeated[1]
    contexts = Counter(row.context for row in rows)
    assert all(count >= 2 for count in contexts.values())
    for context in contexts:
        assert {bool(row.answers) for row in rows if row.context == context} == {True, False}


def test_questions_without_an_answer_are_learnt_as_such(tmp_path: Path) -> None:
    tokenizer = bilingual_tokenizer(write_encoder(tmp_path / "encoder") / "vocab.txt", cased=True)
    save_arrays(tmp_path / "answers.npz", prepare_written_answers(TextTokenizer(tokenizer)))
    arrays = Arrays(tmp_path / "answers.npz")
    spans, rows = arrays.array("spans"), written_questions()
    assert [tuple(span) == NO_SPAN for span in spans.tolist()] == [not row.answers for row in rows]
    answers = Answers(arrays, first=2, separator=3)
    silent = [place for place, row in enumerate(rows) if not row.answers]
    batch = answers.batch(silent, np.random.default_rng(0), width=384)
    assert batch["starts"].tolist() == batch["ends"].tolist() == [0] * len(silent)


def test_now_and_then_a_question_about_another_context_is_asked_which_this_one_does_not_answer(tmp_path: Path) -> None:
    count = 400
    # The context of each row, and its question, are known by one piece of their own; two rows share a context.
    contexts = Ragged.of([[100 + place] * 9 for place in range(count // 2)])
    questions = Ragged.of([[1_000 + row] for row in range(count)])
    owners, spans = np.arange(count, dtype=np.int32) // 2, np.tile(np.array([[4, 5]], dtype=np.int32), (count, 1))
    save_arrays(tmp_path / "answers.npz", {"questions": questions, "contexts": contexts, "owners": owners, "spans": spans})
    answers = Answers(Arrays(tmp_path / "answers.npz"), first=2, separator=3)
    batch = answers.batch(list(range(count)), np.random.default_rng(0), width=16)
    asked = batch["ids"][:, 1] - 1_000
    about = batch["ids"][:, 3] - 100
    own = asked // 2 == about
    assert batch["starts"][own].tolist() == [3 + 4] * int(own.sum())
    assert 0.04 < 1 - own.float().mean() < 0.2
    assert set(batch["starts"][~own].tolist()) == {0}
    near = (asked - torch.arange(count)).abs() <= 12
    assert (near & ~own).sum() > (~near & ~own).sum()


def test_a_short_part_is_the_sentence_with_the_answer_and_some_beside_it(tmp_path: Path) -> None:
    end = 9
    # Five sentences of three pieces and an end; the answer is the second piece of the third one.
    sentences = [[10 * place + 1, 10 * place + 2, 10 * place + 3, end] for place in range(1, 6)]
    context, count = [*chain(*sentences)], 400
    whole = {
        "questions": Ragged.of([[7]] * count),
        "contexts": Ragged.of([context]),
        "owners": np.zeros(count, dtype=np.int32),
        "spans": np.tile(np.array([[9, 9]], dtype=np.int32), (count, 1)),
    }
    save_arrays(tmp_path / "answers.npz", whole)
    save_arrays(tmp_path / "short.npz", shortened(Arrays(tmp_path / "answers.npz"), ends=[end]))
    short = Arrays(tmp_path / "short.npz")
    parts, spans = short.ragged("contexts"), short.array("spans")
    found = {tuple(parts[place].tolist()) for place in range(count)}
    assert found == {tuple(chain(*sentences[start:stop])) for start in (0, 1, 2) for stop in (3, 4, 5)}
    assert all(parts[place][spans[place][0]] == parts[place][spans[place][1]] == 32 for place in range(count))
    # All are parts of one whole, so that a neighbour's question might be answered here: only those drawn from anywhere are not.
    batch = Answers(short, first=2, separator=3).batch(list(range(count)), np.random.default_rng(0), width=32)
    assert (batch["starts"] == 0).float().mean() < NEIGHBOUR_SHARE


def test_the_stage_trains_both_adapters_on(tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    (work / "prepared").mkdir(parents=True)
    out.mkdir()
    encoder = write_encoder(out / "encoder")
    feelings = write_feelings(work / "prepared" / "feelings.npz")
    run = Run(folder=tmp_path / "run", steps=1, learning_rate=0.01, tokens=256)
    train_sentiment(feelings, encoder=encoder, out=out / "sentiment", run=run)
    tokenizer = bilingual_tokenizer(encoder / "vocab.txt", cased=True)
    save_arrays(work / "prepared" / "written-feelings.npz", prepare_written(tokenizer))
    save_arrays(work / "prepared" / "agreed.npz", {"ids": Ragged.of([[2, 9, 3]]), "targets": np.array([[0.1, 0.3, 0.6]], dtype=np.float32)})
    for name in ("answers", "written-answers"):
        save_arrays(work / "prepared" / f"{name}.npz", prepare_written_answers(TextTokenizer(tokenizer)))
    save_arrays(work / "prepared" / "short-answers.npz", shortened(Arrays(work / "prepared" / "answers.npz"), ends=[]))
    build = PackBuild(data=DataFolder(tmp_path), work=work, out=out, plan=Plan(ask=1, written=3, tokens=1_024))
    build.ask_stage()
    before = {task: (out / task / "adapter_model.safetensors").read_bytes() for task in ("sentiment", "ask")}
    build.written_stage()
    after = {task: (out / task / "adapter_model.safetensors").read_bytes() for task in ("sentiment", "ask")}
    assert all(before[task] != after[task] for task in before)
