"""Names are exchanged for others of their type, and every span stays on its name."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.pack.renaming import renamed, with_names


def entity(text: str, name: str, label: str | None, kind: str) -> dict[str, Any]:
    start = text.index(name)
    return {"start": start, "end": start + len(name), "label": label, "type": kind}


def row(text: str, *names: tuple[str, str | None, str]) -> dict[str, Any]:
    return {"text": text, "entities": [entity(text, *name) for name in names]}


ROWS = [
    row("佐藤は3月に京都へ行った。", ("佐藤", "PER", "PERSON"), ("3月", None, "DATE"), ("京都", "LOC", "GPE")),
    row("In Nagasaki, Ito sang.", ("Nagasaki", "LOC", "GPE"), ("Ito", "PER", "PERSON")),
    row("Nothing here.", ("Nothing", None, "X")),
]


def names_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["text"][e["start"] : e["end"]], e["type"]) for e in row["entities"]]


def test_all_spans_move_with_the_names_before_them() -> None:
    other = with_names(ROWS[0], {0: "バラク・オバマ", 6: "東"})
    assert other["text"] == "バラク・オバマは3月に東へ行った。"
    assert names_of(other) == [("バラク・オバマ", "PERSON"), ("3月", "DATE"), ("東", "GPE")]
    assert names_of(ROWS[0])[0] == ("佐藤", "PERSON")


def test_names_are_drawn_from_those_of_their_type_and_dates_stay() -> None:
    generator = np.random.default_rng(3)
    found = [other for _ in range(200) for other in renamed(ROWS, generator)]
    drawn = {name for other in found for name in names_of(other)}
    assert drawn == {("佐藤", "PERSON"), ("Ito", "PERSON"), ("京都", "GPE"), ("Nagasaki", "GPE"), ("3月", "DATE")}
    assert any(other["text"] == "Itoは3月にNagasakiへ行った。" for other in found)
    assert 200 < len(found) < 400  # a row is left out where chance chose none of its names; the last one has none


def test_a_row_whose_entities_overlap_is_left_out() -> None:
    nested = row("京都大学", ("京都大学", "ORG", "ORG"), ("京都", "LOC", "GPE"))
    assert not list(renamed([nested] * 20, np.random.default_rng(0)))
