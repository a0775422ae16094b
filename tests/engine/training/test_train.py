"""`train` from the file of examples to the folder: each task on a tiny model, with what it says and writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import BertForMaskedLM, BertForSequenceClassification, BertForTokenClassification, Trainer

from engine.catalog import Catalog
from engine.catalog.described import read_description
from engine.contract import SentimentRequest, SentimentResult, Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.training.exit_codes import BAD_INPUT, CANNOT_TRAIN, OK
from engine.training.plan import FEW_DEV_ROWS, PATIENCE
from tests.engine.training.examples import ROWS, sentiment_rows, write_rows
from tests.support.checkpoints import LORA_TARGETS, write_english, write_japanese
from tests.support.trained import write_trained

Command = Callable[..., int]
FAST = ("--epochs", 6, "--learning-rate", 0.005, "--patience", 6)


def scores(folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads((folder / "scores.json").read_text())
    return found


def losses(folder: Path) -> list[float]:
    return [loss for _, loss in json.loads((folder / "losses.json").read_text())]


@pytest.mark.parametrize(("task", "measure"), [("sentiment", "macro_f1"), ("ner", "f1"), ("ask", "f1"), ("similar", "spearman")])
def test_each_task_is_learnt_from_the_packs_own_model(task: str, measure: str, command: Command, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", ROWS[task](200))
    assert command("train", task, "--data", data, "--out", tmp_path / "out", *FAST) == OK
    found = scores(tmp_path / "out")
    assert found["after"][measure] > max(0.75, found["before"][measure] + 0.1)
    course = losses(tmp_path / "out")
    assert sum(course[-5:]) < sum(course[:5]) * 0.6
    assert (tmp_path / "out" / "course.png").read_bytes().startswith(b"\x89PNG")


def test_the_folder_is_a_model_of_the_catalog_that_says_what_it_is(command: Command, tmp_path: Path, calm_pack: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(120))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", *FAST) == OK
    description = read_description(tmp_path / "out")
    assert description is not None
    assert (description.task, description.tokenizer, description.window) == (Task.SENTIMENT, "bilingual", 256)
    assert (description.licence, description.base) == ("CC-BY-SA-4.0", "yomite/sentiment")
    entry = Catalog.load(models_dir=calm_pack).entry(Task.SENTIMENT, "ja", model=str(tmp_path / "out"))
    assert entry.window == 256
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert not any("lora" in name for name in weights)
    assert not (tmp_path / "out" / "checkpoints").exists()


def test_the_card_tells_the_truth_and_no_path_of_the_machine(command: Command, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "our-rows.jsonl", sentiment_rows(120))
    out = tmp_path / "our-model"
    assert command("train", "sentiment", "--data", data, "--out", out, "--seed", 3, *FAST) == OK
    card = (out / "README.md").read_text(encoding="utf-8")
    found = scores(out)
    assert card.startswith("---\nlicense: cc-by-sa-4.0\n")
    assert "`our-rows.jsonl`: 120 rows, SHA-256 `" in card
    assert "100 rows were learnt from, 20 were set apart" in card
    assert f"| macro f1 | {found['before']['macro_f1']:.4f} | {found['after']['macro_f1']:.4f} |" in card
    assert "yomite train sentiment --data our-rows.jsonl --seed 3 --epochs 6" in card
    assert "LoRA of rank 16" in card
    assert str(tmp_path) not in card + (out / "yomite.json").read_text() + (out / "config.json").read_text()


@pytest.mark.parametrize("whole", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize(("kind", "write"), [("bert-japanese", write_japanese), ("fast", write_english)], ids=["mecab", "english"])
def test_models_of_the_hubs_kind_are_trained_too(
    kind: str, write: Callable[..., Path], whole: bool, command: Command, tmp_path: Path
) -> None:
    base = write(tmp_path / "base", BertForSequenceClassification, labels=("negative", "neutral", "positive"))
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(200, english_only=kind == "fast"))
    words = ("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--model", base, *FAST)
    assert command(*words, *(["--full"] if whole else [])) == OK
    found = scores(tmp_path / "out")
    assert found["after"]["macro_f1"] > max(0.75, found["before"]["macro_f1"] + 0.1)
    description = read_description(tmp_path / "out")
    assert description is not None
    assert description.tokenizer == kind


def test_a_model_without_the_tasks_head_gets_a_fresh_one_and_has_no_score_before(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_english(tmp_path / "base", BertForMaskedLM)
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(200, english_only=True))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--model", base, *FAST) == OK
    said = capsys.readouterr()
    assert scores(tmp_path / "out")["before"] is None
    assert scores(tmp_path / "out")["after"]["macro_f1"] > 0.75
    assert "a fresh one is trained" in said.err
    assert "初めてこのタスクを学習しました" in said.out


def test_a_head_that_lacks_labels_of_the_data_is_replaced(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = write_english(tmp_path / "base", BertForSequenceClassification, labels=("NEGATIVE", "POSITIVE"))
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(60, english_only=True))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--model", base, "--epochs", 1) == OK
    assert "The model's head lacks labels of the data" in capsys.readouterr().err
    assert set(json.loads((tmp_path / "out" / "config.json").read_text())["id2label"].values()) == {"negative", "neutral", "positive"}


def test_a_taggers_own_labels_are_kept(command: Command, tmp_path: Path) -> None:
    labels = ("O", "I-PER", "I-ORG", "I-LOC", "I-MISC", "I-DATE")
    base = write_japanese(tmp_path / "base", BertForTokenClassification, labels=labels)
    data = write_rows(tmp_path / "rows.jsonl", ROWS["ner"](200))
    assert command("train", "ner", "--data", data, "--out", tmp_path / "out", "--model", base, "--full", *FAST, "--epochs", 12) == OK
    assert tuple(json.loads((tmp_path / "out" / "config.json").read_text())["id2label"].values()) == labels
    assert scores(tmp_path / "out")["after"]["f1"] > 0.75


def test_the_same_seed_gives_the_same_weights_and_another_one_others(command: Command, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(60))
    dev = write_rows(tmp_path / "dev.jsonl", sentiment_rows(20, seed=9))
    for name, seed in (("one", 5), ("same", 5), ("other", 6)):
        words = ("train", "sentiment", "--data", data, "--dev", dev, "--out", tmp_path / name, "--epochs", 2, "--seed", seed)
        assert command(*words) == OK
    one, same, other = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "same", "other"))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_it_ends_when_the_dev_rows_are_read_no_better_and_keeps_the_best_state(command: Command, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(120))
    words = ("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--epochs", 40, "--patience", 2, "--learning-rate", 0.01)
    assert command(*words) == OK
    card = (tmp_path / "out" / "README.md").read_text()
    steps, best = (int(found) for found in card.split("- steps: ")[1].split("\n")[0].replace(", the best state at step ", " ").split())
    assert steps < 40 * 7
    assert steps - best == 2 * 7  # two measurings of an epoch of 7 steps


def test_few_dev_rows_choose_no_state(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(120))
    # What is learnt so fast gets no better after an epoch or two: with a patience it would end.
    words = ("train", "sentiment", "--data", data, "--epochs", 12, "--learning-rate", 0.01)
    assert command(*words, "--out", tmp_path / "out") == OK
    card = (tmp_path / "out" / "README.md").read_text()
    assert "- epochs: all 12, " in card
    assert f"- steps: {12 * 7}\n" in card
    assert "The last state was kept" in card
    said = capsys.readouterr().err
    assert "Too few dev rows (20) to choose the best state by: all 12 epochs are run" in said
    assert "検証データが 20 行しかなく" in said
    dev = write_rows(tmp_path / "dev.jsonl", sentiment_rows(FEW_DEV_ROWS, seed=4))
    assert command(*words, "--dev", dev, "--out", tmp_path / "chosen") == OK
    card = (tmp_path / "chosen" / "README.md").read_text()
    assert f"- epochs: at most 12, ended after {PATIENCE} measurings without a better one" in card
    assert "The best state was chosen on these rows" in card
    assert "Too few dev rows" not in capsys.readouterr().err


def test_what_training_spoilt_is_said_plainly(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write_rows(tmp_path / "rows.jsonl", sentiment_rows(120))
    assert command("train", "sentiment", "--data", good, "--out", tmp_path / "good", *FAST) == OK
    swapped = {"positive": "negative", "negative": "positive", "neutral": "neutral"}
    wrong = [{**row, "label": swapped[str(row["label"])]} for row in sentiment_rows(60, seed=2)]
    bad, dev = write_rows(tmp_path / "bad.jsonl", wrong), write_rows(tmp_path / "dev.jsonl", sentiment_rows(40, seed=3))
    capsys.readouterr()
    words = ("train", "sentiment", "--data", bad, "--dev", dev, "--model", tmp_path / "good", "--out", tmp_path / "spoilt")
    assert command(*words, "--learning-rate", 0.05, "--epochs", 2) == OK
    said = capsys.readouterr().out
    assert "学習しても良くなりませんでした" in said
    assert "Training did not help" in said
    assert "yomite models use" not in said


@pytest.mark.parametrize(
    ("speech", "there", "not_there"),
    [
        ("ja", ("学習前", "学習で良くなりました", "検証データは 20 行しかない", "使うには"), "Training helped"),
        ("en", ("before", "Training helped", "With only 20 dev rows", "To use it"), "学習"),
    ],
)
def test_it_talks_in_the_language_that_is_asked_for(
    speech: str, there: tuple[str, ...], not_there: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(120))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--lang", speech, *FAST) == OK
    said = capsys.readouterr().out
    assert all(words in said for words in there)
    assert not_there not in said


def test_json_prints_one_object_alone_on_stdout(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(60))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", "--epochs", 1, "--json") == OK
    found = json.loads(capsys.readouterr().out)
    assert (found["task"], found["rows"], found["dev_rows"], found["steps"]) == ("sentiment", 40, 20, 3)
    assert set(found["before"]) == set(found["after"]) >= {"macro_f1", "accuracy"}


def test_texts_longer_than_the_window_are_counted(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = sentiment_rows(60)
    rows[0]["text"] = "the cat " * 40
    data = write_rows(tmp_path / "rows.jsonl", rows)
    words = ("train", "sentiment", "--data", data, "--dev", data, "--out", tmp_path / "out", "--epochs", 1, "--max-pieces", 32)
    assert command(*words) == OK
    said = capsys.readouterr().err
    assert "Texts longer than 32 tokens, of which only the first part is learnt from: 1." in said
    assert "60 行は学習データと同じ文章です" in said  # and the dev file shares all its texts


def test_a_trained_model_can_be_trained_on(command: Command, tmp_path: Path, calm_pack: Path) -> None:
    rows = sentiment_rows(120)
    data = write_rows(tmp_path / "rows.jsonl", rows)
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "out", *FAST) == OK
    first = scores(tmp_path / "out")["after"]
    assert command("train", "sentiment", "--data", data, "--model", tmp_path / "out", "--out", tmp_path / "more", "--epochs", 1) == OK
    assert scores(tmp_path / "more")["before"] == pytest.approx(first)
    engine = Engine(Catalog.load(models_dir=calm_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    [answer] = engine.run([SentimentRequest(text=str(rows[0]["text"]), model=str(tmp_path / "more"))])
    assert isinstance(answer, SentimentResult)
    assert answer.label == rows[0]["label"]


@pytest.mark.parametrize(
    ("lang", "said"), [("ja", "学習のもとにするモデルのフォルダです"), ("en", "is the folder of the model that is trained further")]
)
def test_a_model_is_never_written_over_by_what_is_trained_from_it(
    lang: str, said: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_trained(tmp_path / "base")
    before = (base / "model.safetensors").read_bytes()
    (tmp_path / "link").symlink_to(base)
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30))
    words = ("train", "sentiment", "--data", data, "--model", base, "--out", tmp_path / "link", "--epochs", 1, "--lang", lang)
    assert command(*words) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert (base / "model.safetensors").read_bytes() == before


def test_a_run_is_not_gone_on_with_on_another_model_of_the_same_name(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30)), tmp_path / "out"
    bases = [write_trained(tmp_path / place / "base", seed=seed) for seed, place in enumerate(("one", "other"))]
    words = ("train", "sentiment", "--data", data, "--out", out, "--epochs", 1, "--model")
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(Trainer, "train", _full_disk)
        assert command(*words, bases[0]) == CANNOT_TRAIN
    capsys.readouterr()
    assert command(*words, bases[1], "--resume") == BAD_INPUT
    said = capsys.readouterr().err
    assert "weights：ファイルの中身が違います" in said
    assert "weights: another content of the file" in said
    assert command(*words, bases[0], "--resume") == OK


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_an_adapter_whose_head_lacks_labels_of_the_data_is_refused(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_english(tmp_path / "base", BertForSequenceClassification, labels=("NEGATIVE", "POSITIVE"))
    model = BertForSequenceClassification.from_pretrained(base)
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=LORA_TARGETS))
    adapted.peft_config["default"].base_model_name_or_path = "../base"
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    words = ("train", "sentiment", "--model", tmp_path / "adapter", "--epochs", 1)
    neutral = write_rows(tmp_path / "rows.jsonl", sentiment_rows(60, english_only=True))
    assert command(*words, "--data", neutral, "--out", tmp_path / "out") == CANNOT_TRAIN
    said = capsys.readouterr().err
    assert "The head of the adapter adapter lacks labels of the data" in said
    assert "アダプタ「adapter」の出力層には" in said
    rows = [row for row in sentiment_rows(90, english_only=True) if row["label"] != "neutral"]
    assert command(*words, "--data", write_rows(tmp_path / "two.jsonl", rows), "--out", tmp_path / "out") == OK


@pytest.mark.parametrize(("lang", "said"), [("ja", "検証用の行に固有名が 1 つもない"), ("en", "The rows to measure by mark no entity")])
def test_entities_are_not_measured_on_rows_without_any(
    lang: str, said: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", ROWS["ner"](30))
    dev = write_rows(tmp_path / "dev.jsonl", [{**row, "entities": []} for row in ROWS["ner"](20, seed=1)])
    assert command("train", "ner", "--data", data, "--dev", dev, "--out", tmp_path / "out", "--lang", lang) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("task", "rows", "said"),
    [
        ("sentiment", sentiment_rows(5), "holds only 5 rows"),
        ("sentiment", [{**row, "label": "neutral"} for row in sentiment_rows(20)], "labelled neutral"),
        ("ner", [{**row, "entities": []} for row in ROWS["ner"](20)], "marks no entity"),
        ("ask", [{**row, "answers": []} for row in ROWS["ask"](20)], "has an answer"),
        ("ask", [{**row, "context": "1 on the mat is cat", "answers": [{"text": "cat"}]} for row in ROWS["ask"](20)], "--dev"),
        ("similar", [{**row, "score": 2.0} for row in ROWS["similar"](20)], "the score 2"),
    ],
)
def test_rows_that_nothing_can_be_learnt_from_are_refused(
    task: str, rows: list[dict[str, object]], said: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", rows)
    assert command("train", task, "--data", data, "--out", tmp_path / "out") == BAD_INPUT
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_that_does_not_exist_is_no_bad_data(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(20))
    (tmp_path / "empty").mkdir()
    words = ("train", "sentiment", "--data", data, "--model", tmp_path / "empty", "--out", tmp_path / "out")
    assert command(*words) == CANNOT_TRAIN
    assert "holds no model" in capsys.readouterr().err


def test_a_model_that_memory_has_no_room_for_is_told(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = write_rows(tmp_path / "rows.jsonl", sentiment_rows(20)), write_trained(tmp_path / "large", too_large=True)
    assert command("train", "sentiment", "--data", data, "--model", folder, "--out", tmp_path / "out") == CANNOT_TRAIN
    said = capsys.readouterr().err
    assert "Memory does not suffice." in said
    assert "メモリが足りません。" in said


def test_the_folder_is_looked_at_before_anything_is_measured(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30))
    unanswerable = write_rows(tmp_path / "dev.jsonl", [{"text": "Добрый день", "label": "neutral"}])
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    assert command("train", "sentiment", "--data", data, "--dev", unanswerable, "--out", out, "--epochs", 1) == BAD_INPUT
    assert "holds something that is no result of a training" in capsys.readouterr().err


def test_the_commands_that_are_named_in_the_end_can_be_copied_whatever_the_folder_is_called(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(200))
    assert command("train", "sentiment", "--data", data, "--out", tmp_path / "my model", *FAST) == OK
    assert f"`yomite models use '{tmp_path}/my model'`" in capsys.readouterr().out


def test_rows_of_which_the_model_can_read_none_are_told(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [{**row, "question": "cat " * 400} for row in ROWS["ask"](20)])
    dev = write_rows(tmp_path / "dev.jsonl", ROWS["ask"](8))
    assert command("train", "ask", "--data", data, "--dev", dev, "--out", tmp_path / "out") == BAD_INPUT
    assert "can read none of the rows" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_where_nothing_was_learnt_no_command_to_use_it_is_named(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_english(tmp_path / "base", BertForMaskedLM)
    data = write_rows(tmp_path / "rows.jsonl", ROWS["ner"](12))
    words = ("train", "ner", "--data", data, "--model", base, "--out", tmp_path / "out", "--epochs", 1, "--lang", "en")
    assert command(*words) == OK
    said = capsys.readouterr().out
    assert "It has learnt nothing yet (F1 on the dev rows is 0)" in said
    assert "To use it" not in said
