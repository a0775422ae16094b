"""Rows that were written for Yomite, to teach what no published set holds: chat, the names in it, and questions that a text leaves open.

They lie in `written/`, and are no row of `everyday-*.csv`, by which the pack is measured.
"""

from __future__ import annotations

from pathlib import Path

from engine.examples.reading import read_examples
from engine.examples.rows import AskRow, ExampleTask, NerRow, Row, SentimentRow

FOLDER = Path(__file__).parent / "written"
LANGUAGES = ("en", "ja")


def written_feelings() -> list[SentimentRow]:
    """Lines of a team's chat with what their writer feels."""
    return [row for row in _rows(ExampleTask.SENTIMENT) if isinstance(row, SentimentRow)]


def written_names() -> list[NerRow]:
    """Lines of a team's chat with the names in them; in a third of them is none."""
    return [row for row in _rows(ExampleTask.NER) if isinstance(row, NerRow)]


def written_questions() -> list[AskRow]:
    """Questions about short texts, two fifths of which the text does not answer though it holds something of the right kind.

    Those with an answer repeat the text's words no less than those without: else their form would speak for "no answer".
    """
    return [row for row in _rows(ExampleTask.ASK) if isinstance(row, AskRow)]


def _rows(task: ExampleTask) -> list[Row]:
    return [row for language in LANGUAGES for row in read_examples(FOLDER / f"{task}-{language}.csv", task).rows]
