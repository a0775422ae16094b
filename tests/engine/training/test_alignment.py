"""Word alignment finds translations, and new embedding rows start from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.training.alignment import agreed_translations, ibm_model_1, read_edict, start_embeddings

# Japanese ids are 10, 11, 12; their English translations 0, 1, 2.
PAIRS = [([10, 11], [0, 1]), ([11, 12], [1, 2]), ([10, 12], [0, 2]), ([10], [0])]


def test_ibm_model_1_gives_most_probability_to_the_right_word() -> None:
    table = ibm_model_1(PAIRS, iterations=10)
    assert {source: max(targets, key=targets.__getitem__) for source, targets in table.items()} == {10: 0, 11: 1, 12: 2}
    assert all(sum(targets.values()) <= 1 + 1e-9 for targets in table.values())


def test_agreed_translations_rank_the_mutual_translation_first() -> None:
    agreed = agreed_translations(PAIRS)
    assert [max(agreed[source], key=agreed[source].__getitem__) for source in (10, 11, 12)] == [0, 1, 2]


def test_a_new_row_points_where_its_translation_does() -> None:
    english = np.random.default_rng(0).normal(size=(50, 32)).astype(np.float32)
    vocabulary = [f"w{i}" for i in range(50)] + ["猫", "##猫", "子猫", "犬"]
    rows = start_embeddings(english, vocabulary=vocabulary, translations=[{50: {7: 0.9}, 53: {8: 1.0}}])
    assert np.array_equal(rows[:50], english)
    for new, translation in ((50, 7), (51, 7), (52, 7), (53, 8)):  # the twin ##猫 and 子猫 by its characters too
        assert int(np.argmax(rows[:50] @ (rows[new] - english.mean(axis=0)))) == translation


def test_edict_is_read_with_written_form_reading_and_bare_glosses(tmp_path: Path) -> None:
    path = tmp_path / "edict"
    path.write_bytes("猫 [ねこ] /(n) cat (esp. the domestic cat, Felis catus)/shamisen/(P)/EntL1467640X/\n".encode("euc-jp"))
    glosses = read_edict(path)
    assert glosses["猫"] == glosses["ねこ"] == ["cat", "shamisen"]
