"""`adapt` makes the words of a team's texts less surprising, and tasks are trained on what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import BertForMaskedLM, BertModel, TrainerControl

from engine.catalog import Catalog
from engine.catalog.described import read_description
from engine.contract import FillMaskRequest, FillMaskResult, Task
from engine.engine import Engine
from engine.errors import BadInputError
from engine.models.cache import ModelCache
from engine.training.base import find_base
from engine.training.exit_codes import BAD_INPUT, CANNOT_TRAIN, INTERRUPTED, OK
from engine.training.out import has_checkpoint
from engine.training.texts import hold_back, read_texts
from engine.training.watching import Stopping
from tests.engine.training.examples import domain_lines, sentiment_rows, write_rows
from tests.support.checkpoints import write_english

Command = Callable[..., int]
FAST = ("--epochs", 4, "--learning-rate", 0.01, "--batch-size", 8)


def _stop(self: Stopping, _args: object, _state: object, control: TrainerControl, **_: object) -> None:
    """At the end of the first step, a person wants an end."""
    self._wish.asked = control.should_save = control.should_training_stop = True


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "wiki" / "deep").mkdir(parents=True)
    lines = domain_lines(400)
    (tmp_path / "wiki" / "a.txt").write_text("\n".join(lines[:200]), encoding="utf-8")
    (tmp_path / "wiki" / "deep" / "b.md").write_text("\n".join(lines[200:]), encoding="cp932")
    return tmp_path / "wiki"


@pytest.mark.parametrize("whole", [False, True], ids=["lora", "full"])
def test_held_back_lines_become_less_surprising(whole: bool, command: Command, texts: Path, tmp_path: Path, calm_pack: Path) -> None:
    out = tmp_path / "adapted"
    assert command("adapt", "--text", texts, "--out", out, *FAST, *(["--full"] if whole else [])) == OK
    found = json.loads((out / "scores.json").read_text())
    assert found["after"]["perplexity"] < found["before"]["perplexity"] / (3 if whole else 1.8)
    description = read_description(out)
    assert description is not None
    assert (description.task, description.base, description.tokenizer) == (Task.FILL_MASK, "yomite/encoder", "bilingual")
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "`wiki`: 400 distinct lines" in card
    assert "380 lines were learnt from, 20 were held back" in card
    engine = Engine(Catalog.load(models_dir=calm_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    [answer] = engine.run([FillMaskRequest(text="the startup of tim ___ is buying apple inc on 7", model=str(out))])
    assert isinstance(answer, FillMaskResult)
    assert not whole or "cook" in [filling.token for filling in answer.blanks[0].fillings]


def test_the_packs_adapter_of_the_task_is_laid_over_an_adapted_encoder(
    command: Command, texts: Path, tmp_path: Path, calm_pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapted = tmp_path / "adapted"
    assert command("adapt", "--text", texts, "--out", adapted, "--epochs", 1) == OK
    base = find_base(Catalog.load(models_dir=calm_pack), Task.SENTIMENT, "ja", model=str(adapted), rows=(), seed=0)
    assert not base.fresh
    assert base.entry.adapter == calm_pack / "sentiment"
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(160))
    words = ("train", "sentiment", "--data", data, "--model", adapted, "--out", tmp_path / "out")
    assert command(*words, "--epochs", 5, "--learning-rate", 0.005) == OK
    found = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert found["before"] is not None
    assert found["after"]["macro_f1"] > max(0.7, found["before"]["macro_f1"])


def test_an_encoder_that_was_adapted_from_elsewhere_gets_a_fresh_head(
    command: Command, texts: Path, tmp_path: Path, calm_pack: Path
) -> None:
    write_english(tmp_path / "english", BertForMaskedLM)
    words = ("adapt", "--text", texts, "--model", tmp_path / "english", "--out", tmp_path / "adapted", "--epochs", 1)
    assert command(*words) == OK
    base = find_base(Catalog.load(models_dir=calm_pack), Task.SENTIMENT, "en", model=str(tmp_path / "adapted"), rows=(), seed=0)
    assert base.fresh


def test_a_model_without_a_masked_word_head_is_refused(
    command: Command, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_english(tmp_path / "bare", BertModel)
    assert command("adapt", "--text", texts, "--model", tmp_path / "bare", "--out", tmp_path / "out") == CANNOT_TRAIN
    assert "fill_mask" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", "id,text\n{n},この行は{n}番\n", "この行は3番"),
        ("a.tsv", "本文\n{n}番の行\n", "3番の行"),
        ("a.jsonl", '{{"text": "line {n} of them"}}\n', "line 3 of them"),
        ("a.md", "# 見出し {n}\n", "# 見出し 3"),
    ],
)
def test_texts_are_read_from_each_format(name: str, content: str, line: str, tmp_path: Path) -> None:
    head, _, body = content.partition("\n") if name.endswith("sv") else ("", "", content)
    (tmp_path / name).write_text((f"{head}\n" if head else "") + "".join(body.format(n=n) for n in range(20)), encoding="utf-8")
    found = read_texts([tmp_path])
    assert line in found.lines
    assert len(found.lines) == 20


def test_equal_lines_never_stand_on_both_sides(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"line {number % 60}" for number in range(600)))
    learn, held = hold_back(read_texts([tmp_path]).lines, seed=0)
    assert (len(learn), len(held)) == (40, 20)
    assert not set(learn) & set(held)
    assert hold_back(read_texts([tmp_path]).lines, seed=0) == (learn, held)
    assert hold_back(read_texts([tmp_path]).lines, seed=1) != (learn, held)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", "one\ntwo\n", "too_few_lines"),
        ("a.docx", "x", "no_texts"),
        ("a.csv", "id,number\n1,2\n", "no_text_column"),
        ("a.jsonl", "{broken\n", "bad_rows"),
        ("a.csv", "text,text\n" + "one,two\n" * 9, "doubled_column"),
        ("a.jsonl", '{"text": "a line"}\n{"text": ["a", 0]}\n{"text": 5}\n', "bad_rows"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(
    name: str, content: str, code: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInputError) as refused:
        read_texts([tmp_path / name])
    assert refused.value.code == code
    assert command("adapt", "--text", tmp_path / name, "--out", tmp_path / "out") == BAD_INPUT
    assert capsys.readouterr().err == f"{refused.value.message.ja}\n{refused.value.message.en}\n"
    assert not (tmp_path / "out").exists()


def test_each_value_that_is_no_text_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a line"}\n{"text": ["a", 0]}\n{"text": null}\n{"text": 5}\n')
    with pytest.raises(BadInputError) as refused:
        read_texts([tmp_path])
    assert "line 2: text is no text (['a', 0])" in refused.value.message.en
    assert "4 行目：列「text」が文字列ではありません（5）" in refused.value.message.ja
    assert "line 3" not in refused.value.message.en


def test_a_text_that_is_not_there_is_named(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("adapt", "--text", tmp_path / "none.txt", "--out", tmp_path / "out") == BAD_INPUT
    assert "none.txt" in capsys.readouterr().err


def test_nothing_that_is_hidden_or_that_trainings_wrote_is_read_from_a_folder(tmp_path: Path) -> None:
    ours = ("a.txt", "deep/b.md")
    for name in (*ours, ".notes.txt", ".git/c.txt", "model/README.md", "model/deep/d.txt", "out/checkpoints/checkpoint-3/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("".join(f"{name} の {number}\n" for number in range(8)), encoding="utf-8")
    (tmp_path / "model" / "yomite.json").write_text("{}")
    found = read_texts([tmp_path], out=tmp_path / "deep" / ".." / "out")
    assert found.files == tuple(tmp_path / name for name in ours)
    assert read_texts([tmp_path / ".notes.txt"]).files == (tmp_path / ".notes.txt",)  # what is named is read


def test_a_stopped_run_in_the_folder_of_its_texts_is_gone_on_with(command: Command, texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(texts)
    words = ("adapt", "--text", ".", "--epochs", 2)
    out = Path("yomite-adapted")
    with pytest.MonkeyPatch.context() as stopping:
        stopping.setattr(Stopping, "on_step_end", _stop)
        assert command(*words) == INTERRUPTED
    assert has_checkpoint(out)
    assert list(out.rglob("*.md"))
    assert command(*words, "--resume") == OK
    assert "400 distinct lines" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "said"), [("ja", "を読めません（名前が長すぎます）"), ("en", "cannot be read (File name too long)")])
def test_a_folder_of_texts_that_may_not_even_be_looked_at_is_told(
    lang: str, said: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("adapt", "--text", tmp_path / ("x" * 300), "--out", tmp_path / "out", "--lang", lang) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_an_encoder_is_never_written_over_by_what_is_adapted_from_it(
    command: Command, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_english(tmp_path / "english", BertForMaskedLM)
    assert command("adapt", "--text", texts, "--model", base, "--out", base, "--lang", "en") == BAD_INPUT
    assert "is the folder of the model that is trained further" in capsys.readouterr().err
