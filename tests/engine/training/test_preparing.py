"""What comes before a training: rows set apart, memory looked at, the folder opened or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import BertForMaskedLM, BertModel

from engine.catalog import Catalog
from engine.contract import SentimentLabel, Task
from engine.errors import BadInputError, EngineError
from engine.examples.rows import AskRow, ExampleTask, GoldAnswer, Row, SentimentRow, SimilarRow, row_texts
from engine.models.dense import read_dense
from engine.models.sentence_folder import read_sentence_folder
from engine.training.base import find_base
from engine.training.checking import language_of, rare_labels
from engine.training.goal import Batch, Place
from engine.training.memory import fewer_at_once, fixed_bytes, free_bytes, least_at_once, row_bytes, rows_at_once
from engine.training.options import parser
from engine.training.out import Out, drop_empty, has_checkpoint, tokenizer_files, write_model
from engine.training.split import dev_count, split_rows
from engine.training.wishes import command_line, train_wish
from tests.engine.training.examples import ROWS, sentiment_rows, write_rows
from tests.support.checkpoints import make, tiny_config, write_pack, write_sentence_transformer


class NoGoal:
    """Rows that are learnt from each alone."""

    compares = False
    lengths: Sequence[int] = (5,)

    def batch(self, _places: Sequence[Place]) -> Batch:
        return {}

    def loss(self, _model: nn.Module, _batch: Batch) -> Tensor:
        return torch.zeros(())


def sentiments(count: int) -> list[Row]:
    labels = ("positive", "negative", "negative", "neutral", "negative")
    return [SentimentRow(text=f"文 {number // 2}", label=labels[number // 2 % 5]) for number in range(count)]


def similars(count: int) -> list[Row]:
    return [SimilarRow(a=f"a {number}", b=f"{'b' if number % 2 else 'Ｂ'} {number // 2}", score=number % 6) for number in range(count)]


def asked(count: int) -> list[Row]:
    answers = (GoldAnswer(text="猫", start=0),)
    return [AskRow(question=f"何 {number}", context=f"猫 {number // 4}", answers=answers if number % 3 else ()) for number in range(count)]


@pytest.mark.parametrize("rows", [sentiments(400), similars(400), asked(400)], ids=["sentiment", "similar", "ask"])
def test_no_text_stands_on_both_sides_and_a_tenth_is_set_apart(rows: list[Row]) -> None:
    learn, dev = split_rows(rows, seed=0)
    assert len(learn) + len(dev) == 400
    assert 30 <= len(dev) <= 50
    plain = [{text.lower().replace("ｂ", "b") for row in side for text in row_texts(row)} for side in (learn, dev)]
    assert not plain[0] & plain[1]
    assert split_rows(rows, seed=0) == (learn, dev)
    assert split_rows(rows, seed=1) != (learn, dev)


def test_each_label_has_its_share_on_the_dev_side() -> None:
    _, dev = split_rows(sentiments(600), seed=0)
    labels = [row.label for row in dev if isinstance(row, SentimentRow)]
    assert 0.45 < labels.count("negative") / len(labels) < 0.75
    assert {"positive", "neutral"} <= set(labels)


@pytest.mark.parametrize(("rows", "expected"), [(8, 2), (60, 20), (150, 20), (500, 50), (50_000, 1_000)])
def test_of_few_rows_at_least_twenty_are_set_apart_but_never_more_than_a_third(rows: int, expected: int) -> None:
    assert dev_count(rows) == expected


def test_rows_about_one_text_cannot_be_parted() -> None:
    rows = [AskRow(question=f"何 {number}", context="猫です", answers=()) for number in range(20)]
    with pytest.raises(BadInputError, match="--dev"):
        split_rows(rows, seed=0)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(["この映画は良い"] * 20, "ja"), (["The film is good"] * 20, "en"), (["この映画は良い", "The film is good"] * 9, "mixed")],
)
def test_the_rows_language_chooses_the_model(texts: list[str], expected: str) -> None:
    assert language_of([SentimentRow(text=text, label="neutral") for text in texts]) == expected


@pytest.mark.parametrize(
    ("counts", "ja", "en"),
    [
        ((9, 9, 9), [], []),
        ((9, 9, 1), ["「negative」の例が 1 行しかありません"], ["Of negative there is only 1 example"]),
        (
            (9, 0, 4),
            ["「neutral」の例がありません", "「negative」の例が 4 行しかありません"],
            ["no example of neutral", "are only 4 examples"],
        ),
    ],
)
def test_a_label_that_has_hardly_an_example_is_told(counts: tuple[int, int, int], ja: list[str], en: list[str]) -> None:
    labels: tuple[SentimentLabel, ...] = ("positive", "neutral", "negative")
    rows = [SentimentRow(text=f"{number}", label=label) for label, count in zip(labels, counts, strict=True) for number in range(count)]
    told = rare_labels(rows)
    assert len(told) == len(ja)
    assert all(expected in message.ja for expected, message in zip(ja, told, strict=True))
    assert all(expected in message.en for expected, message in zip(en, told, strict=True))


def test_of_other_tasks_no_label_is_told() -> None:
    assert rare_labels([AskRow(question="何？", context="猫です", answers=())]) == []


def test_as_many_rows_are_read_at_once_as_fit_and_always_a_divisor_of_the_step() -> None:
    assert rows_at_once(16, row_bytes=100, fixed_bytes=0, free_bytes=None) == 16
    assert rows_at_once(16, row_bytes=100, fixed_bytes=0, free_bytes=10_000) == 16
    assert rows_at_once(16, row_bytes=100, fixed_bytes=0, free_bytes=1_600) == 8  # 80 % of it may be used
    assert rows_at_once(12, row_bytes=100, fixed_bytes=200, free_bytes=1_000) == 6
    assert rows_at_once(16, row_bytes=100, fixed_bytes=0, free_bytes=10) == 1


@pytest.mark.parametrize(("task", "refused"), [(ExampleTask.SIMILAR, True), (ExampleTask.SENTIMENT, False)])
def test_a_step_of_one_pair_is_refused_as_it_teaches_nothing(tmp_path: Path, task: ExampleTask, refused: bool) -> None:
    data = write_rows(tmp_path / "rows.jsonl", ROWS[task](30))
    options = parser("train", "en").parse_args([task, "--data", str(data), "--batch-size", "1"])
    with pytest.raises(BadInputError) if refused else nullcontext() as told:
        train_wish(options, [])
    if told:
        assert "similar learns by comparing pairs" in told.value.message.en
        assert "組どうしを比べて学ぶ" in told.value.message.ja


class Pairs(NoGoal):
    compares = True


def test_fewer_pairs_at_once_are_not_told_as_the_same() -> None:
    pairs, rows = fewer_at_once(Pairs(), rows=8, batch=16), fewer_at_once(NoGoal(), rows=8, batch=16)
    assert "only those are compared" in pairs.en
    assert "学べることは減ります" in pairs.ja
    assert "2 times as many make a step" in rows.en
    assert "結果の意味は変わりません" in rows.ja


@pytest.mark.parametrize(("batch", "expected"), [(16, 8), (8, 8), (4, 4)])
def test_of_pairs_some_must_fit_at_once(batch: int, expected: int) -> None:
    assert least_at_once(Pairs(), batch) == expected
    assert least_at_once(NoGoal(), batch) == 1


def test_the_estimate_grows_with_the_model_and_the_text() -> None:
    model = make(BertForMaskedLM, tiny_config())
    short, long = (row_bytes(model, pieces=pieces, vocabulary=False) for pieces in (32, 64))
    assert short * 2 < long
    assert row_bytes(model, pieces=32, vocabulary=True) > short
    weights = sum(parameter.numel() for parameter in model.parameters())
    assert fixed_bytes(model, on_device=True) == 12 * weights
    assert fixed_bytes(model.requires_grad_(False), on_device=False) == 4 * weights
    free = free_bytes(next(model.parameters()).device)
    assert free is not None
    assert free > 2**20


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInputError) as refused:
        Out(tmp_path, {}).open(resume=False, needed_bytes=0)
    assert refused.value.code == "out_not_ours"
    assert "--out" in refused.value.message.ja
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_or_is_too_small_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be written"):
        Out(tmp_path / "file" / "out", {}).open(resume=False, needed_bytes=0)
    with pytest.raises(BadInputError, match="too little room"):
        Out(tmp_path / "out", {}).open(resume=False, needed_bytes=2**60)
    with pytest.raises(BadInputError, match="no unfinished run"):
        Out(tmp_path / "out", {}).open(resume=True, needed_bytes=0)


def test_a_folder_is_looked_at_without_a_change_to_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Out(tmp_path / "new" / "out", {}).check(resume=False)
    with pytest.raises(BadInputError, match="cannot be written"):
        Out(tmp_path / "file" / "out", {}).check(resume=False)
    with pytest.raises(BadInputError, match="no result of a training"):
        Out(tmp_path, {}).check(resume=False)
    with pytest.raises(BadInputError, match="no unfinished run"):
        Out(tmp_path / "out", {}).check(resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_that_may_not_even_be_looked_at_is_refused(tmp_path: Path, resume: bool) -> None:
    nobodys = tmp_path / ("x" * 300)  # as a folder in another's home: to look at it is an error, also for root
    with pytest.raises(BadInputError) as refused, Out(nobodys, {}).alone(resume=resume):
        pass
    assert refused.value.code == ("nothing_to_resume" if resume else "out_not_writable")
    assert resume or "名前が長すぎます" in refused.value.message.ja


def test_a_new_result_replaces_the_old_one_only_when_it_is_whole(tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})
    for text in ("old", "new"):
        out.open(resume=False, needed_bytes=0)
        folder = out.begin_writing()
        for name in ("yomite.json", "config.json", "model.safetensors"):
            (folder / name).write_text(text)
        if text == "new":
            assert (tmp_path / "out" / "config.json").read_text() == "old"
        out.finish()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors", "yomite.json"]
    assert (tmp_path / "out" / "config.json").read_text() == "new"


def test_what_a_person_put_beside_a_model_stays_when_another_takes_its_place(tmp_path: Path) -> None:
    theirs = [
        "dict.txt",
        "next.csv",
        "notes.txt",
        "faq.json",
        "1_examples.csv",
        "3_Dense",
        "my-tokens.json",
        "requirements.txt",
        "our.model",
    ]
    out = Out(tmp_path / "out", {})
    for round_ in (1, 2):
        out.open(resume=False, needed_bytes=0)
        folder = out.begin_writing()
        for name in ("yomite.json", "config.json", "tokenizer.json" if round_ == 1 else "vocab.txt", "dict.txt"):
            (folder / name).write_text("{}" if round_ == 1 else "new")
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / f"{round_}.json").write_text("{}")
        out.finish()
        if round_ == 1:
            for name in theirs:
                (tmp_path / "out" / name).write_text("mine")
            (tmp_path / "out" / "2_raw").mkdir()
            (tmp_path / "out" / "2_raw" / "a.csv").write_text("mine")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted([*theirs, "1_Pooling", "2_raw", "config.json", "vocab.txt", "yomite.json"])
    assert {(tmp_path / "out" / name).read_text() for name in theirs} == {"mine"}
    assert [path.name for path in (tmp_path / "out" / "1_Pooling").iterdir()] == ["2.json"]
    assert (tmp_path / "out" / "2_raw" / "a.csv").exists()


def test_only_what_a_training_began_is_removed_when_it_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "checkpoints").mkdir(parents=True)
    (tmp_path / "theirs" / "checkpoints" / "epoch-1.pt").write_text("mine")
    Out(tmp_path / "ours", {}).open(resume=False, needed_bytes=0)
    for name in ("theirs", "ours", "nowhere"):
        drop_empty(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
    assert (tmp_path / "theirs" / "checkpoints" / "epoch-1.pt").exists()


def test_a_checkpoint_that_was_not_written_to_its_end_is_not_gone_on_from(tmp_path: Path) -> None:
    out = Out(tmp_path / "out", {})
    out.open(resume=False, needed_bytes=0)
    for step, state in ((3, '{"epoch": 1}'), (6, '{"epo'), (9, None)):
        (out.checkpoints / f"checkpoint-{step}").mkdir()
        if state is not None:
            (out.checkpoints / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    assert has_checkpoint(out.folder)
    out.open(resume=True, needed_bytes=0)
    assert sorted(path.name for path in out.checkpoints.iterdir()) == ["checkpoint-3", "run.json"]
    shutil.rmtree(out.checkpoints / "checkpoint-3")
    assert not has_checkpoint(out.folder)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter failed writing file data/3: file write failed"),
    ],
    ids=["file", "weights", "checkpoint"],
)
def test_a_disk_that_gets_full_is_told(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(EngineError) as told, Out(tmp_path / "out", {}).writing():
        raise error
    assert told.value.code == "cannot_write"
    assert "空き容量を確かめ" in told.value.message.ja
    assert "No space" not in told.value.message.ja
    assert "--resume" in told.value.message.en


def test_what_is_no_matter_of_writing_is_not_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), Out(tmp_path / "out", {}).writing():
        raise RuntimeError("shapes differ")


def test_how_vectors_are_made_goes_on_with_the_weights(tmp_path: Path) -> None:
    source = write_sentence_transformer(tmp_path / "source", mode="cls", normalize=False)
    base = find_base(Catalog.load(), Task.SIMILAR, "en", model=str(source), rows=(), seed=0)
    (tmp_path / "out").mkdir()
    write_model(tmp_path / "out", base.loaded.model, base.loaded, base=base.folder)
    found = read_sentence_folder(tmp_path / "out")
    assert (found.pooling, found.normalize, found.max_length) == ("cls", False, 64)


def test_a_layer_over_the_packs_vectors_goes_on_with_the_weights(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    base = find_base(Catalog.load(models_dir=pack), Task.SIMILAR, "en", model=None, rows=(), seed=0)
    wanted = read_dense(pack / "similar" / "2_Dense").weight
    (tmp_path / "out").mkdir()
    write_model(tmp_path / "out", base.loaded.model, base.loaded, base=base.folder)
    assert torch.equal(read_dense(tmp_path / "out" / "2_Dense").weight, wanted)
    assert not torch.equal(wanted, torch.eye(len(wanted)))


def test_only_the_tokenizers_files_are_copied(tmp_path: Path) -> None:
    make(BertModel, tiny_config()).save_pretrained(tmp_path)
    for name in ("vocab.txt", "tokenizer_config.json", "scores.json", "yomite.json", "model.safetensors.index.json"):
        (tmp_path / name).write_text("{}")
    for name in ("examples.json", "notes.txt", "our.model", "dict.txt"):
        (tmp_path / name).write_text("a person's own")
    assert [path.name for path in tokenizer_files(tmp_path)] == ["tokenizer_config.json", "vocab.txt"]
    assert [path.name for path in tokenizer_files(tmp_path, ["dict.txt"])] == ["dict.txt", "tokenizer_config.json", "vocab.txt"]


def test_the_told_command_line_has_no_folder_of_the_machine(tmp_path: Path) -> None:
    data = tmp_path / "our rows.jsonl"
    data.write_text("")
    words = [
        "train",
        "sentiment",
        f"--data={data}",
        "--model",
        str(tmp_path),
        "--device",
        "cpu",
        "--batch=64",
        "--precision=auto",
        "--seed",
        "3",
        "--json",
        "--lang=ja",
    ]
    assert command_line(words) == f"yomite train sentiment '--data=our rows.jsonl' --model {tmp_path.name} --seed 3"


def test_all_weights_are_trained_at_a_rate_of_their_own(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30))
    words = ["sentiment", "--data", str(data)]
    lora, whole = (train_wish(parser("train", "en").parse_args([*words, *more]), []) for more in ([], ["--full"]))
    assert (lora.plan.rank, whole.plan.rank) == (16, None)
    assert whole.plan.learning_rate < lora.plan.learning_rate
    assert str(lora.out) == "yomite-sentiment"


def test_the_settings_of_the_run_are_kept_beside_its_checkpoints(tmp_path: Path) -> None:
    Out(tmp_path / "out", {"seed": 1, "task": "ner"}).open(resume=False, needed_bytes=0)
    assert json.loads((tmp_path / "out" / "checkpoints" / "run.json").read_text()) == {"seed": 1, "task": "ner"}
    with pytest.raises(BadInputError, match="seed: 1 → 2"):
        Out(tmp_path / "out", {"seed": 2, "task": "ner"}).open(resume=True, needed_bytes=0)
    shutil.rmtree(tmp_path / "out")


def test_of_another_file_no_digest_is_told(tmp_path: Path) -> None:
    Out(tmp_path / "out", {"data": "a" * 64, "dev": None, "seed": 1}).open(resume=False, needed_bytes=0)
    with pytest.raises(BadInputError) as refused:
        Out(tmp_path / "out", {"data": "b" * 64, "dev": "c" * 8, "seed": 1}).open(resume=True, needed_bytes=0)
    assert "（data：ファイルの中身が違います、dev：– → cccccccc）" in refused.value.message.ja
    assert "(data: another content of the file, dev: – → cccccccc)" in refused.value.message.en
