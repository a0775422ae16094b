"""Rows that were written for Yomite: what they must be, and the stage that learns from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import engine.pack.scores as scores_of
from engine.examples.reading import read_examples
from engine.examples.rows import AskRow, ExampleTask, RetrievalRow, Row, SentimentRow, row_texts
from engine.pack.ask import NEIGHBOUR_SHARE, NO_SPAN, Answers, prepare_written_answers, shortened
from engine.pack.build import PackBuild, Plan
from engine.pack.chat import language_of
from engine.pack.data import DataFolder
from engine.pack.ner import LABELS, NO_LABEL, prepare_written_names, train_ner
from engine.pack.people import statements
from engine.pack.ragged import Arrays, Ragged, save_arrays
from engine.pack.running import Run
from engine.pack.sentiment import prepare_written, train_sentiment
from engine.pack.written import written_feelings, written_names, written_questions
from engine.tokenization.bilingual import bilingual_tokenizer
from engine.tokenization.pieces import TextTokenizer
from tests.engine.pack.small import write_encoder
from tests.engine.pack.test_agreed import write_feelings

MEASURED = Path(scores_of.__file__).parent
TOO_ALIKE = 0.45
WRITTEN: Mapping[ExampleTask, Callable[[], Sequence[Row]]] = {
    ExampleTask.SENTIMENT: written_feelings,
    ExampleTask.NER: written_names,
    ExampleTask.ASK: written_questions,
}


def trigrams(text: str) -> set[str]:
    return {text.lower()[start : start + 3] for start in range(len(text) - 2)}


def read_text(row: Row) -> str:
    """What is read to answer."""
    return row.context if isinstance(row, AskRow) else row_texts(row)[0]


def most_alike(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
    """How alike each text is to that of the others which is nearest to it: Jaccard's index of their trigrams, 0..1. *Shape:* (texts,)."""
    grams = {gram: place for place, gram in enumerate(sorted(set().union(*map(trigrams, [*texts, *others]))))}
    marks = [np.zeros((len(given), len(grams)), dtype=np.float32) for given in (texts, others)]
    for given, rows in zip((texts, others), marks, strict=True):
        for text, row in zip(given, rows, strict=True):
            row[[grams[gram] for gram in trigrams(text)]] = 1
    common = marks[0] @ marks[1].T
    either = marks[0].sum(1)[:, None] + marks[1].sum(1) - common
    nearest: NDArray[np.float32] = (common / np.maximum(either, 1)).max(1)
    return nearest


@pytest.mark.parametrize(
    ("task", "measured"),
    [
        (ExampleTask.SENTIMENT, ("everyday", "everyday-people", "everyday-tone")),
        (ExampleTask.NER, ("everyday-ner",)),
        (ExampleTask.ASK, ("everyday-ask",)),
    ],
)
def test_no_row_that_is_learnt_from_is_like_one_that_is_measured_by(task: ExampleTask, measured: Sequence[str]) -> None:
    files = [MEASURED / f"{name}-{language}.csv" for name in measured for language in ("en", "ja")]
    asked = list({read_text(row) for file in files for row in read_examples(file, task).rows})
    learnt = list({read_text(row) for row in WRITTEN[task]()})
    assert len(learnt) > 1_000
    assert [text for text, nearest in zip(learnt, most_alike(learnt, asked), strict=True) if nearest >= TOO_ALIKE] == []


def test_a_text_with_another_name_in_it_is_found_to_be_alike() -> None:
    found = most_alike(
        ["Project Lantern is on hold until the budget is approved.", "資料は棚に置きました。"],
        ["Project Larkspur is on hold until the budget is settled."],
    )
    assert found[0] >= TOO_ALIKE > 0.1 > found[1]


def test_lines_hold_all_labels_about_as_often_and_none_twice() -> None:
    rows = written_feelings()
    counts = Counter(row.label for row in rows)
    assert all(count / len(rows) == pytest.approx(1 / 3, abs=0.02) for count in counts.values())
    assert len(counts) == 3
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


def test_a_third_of_the_lines_hold_no_name_and_no_line_stands_twice() -> None:
    rows = written_names()
    assert sum(not row.entities for row in rows) / len(rows) == pytest.approx(0.33, abs=0.03)
    assert {entity.label for row in rows for entity in row.entities} == {"PER", "ORG", "LOC", "MISC"}
    assert len({row.text for row in rows}) == len(rows)


def test_each_translation_that_is_measured_by_stands_once_english_beside_japanese() -> None:
    rows = [row for row in read_examples(MEASURED / "everyday-retrieval.csv", ExampleTask.RETRIEVAL).rows if isinstance(row, RetrievalRow)]
    assert len(rows) > 3_000
    for side in ([row.en for row in rows], [row.ja for row in rows]):
        assert len(set(side)) == len(side)
    assert all(language_of(row.ja) == "ja" and language_of(row.en) == "en" for row in rows)


def test_names_that_were_marked_are_learnt_as_such(tmp_path: Path) -> None:
    tokenizer = bilingual_tokenizer(write_encoder(tmp_path / "encoder") / "vocab.txt", cased=True)
    save_arrays(tmp_path / "names.npz", prepare_written_names(TextTokenizer(tokenizer)))
    labels, rows = Arrays(tmp_path / "names.npz").ragged("labels"), written_names()
    begun = [
        sorted(LABELS[label][2:] for label in labels[place].tolist() if label != NO_LABEL and LABELS[label][:1] == "B")
        for place in range(len(rows))
    ]
    assert begun == [sorted(str(entity.label) for entity in row.entities) for row in rows]


def words_of_text(row: AskRow) -> float:
    """The share of the question's trigrams that the context has, too."""
    return len(trigrams(row.question) & trigrams(row.context)) / len(trigrams(row.question))


def test_two_fifths_of_the_questions_that_are_learnt_from_have_no_answer_and_their_words_do_not_tell_which() -> None:
    rows = written_questions()
    assert sum(not row.answers for row in rows) / len(rows) == pytest.approx(0.4, abs=0.02)
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
    assert [tuple(span) == NO_SPAN for span in spans.tolist()] == 2 * [not row.answers for row in rows]  # each also in a chat
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


def test_the_stage_trains_three_adapters_on(tmp_path: Path) -> None:
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
    for name in ("entities", "written-entities"):
        save_arrays(work / "prepared" / f"{name}.npz", prepare_written_names(TextTokenizer(tokenizer)))
    train_ner(Arrays(work / "prepared" / "entities.npz"), encoder=encoder, out=out / "ner", run=run)
    for name in ("answers", "written-answers"):
        save_arrays(work / "prepared" / f"{name}.npz", prepare_written_answers(TextTokenizer(tokenizer)))
    save_arrays(work / "prepared" / "short-answers.npz", shortened(Arrays(work / "prepared" / "answers.npz"), ends=[]))
    build = PackBuild(data=DataFolder(tmp_path), work=work, out=out, plan=Plan(ask=1, written=3, tokens=1_024))
    build.ask_stage()
    before = {task: (out / task / "adapter_model.safetensors").read_bytes() for task in ("sentiment", "ner", "ask")}
    build.written_stage()
    after = {task: (out / task / "adapter_model.safetensors").read_bytes() for task in ("sentiment", "ner", "ask")}
    assert all(before[task] != after[task] for task in before)
