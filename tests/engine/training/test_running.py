"""A run that is stopped and gone on with ends as one that was not; what is written answers as what was trained; memory is minded."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import BertForMaskedLM

from engine.catalog import Catalog
from engine.contract import SentimentRequest, SentimentResult, Task
from engine.engine import Engine
from engine.errors import ModelError
from engine.examples.reading import read_examples
from engine.examples.rows import ExampleTask
from engine.models.cache import ModelCache
from engine.training import running, teaching
from engine.training.base import Base, find_base
from engine.training.exit_codes import BAD_INPUT, CANNOT_TRAIN, INTERRUPTED, OK
from engine.training.goal import Batch, Goal, Place
from engine.training.lora import merged, trainable
from engine.training.measuring import InMemory
from engine.training.memory import USABLE_SHARE, fixed_bytes, row_bytes
from engine.training.out import Out
from engine.training.plan import Plan
from engine.training.running import Course, Run, attention_to_learn, train
from engine.training.sentiment import sentiment_goal
from engine.training.similar import similar_goal
from engine.training.teaching import Teaching, write_result
from engine.training.train import describe
from engine.training.voice import Voice
from engine.training.watching import StopWish, heeding_signals
from tests.engine.training.examples import ROWS, sentiment_rows, write_rows
from tests.support.checkpoints import make, tiny_config

LARGEST_FILE = 16_384  # bytes: on the disk that gets full
PLAN = Plan(epochs=4, learning_rate=0.005, batch=8, patience=4, rank=4)


@pytest.fixture
def base(calm_pack: Path, tmp_path: Path) -> Callable[[], tuple[Base, Goal]]:
    examples = read_examples(write_rows(tmp_path / "rows.jsonl", sentiment_rows(44)), ExampleTask.SENTIMENT)

    def start() -> tuple[Base, Goal]:
        found = find_base(Catalog.load(models_dir=calm_pack), Task.SENTIMENT, "mixed", model=None, rows=examples.rows, seed=0)
        return found, sentiment_goal(examples.rows, found.loaded, balanced=True)  # type: ignore[arg-type]  # rows of sentiment

    return start


class WatchedGoal:
    """A goal that remembers which rows were learnt from, in their order."""

    def __init__(self, goal: Goal) -> None:
        self._goal, self.compares = goal, goal.compares
        self.seen: list[Place] = []
        self._fetched: list[Sequence[Place]] = []  # batches are fetched one ahead

    @property
    def lengths(self) -> Sequence[int]:
        return self._goal.lengths

    def batch(self, places: Sequence[Place]) -> Batch:
        self._fetched.append(places)
        return self._goal.batch(places)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        self.seen += self._fetched.pop(0)
        return self._goal.loss(model, batch)


def teach(  # type: ignore[no-untyped-def]  # a model and its course
    base: Base,
    goal: Goal,
    out: Path,
    *,
    wish: StopWish,
    stop_at: int | None = None,
    best: float = math.inf,
    resume: bool = False,
    plan: Plan = PLAN,
):
    """Train with a measure that rises up to `best` from one measuring to the next; at the one numbered `stop_at`, a person wants an end."""
    measured = [0.0, 0.0] if resume else []  # two were measured before the stop

    def measure() -> dict[str, float]:
        measured.append(min(float(len(measured)), best))
        wish.asked = wish.asked or len(measured) == stop_at
        return {"macro_f1": measured[-1]}

    begun = Teaching(
        title="test",
        base=base,
        goal=goal,
        plan=plan,
        out=Out(out, {"seed": plan.seed}),
        device="cpu",
        resume=resume,
        main="macro_f1",
        measure=measure,
        voice=Voice("en"),
    )
    return begun.run(wish)


@pytest.mark.parametrize("rank", [4, None], ids=["lora", "full"])
def test_a_run_that_was_stopped_within_an_epoch_ends_as_one_that_was_not(
    rank: int | None, base: Callable[[], tuple[Base, Goal]], tmp_path: Path
) -> None:
    plan = Plan(epochs=4, learning_rate=0.005, batch=8, patience=4, rank=rank)
    whole, course = teach(*base(), tmp_path / "whole", wish=StopWish(), plan=plan)
    assert course.steps == 4 * 6
    _, stopped = teach(*base(), tmp_path / "parts", wish=StopWish(), stop_at=2, plan=plan)
    assert stopped.stopped
    assert stopped.steps == 13  # the first step of the third epoch
    kept = {path.name for path in (tmp_path / "parts" / "checkpoints").glob("checkpoint-*")}
    assert kept == {"checkpoint-12", "checkpoint-13"}  # the best one, and the one of the stop
    started, goal = base()
    watched = WatchedGoal(goal)
    gone_on, course = teach(started, watched, tmp_path / "parts", wish=StopWish(), resume=True, plan=plan)
    assert course.steps == 4 * 6
    assert len(watched.seen) == 2 * 44 - 8  # nothing that was learnt before the stop is learnt again
    for (name, tensor), other in zip(whole.state_dict().items(), gone_on.state_dict().values(), strict=True):
        assert (tensor - other).abs().max() <= 1e-6, name


@pytest.mark.parametrize("rank", [4, None], ids=["lora", "full"])
@pytest.mark.parametrize(("patience", "steps", "best_step"), [(2, 5 * 6, 3 * 6), (None, 6 * 6, None)], ids=["early", "whole"])
def test_a_run_that_ended_is_taken_as_it_ended_and_not_trained_on(
    rank: int | None, patience: int | None, steps: int, best_step: int | None, base: Callable[[], tuple[Base, Goal]], tmp_path: Path
) -> None:
    plan = Plan(epochs=6, learning_rate=0.005, batch=8, patience=patience, rank=rank)
    kept, course = teach(*base(), tmp_path / "out", wish=StopWish(), best=2.0, plan=plan)
    assert (course.steps, course.best_step) == (steps, best_step)
    started, goal = base()
    watched = WatchedGoal(goal)
    again, taken = teach(started, watched, tmp_path / "out", wish=StopWish(), resume=True, plan=plan)
    assert watched.seen == []
    assert taken == course
    for (name, tensor), other in zip(kept.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(tensor, other), name


def test_a_wish_to_stop_at_the_end_of_a_run_that_ends_then_costs_no_further_step(
    base: Callable[[], tuple[Base, Goal]], tmp_path: Path
) -> None:
    plan = Plan(epochs=6, learning_rate=0.005, batch=8, patience=2, rank=4)
    _, stopped = teach(*base(), tmp_path / "out", wish=StopWish(), stop_at=5, best=2.0, plan=plan)
    assert (stopped.stopped, stopped.steps) == (True, 5 * 6)
    _, taken = teach(*base(), tmp_path / "out", wish=StopWish(), resume=True, plan=plan)
    assert (taken.stopped, taken.steps, taken.best_step) == (False, 5 * 6, 3 * 6)


def test_the_folder_answers_as_the_trained_model_in_memory(base: Callable[[], tuple[Base, Goal]], tmp_path: Path) -> None:
    started, goal = base()
    model, course = teach(started, goal, tmp_path / "out", wish=StopWish())
    folder = tmp_path / "written"
    folder.mkdir()
    write_result(folder, model, started, describe(started, languages=()), course=course, title="test", main="macro_f1", japanese=False)
    texts = ["i love the cat", "この映画は素晴らしかった", "犬", "the mat was terrible. I love it"]
    requests = [SentimentRequest(text=text) for text in texts]
    in_memory = InMemory(Task.SENTIMENT, started.loaded).run(requests)
    engine = Engine(Catalog.load(), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    on_disk = engine.run([SentimentRequest(text=text, model=str(folder)) for text in texts])
    for one, other in zip(in_memory, on_disk, strict=True):
        assert isinstance(one, SentimentResult)
        assert isinstance(other, SentimentResult)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
    untrained = InMemory(Task.SENTIMENT, base()[0].loaded).run(requests)
    assert isinstance(untrained[0], SentimentResult)
    assert isinstance(in_memory[0], SentimentResult)
    assert untrained[0].probabilities != pytest.approx(in_memory[0].probabilities, abs=1e-2)


def test_with_other_memory_a_run_goes_on_with_the_rows_that_it_had_not_read(base: Callable[[], tuple[Base, Goal]], tmp_path: Path) -> None:
    found = []
    for stop_at, at_once in ((1, 8), (None, 2)):
        started, goal = base()
        watched, wish, measured = WatchedGoal(goal), StopWish(), []

        def measure(measured: list[float] = measured, wish: StopWish = wish, stop_at: int | None = stop_at) -> dict[str, float]:
            measured.append(0.5)
            wish.asked = wish.asked or len(measured) == stop_at
            return {"macro_f1": 0.5}

        plan = Plan(epochs=2, batch=8, rank=None, learning_rate=1e-4, patience=None)
        run = Run(
            title="test", plan=plan, checkpoints=tmp_path, device=torch.device("cpu"), at_once=at_once, main="macro_f1", voice=Voice("en")
        )
        train(trainable(started.loaded.model, rank=None), watched, run=run, measure=measure, wish=wish)
        found += watched.seen
    assert len(found) == 2 * 44
    assert sorted(found) == [(epoch, row) for epoch in range(2) for row in range(44)]


class ForgetfulGoal:
    """A goal on a device whose memory holds two rows at once; more of them only so many times, until it is in pieces."""

    def __init__(self, *, compares: bool = False, rows: int = 16, more: int = 0) -> None:
        self.tried: list[int] = []
        self.compares = compares
        self._rows, self._more = rows, more

    @property
    def lengths(self) -> Sequence[int]:
        return [5] * self._rows

    def batch(self, places: Sequence[Place]) -> Batch:
        return {"input_ids": torch.tensor([[2, 7, 8, 9, row % 20 + 5] for _, row in places])}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        self.tried.append(len(batch["input_ids"]))
        if len(batch["input_ids"]) > 2 and len(self.tried) > self._more:
            raise torch.OutOfMemoryError("CUDA out of memory")
        found: Tensor = model(**batch).logits.square().mean()
        return found


def test_where_memory_does_not_suffice_fewer_rows_are_read_at_once_and_as_many_make_a_step(tmp_path: Path) -> None:
    goal = ForgetfulGoal()
    model = make(BertForMaskedLM, tiny_config())
    plan = Plan(epochs=1, batch=8, rank=None, learning_rate=1e-4)
    run = Run(title="test", plan=plan, checkpoints=tmp_path, device=torch.device("cpu"), at_once=8, main="f1", voice=Voice("en"))
    course: Course = train(model, goal, run=run, measure=lambda: {"f1": 0.5}, wish=StopWish())
    assert goal.tried[:3] == [8, 4, 2]
    assert set(goal.tried[2:]) == {2}
    assert (course.steps, course.at_once) == (2, 2)


@pytest.mark.parametrize("rank", [4, None], ids=["lora", "full"])
def test_where_memory_gives_out_at_a_later_step_the_run_begins_anew_with_the_weights_of_its_beginning(
    rank: int | None, tmp_path: Path
) -> None:
    found = []
    for name, at_once, more, tried in (("gives out", 8, 3, [8, 8, 8, 8, 4]), ("suffices", 2, 0, [])):
        goal, model = ForgetfulGoal(rows=48, more=more), make(BertForMaskedLM, tiny_config())
        plan = Plan(epochs=1, batch=8, rank=rank, learning_rate=0.01, patience=None)
        run = Run(
            title="test", plan=plan, checkpoints=tmp_path / name, device=torch.device("cpu"), at_once=at_once, main="f1", voice=Voice("en")
        )
        torch.manual_seed(0)
        learning = trainable(model, rank=rank, head=False)
        train(learning, goal, run=run, measure=lambda: {"f1": 0.5}, wish=StopWish())
        assert goal.tried == [*tried, *[2] * 24]
        found.append(merged(learning).state_dict())
    for (name, tensor), other in zip(found[0].items(), found[1].values(), strict=True):
        assert (tensor - other).abs().max() <= 1e-6, name


def test_pairs_of_which_too_few_fit_are_not_learnt_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    goal, plan = ForgetfulGoal(compares=True), Plan(epochs=1, batch=16, rank=None, learning_rate=1e-4)
    run = Run(title="test", plan=plan, checkpoints=tmp_path, device=torch.device("cpu"), at_once=16, main="f1", voice=Voice("en"))
    with pytest.raises(ModelError) as refused:
        train(make(BertForMaskedLM, tiny_config()), goal, run=run, measure=lambda: {"f1": 0.5}, wish=StopWish())
    assert refused.value.code == "out_of_memory"
    assert goal.tried == [16, 8]
    assert "8 pairs are read at once instead of 16" in capsys.readouterr().err


@pytest.mark.parametrize(("free_pairs", "code"), [(1.5, "too_few_compared"), (5, "too_few_compared"), (9, None), (17, None)])
def test_pairs_are_read_as_free_memory_allows_and_refused_where_too_few_fit(
    free_pairs: float,
    code: str | None,
    calm_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = read_examples(write_rows(tmp_path / "rows.jsonl", ROWS["similar"](32)), ExampleTask.SIMILAR).rows
    found = find_base(Catalog.load(models_dir=calm_pack), Task.SIMILAR, "mixed", model=None, rows=rows, seed=0)
    goal = similar_goal(rows, found.loaded)  # type: ignore[arg-type]  # rows of similar
    model = trainable(found.loaded.model, rank=4)
    text = row_bytes(found.loaded.model, pieces=max(goal.lengths), vocabulary=False)
    free = (2 * text * free_pairs + fixed_bytes(model, on_device=True)) / USABLE_SHARE
    monkeypatch.setattr(teaching, "free_bytes", lambda _: int(free))
    found = find_base(Catalog.load(models_dir=calm_pack), Task.SIMILAR, "mixed", model=None, rows=rows, seed=0)
    plan = Plan(epochs=1, batch=16, rank=4, patience=None)
    with pytest.raises(ModelError) if code else nullcontext() as refused:
        _, course = teach(found, goal, tmp_path / "out", wish=StopWish(), plan=plan)
    said = capsys.readouterr().err
    if refused:
        assert refused.value.code == code
        assert "組どうしを比べて学ぶには少なすぎます" in refused.value.message.ja
        assert not (tmp_path / "out").exists()
        return
    assert course.at_once == (8 if free_pairs < 16 else 16)
    assert ("only those are compared" in said) == (free_pairs < 16)


def test_lora_trains_every_linear_layer_of_the_body_and_the_head(base: Callable[[], tuple[Base, Goal]]) -> None:
    model = base()[0].loaded.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    adapted = trainable(model, rank=4)
    trained = {name for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    for layer in ("query", "key", "value", "attention.output.dense", "intermediate.dense", "1.output.dense"):
        assert any(f"{layer}.lora_A" in name for name in trained), layer
    assert any("classifier" in name for name in trained)
    assert any("pooler" in name for name in trained)
    assert not any("embeddings" in name for name in trained)
    after = merged(adapted).state_dict()
    assert after.keys() == before.keys()
    assert all(torch.allclose(after[name], before[name]) for name in before)


@pytest.mark.parametrize(("bf16", "kind"), [(True, "eager"), (False, "sdpa")])
def test_attention_is_computed_as_is_quickest_to_learn_from_and_then_as_before(
    base: Callable[[], tuple[Base, Goal]], monkeypatch: pytest.MonkeyPatch, bf16: bool, kind: str
) -> None:
    monkeypatch.setattr(running, "computes_bf16", lambda _: bf16)
    (found, _), cpu = base(), torch.device("cpu")
    model = trainable(found.loaded.model, rank=2)
    with attention_to_learn(model, cpu):
        assert model.config._attn_implementation == kind
    assert model.config._attn_implementation == "sdpa"


def test_a_wish_to_stop_waits_for_the_end_of_a_step_but_not_twice() -> None:
    wish = StopWish(in_run=True)
    with heeding_signals(wish):
        os.kill(os.getpid(), signal.SIGTERM)
        assert wish.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    outside = StopWish()
    with heeding_signals(outside), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_stopped_command_says_how_to_go_on_and_the_same_words_with_resume_finish_it(
    command: Callable[..., int], calm_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30))
    words = ["train", "sentiment", "--data", str(data), "--out", str(tmp_path / "out"), "--epochs", "14", "--patience", "14"]
    child = subprocess.Popen(
        [sys.executable, "-m", "engine.training", *words, "--models-dir", str(calm_pack), "--device", "cpu"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"},
    )
    if child.stderr is None:
        raise RuntimeError("no stderr")
    for line in child.stderr:
        if "step" in line:
            child.send_signal(signal.SIGTERM)
            break
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait() == INTERRUPTED
    assert "--resume" in said
    assert "続きから学習します" in said
    assert not (tmp_path / "out" / "config.json").exists()
    assert command(*words) == BAD_INPUT
    assert "Go on with --resume" in capsys.readouterr().err
    assert command(*words, "--resume", "--seed", "9") == BAD_INPUT
    assert "seed: 0 → 9" in capsys.readouterr().err
    assert not (tmp_path / "out" / ".in-use").exists()
    assert command(*words, "--resume") == OK
    assert (tmp_path / "out" / "config.json").exists()


def test_a_disk_that_gets_full_within_a_run_is_told_and_the_same_words_with_resume_finish_it(
    command: Callable[..., int], calm_pack: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", sentiment_rows(30))
    words = ["train", "sentiment", "--data", str(data), "--out", str(tmp_path / "out"), "--epochs", "2", "--lang", "ja"]
    done = subprocess.run(
        [sys.executable, "-m", "engine.training", *words, "--models-dir", str(calm_pack), "--device", "cpu"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE)),
        check=False,
    )
    assert done.returncode == CANNOT_TRAIN
    assert "書き込めなくなりました" in done.stderr
    assert "Traceback" not in done.stderr
    assert command(*words, "--resume") == OK
    assert (tmp_path / "out" / "config.json").exists()
