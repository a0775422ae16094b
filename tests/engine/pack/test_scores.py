"""Tests of the pack's scores: several files measured as one, the table, and what is below its floor."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import engine.pack.scores as scores_of
from engine.engine import Engine
from engine.examples.reading import read_examples
from engine.examples.rows import AskRow, ExampleTask, GoldAnswer, GoldEntity, NerRow, SentimentRow, SimilarRow
from engine.examples.splitting import held_out
from engine.pack.forms import in_capitals
from engine.pack.people import statements
from engine.pack.scores import SETS, as_scores, below_floor, measure_all, score_lines

TEXTS = [f"{word}{number}。" for number in range(60) for word in ("よかった", "ひどい", "普通")]
LABELS = ("positive", "negative", "neutral")


def write_sentiment(data: Path) -> dict[str, int]:
    """Every sentiment set, with a few rows; returns how many rows of each are in the held-out tenth."""
    counts = {}
    for place, name in enumerate(("en/sst2-dev", "ja/chabsa-train", "ja/naist-dialogue-train")):
        path = data / "sentiment" / f"{name}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [f"{text}{place}" for text in TEXTS]
        rows = [json.dumps({"text": text, "label": LABELS[i % 3], "lang": "ja"}) for i, text in enumerate(texts)]
        path.write_bytes(gzip.compress("\n".join(rows).encode()))
        counts[name] = sum(map(held_out, texts))
    return counts


def test_both_japanese_sets_are_also_measured_as_one_on_rows_that_training_never_saw(tiny_engine: Engine, tmp_path: Path) -> None:
    counts = write_sentiment(tmp_path)
    measured = list(measure_all(tiny_engine, tmp_path, only=[ExampleTask.SENTIMENT]))
    rows = {chosen.name: evaluation.rows for chosen, evaluation in measured}
    chabsa, dialogue = counts["ja/chabsa-train"], counts["ja/naist-dialogue-train"]
    assert 0 < chabsa < len(TEXTS)
    assert rows == {
        "sentiment/en/sst2-dev": len(TEXTS),
        "sentiment/ja/chabsa-train + naist-dialogue-train": chabsa + dialogue,
        "sentiment/ja/chabsa-train": chabsa,
        "sentiment/ja/naist-dialogue-train": dialogue,
        "everyday-en": 120,
        "everyday-ja": 120,
        "everyday-people-en": 80,
        "everyday-people-ja": 80,
        "everyday-tone-en": 120,
        "everyday-tone-ja": 120,
        "everyday-en in capitals": 120,
        "everyday-people-en in capitals": 80,
        "everyday-en in a chat": 120,
        "everyday-ja in a chat": 120,
        "everyday-people-en in a chat": 80,
        "everyday-people-ja in a chat": 80,
    }


def test_in_capitals_all_stays_where_it_was() -> None:
    name = NerRow(text="Groß met Anna.", entities=(GoldEntity(start=9, end=13, label="PER"),))
    assert in_capitals(name) == replace(name, text="GROß MET ANNA.")
    question = AskRow(question="Who?", context="It was Anna.", answers=(GoldAnswer(text="Anna", start=7),))
    assert in_capitals(question) == AskRow(question="WHO?", context="IT WAS ANNA.", answers=(GoldAnswer(text="ANNA", start=7),))
    with pytest.raises(TypeError, match="SimilarRow"):
        in_capitals(SimilarRow(a="a", b="b", score=1.0))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", ["everyday", "everyday-tone"])
def test_the_everyday_lines_have_as_many_of_each_label_and_none_is_learnt_from(name: str, language: str) -> None:
    rows = read_examples(Path(scores_of.__file__).parent / f"{name}-{language}.csv", ExampleTask.SENTIMENT).rows
    labels = Counter(row.label for row in rows if isinstance(row, SentimentRow))
    assert labels == {"negative": 40, "neutral": 40, "positive": 40}
    texts = {row.text for row in rows if isinstance(row, SentimentRow)}
    assert len(texts) == 120
    assert not texts & set(statements())


def test_the_table_tells_scores_floors_and_aims_and_what_is_below_its_floor_is_named(tiny_engine: Engine, tmp_path: Path) -> None:
    write_sentiment(tmp_path)
    scores = as_scores(measure_all(tiny_engine, tmp_path, only=[ExampleTask.SENTIMENT], limit=12))
    lines = score_lines(scores)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| sentiment | en | sst2-dev | 12 | accuracy 0.")
    assert lines[2].endswith(" | 0.88 | 0.915 |")
    assert lines[3].startswith("| sentiment | ja | chabsa-train + naist-dialogue-train (held-out tenth) | ")
    assert lines[3].endswith(" | – | 0.75 |")


def test_what_is_below_its_floor_is_named() -> None:
    name = "sentiment/en/sst2-dev"
    assert below_floor({name: {"rows": 9, "metrics": {"accuracy": 0.879}}}) == [f"{name}: accuracy 0.879 is below 0.88"]
    assert below_floor({name: {"rows": 9, "metrics": {"accuracy": 0.88}}}) == []


def test_every_measure_is_one_that_the_task_gives() -> None:
    allowed = {
        ExampleTask.SENTIMENT: {"accuracy", "macro_f1"},
        ExampleTask.NER: {"f1"},
        ExampleTask.ASK: {"f1", "exact_match", "answered"},
        ExampleTask.SIMILAR: {"spearman", "pearson"},
        ExampleTask.RETRIEVAL: {"ja_to_en", "en_to_ja"},
    }
    assert all(set(chosen.measures) <= allowed[chosen.task] for chosen in SETS)
    assert all(0 <= measure.floor <= 1 and 0 <= measure.aim <= 1 for chosen in SETS for measure in chosen.measures.values())
