"""The benchmark runs, and compares two things that compute the same; how fast is no test's business."""

import re
from pathlib import Path

import pytest

from benchmarks.engine import made_sentences, main
from tests.support.checkpoints import write_pack


def test_the_benchmark_prints_a_ratio_with_its_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = write_pack(tmp_path)
    assert main(["--sentences", "40", "--rounds", "3", "--models-dir", str(pack), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    match = re.search(r"ratio +([\d.]+) \(from ([\d.]+) to ([\d.]+);", printed)
    assert match
    middle, lowest, highest = map(float, match.groups())
    assert 0 < lowest <= middle <= highest


def test_a_missing_pack_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--models-dir", str(tmp_path / "nothing")]) == 1
    assert "nothing" in capsys.readouterr().err


def test_the_sentences_are_always_the_same_and_of_both_languages() -> None:
    sentences = made_sentences(40)
    assert sentences == made_sentences(40)
    assert sum(sentence.isascii() for sentence in sentences) == 20
    assert len({len(sentence) for sentence in sentences}) > 10
