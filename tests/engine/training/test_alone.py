"""Two trainings in one folder: the second is refused and changes nothing, and what was killed stands in nobody's way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.training.alone import IN_USE, alone_in
from engine.training.exit_codes import BAD_INPUT
from engine.training.out import Out
from tests.engine.training.examples import sentiment_rows, write_rows


@pytest.mark.parametrize(("lang", "said"), [("ja", "ではほかの学習が動いています"), ("en", "Another training is running in")])
def test_a_second_training_is_told_that_the_folder_is_in_use(
    lang: str, said: str, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30)), Out(tmp_path / "out", {})
    with out.alone(resume=False):
        out.open(resume=False, needed_bytes=0)
        assert command("train", "sentiment", "--data", data, "--out", out.folder, "--lang", lang) == BAD_INPUT
        assert said in capsys.readouterr().err
        assert (out.checkpoints / "run.json").exists()


@pytest.mark.parametrize("resume", [False, True], ids=["anew", "resume"])
def test_a_run_with_checkpoints_that_still_runs_is_neither_gone_on_with_nor_called_unfinished(resume: bool, tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})
    with out.alone(resume=False):
        out.open(resume=False, needed_bytes=0)
        (out.checkpoints / "checkpoint-3").mkdir()
        (out.checkpoints / "checkpoint-3" / "trainer_state.json").write_text("{}")
        with pytest.raises(BadInputError) as refused, Out(out.folder, {}).alone(resume=resume):
            pass
        assert refused.value.code == "out_in_use"
    with pytest.raises(BadInputError) as refused, Out(out.folder, {}).alone(resume=False):
        pass
    assert refused.value.code == "unfinished_run"


def test_what_a_killed_training_left_stands_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / IN_USE).write_text("")
    with Out(tmp_path, {}).alone(resume=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_free_again_after_a_training_that_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="broken"), alone_in(tmp_path):
        raise RuntimeError("broken")
    with alone_in(tmp_path):
        assert (tmp_path / IN_USE).exists()


def test_a_training_that_is_interrupted_at_once_leaves_no_folder(tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})

    def begin() -> None:
        with out.alone(resume=False):
            out.open(resume=False, needed_bytes=0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert not out.folder.exists()


def test_a_training_that_is_interrupted_before_it_has_the_folder_takes_nothing_from_the_one_that_has_it(tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})
    with out.alone(resume=False):
        out.open(resume=False, needed_bytes=0)
        with pytest.raises(BadInputError), Out(out.folder, {}).alone(resume=False):
            raise KeyboardInterrupt
        assert (out.checkpoints / "run.json").exists()


def test_the_mark_is_no_part_of_what_is_written(tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})
    with out.alone(resume=False):
        out.open(resume=False, needed_bytes=0)
        (out.begin_writing() / "config.json").write_text("{}")
        out.finish()
    assert [path.name for path in out.folder.iterdir()] == ["config.json"]
