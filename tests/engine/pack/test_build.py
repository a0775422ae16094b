"""Tests of the pack's build: what it leaves behind is pinned."""

from __future__ import annotations

from pathlib import Path

from engine.models.sums import read_sums
from engine.pack.build import CPU, PackBuild
from engine.pack.cards import CARDS
from engine.pack.data import DataFolder
from tests.support.checkpoints import write_pack


def test_a_build_ends_with_cards_and_the_digests_of_what_answers_depend_on(tmp_path: Path) -> None:
    out = write_pack(tmp_path / "out")
    PackBuild(data=DataFolder(tmp_path), work=tmp_path / "work", out=out, plan=CPU).run(only=["none of them"])
    assert {path.parent.name for path in out.glob("*/README.md")} == set(CARDS)
    weights = {path.relative_to(out).as_posix() for path in out.rglob("*.safetensors")}
    assert weights < set(read_sums(out))
    assert not any(name.endswith(".md") for name in read_sums(out))
