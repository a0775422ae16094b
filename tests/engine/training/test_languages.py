"""A trained model answers in the languages of what it was made from and of what it learnt from, and its card says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import BertForMaskedLM, BertForSequenceClassification

from engine.catalog import Catalog
from engine.catalog.chosen import write_chosen
from engine.catalog.described import EVERY_LANGUAGE, FILE, read_description
from engine.contract import Language, Task
from engine.examples.rows import Row, SentimentRow
from engine.training.base import find_base
from engine.training.checking import languages_of
from engine.training.exit_codes import OK
from tests.engine.training.examples import Rows, domain_lines, sentiment_rows, write_rows
from tests.support.checkpoints import SENTIMENTS, write_english, write_japanese
from tests.support.trained import write_trained

JAPANESE, ENGLISH, MIXED = "この映画は良い", "The film is good", "このPRは please review it today, thanks 明日まで"


def one_row(path: Path, task: Task, language: Language, folder: Path) -> Path:
    """A catalog of a user's own."""
    path.write_text(f'[[models]]\ntask = "{task}"\nlanguages = ["{language}"]\nfolder = "{folder}"\nlicence = "MIT"\nwindow = 64\n')
    return path


def japanese(count: int) -> Rows:
    return [row for row in sentiment_rows(4 * count) if str(row["text"]).startswith("この")][:count]


@pytest.mark.parametrize(
    ("data", "languages", "codes", "words"),
    [
        ([*japanese(30), *sentiment_rows(1, english_only=True)], ("ja",), "ja", "sentiment in Japanese,"),
        ([*japanese(20), *sentiment_rows(20, english_only=True)], EVERY_LANGUAGE, "ja, en", "sentiment in Japanese and English,"),
    ],
    ids=["japanese", "both"],
)
def test_a_japanese_model_answers_in_english_only_if_it_learnt_from_english(
    data: Rows,
    languages: tuple[Language, ...],
    codes: str,
    words: str,
    command: Callable[..., int],
    calm_pack: Path,
    tmp_path: Path,
) -> None:
    base = write_japanese(tmp_path / "base", BertForSequenceClassification, labels=SENTIMENTS)
    own, out = one_row(tmp_path / "own.toml", Task.SENTIMENT, "ja", base), tmp_path / "out"
    rows = write_rows(tmp_path / "rows.jsonl", data)
    assert command("train", "sentiment", "--data", rows, "--catalog", own, "--model", base, "--out", out, "--epochs", 1) == OK
    described = read_description(out)
    assert described is not None
    assert described.languages == languages
    card = (out / "README.md").read_text(encoding="utf-8")
    assert f"\nlanguage: [{codes}]\n" in card
    assert f"A model for {words} trained" in card

    write_chosen(tmp_path / "chosen.json", {Task.SENTIMENT: out})
    catalog = Catalog.load(models_dir=calm_pack, user_file=own, chosen=tmp_path / "chosen.json")
    assert catalog.entry(Task.SENTIMENT, "ja").model == out
    assert (catalog.entry(Task.SENTIMENT, "en").model == out) == ("en" in languages)


def test_an_adapted_encoder_says_in_which_languages_it_can_be_asked(command: Callable[..., int], tmp_path: Path) -> None:
    own = one_row(tmp_path / "own.toml", Task.FILL_MASK, "en", write_english(tmp_path / "base", BertForMaskedLM))
    (tmp_path / "a.txt").write_text("\n".join(line for line in domain_lines(60) if line.isascii()))
    words = ("--text", tmp_path / "a.txt", "--catalog", own, "--model", tmp_path / "base", "--out", tmp_path / "out")
    assert command("adapt", *words, "--epochs", 1) == OK
    described = read_description(tmp_path / "out")
    assert described is not None
    assert described.languages == ("en",)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "\nlanguage: [en]\n" in card
    assert "An encoder for English that guessed" in card


def test_a_model_of_before_that_names_no_languages_has_all_of_them(calm_pack: Path, tmp_path: Path) -> None:
    folder = write_trained(tmp_path / "old")
    said = json.loads((folder / FILE).read_text())
    del said["languages"]
    (folder / FILE).write_text(json.dumps(said))
    base = find_base(Catalog.load(models_dir=calm_pack), Task.SENTIMENT, "ja", model=str(folder), rows=(), seed=0)
    assert base.languages(["ja"]) == EVERY_LANGUAGE


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([JAPANESE] * 20, ("ja",)),
        ([JAPANESE] * 19 + [ENGLISH], ("ja",)),  # as a greeting in English among a team's Japanese
        ([JAPANESE] * 18 + [ENGLISH] * 2, EVERY_LANGUAGE),
        ([JAPANESE] * 19 + [MIXED], ("ja",)),
        ([JAPANESE] * 10 + [MIXED] * 10, ("ja", "mixed")),
        ([ENGLISH] * 20, ("en",)),
        ([], ()),
    ],
)
def test_a_language_is_learnt_where_a_tenth_of_the_rows_is_in_it(texts: list[str], expected: tuple[Language, ...]) -> None:
    rows: list[Row] = [SentimentRow(text=text, label="neutral") for text in texts]
    assert languages_of(rows) == expected
