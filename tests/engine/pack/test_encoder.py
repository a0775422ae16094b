"""Masking takes whole words at the stated rates; the encoder learns all its goals together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import BertConfig, BertModel

from engine.pack.batches import BatchStream, JoinedStream
from engine.pack.encoder import SHARES, TURNS, Vocabulary, asked_places, goals, train_everything
from engine.pack.goals import TEACHER_WIDTH, BilingualEncoder
from engine.pack.ragged import Ragged, save_arrays
from engine.pack.running import Run, draw_course, train
from engine.pack.texts import BLOCK_PIECES, blocks_of, reduced, sentences
from engine.reference.masking import NOT_ASKED, mask_words
from engine.tokenization.bilingual import SPECIAL_TOKENS

SPECIAL = [0, 1, 2, 3, 4]
PIECES = 60


def test_masking_takes_whole_words_at_the_rates_of_bert() -> None:
    generator = np.random.default_rng(0)
    blocks = generator.integers(5, 200, size=(400, 64)).astype(np.int32)
    blocks[:, 0] = 2
    continues = np.zeros(200, dtype=np.bool_)
    continues[100:] = True
    masked, labels = (t.numpy() for t in mask_words(blocks, continues=continues, special=SPECIAL, mask_id=4, generator=generator))
    chosen = labels != -100
    assert not chosen[:, 0].any()
    assert 0.12 < chosen[:, 1:].mean() < 0.18
    assert np.array_equal(labels[chosen], blocks[chosen])
    together = continues[blocks[:, 2:]]  # a continuing piece shares the fate of the piece before it
    assert np.array_equal(chosen[:, 2:][together], chosen[:, 1:-1][together])
    assert 0.77 < (masked[chosen] == 4).mean() < 0.83
    assert np.array_equal(masked[~chosen], blocks[~chosen])
    assert 0.07 < (masked[chosen] == blocks[chosen]).mean() < 0.13


def test_sentences_are_cut_at_japanese_full_stops_within_the_length_limits() -> None:
    lines = iter(["吾輩は猫である。名前はまだ無い。", "短い。", "どこで生れたかとんと見当がつかぬ。"])
    assert sentences(lines, limit=2) == ["吾輩は猫である。", "名前はまだ無い。"]


def test_running_text_becomes_blocks_that_begin_with_cls_and_lose_only_the_end() -> None:
    lines = [list(range(10, 60))] * 10
    blocks = blocks_of(lines, first=2, separator=3)
    assert blocks.shape == (10 * 51 // (BLOCK_PIECES - 1), BLOCK_PIECES)
    assert (blocks[:, 0] == 2).all()
    assert blocks[0, 1:52].tolist() == [*range(10, 60), 3]


@pytest.mark.parametrize("asked", [2, 5, 9])
def test_as_many_places_are_asked_for_in_each_batch(asked: int) -> None:
    labels = torch.full((3, 8), NOT_ASKED)
    labels.view(-1)[:asked] = torch.arange(10, 10 + asked)
    found = asked_places(labels, most=5, generator=np.random.default_rng(0))
    assert found["places"].shape == found["labels"].shape == (5,)
    real = found["labels"] != NOT_ASKED
    assert int(real.sum()) == min(asked, 5)
    assert torch.equal(labels.flatten()[found["places"][real]], found["labels"][real])


def test_places_that_stand_for_nothing_change_no_loss() -> None:
    model = small_encoder().eval()
    ids = torch.arange(5, 21).reshape(2, 8)
    few = {"ids": ids, "places": torch.tensor([3, 9]), "labels": torch.tensor([7, 12])}
    more = {"ids": ids, "places": torch.tensor([3, 9, 0, 0]), "labels": torch.tensor([7, 12, NOT_ASKED, NOT_ASKED])}
    with torch.no_grad():
        assert torch.allclose(model(words=few)["loss"], model(words=more)["loss"])


def test_reduced_vectors_keep_the_cosines() -> None:
    generator = np.random.default_rng(0)
    vectors = (generator.normal(size=(500, 40)) @ generator.normal(size=(40, 512))).astype(np.float32)
    kept = reduced(vectors).astype(np.float64)
    assert kept.shape == (500, TEACHER_WIDTH)

    def cosines(rows: np.ndarray) -> np.ndarray:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit @ unit.T

    assert np.abs(cosines(kept) - cosines(vectors.astype(np.float64))).max() < 0.03


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """Arrays in which something can be learnt: the second piece of a row decides all its labels."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "prepared"
    folder.mkdir()
    rows = [[2, *generator.integers(5, PIECES, size=int(generator.integers(3, 9))).tolist(), 3] for _ in range(128)]
    first = np.array([row[1] for row in rows])
    ragged = Ragged.of(rows)
    labels = Ragged.of([[255, *(piece % 3 for piece in row[1:-1]), 255] for row in rows])
    spans = np.stack([np.zeros(128), np.zeros(128)], axis=1).astype(np.int32)
    save_arrays(folder / "translations.npz", {"english": ragged, "japanese": ragged})
    save_arrays(folder / "meaning.npz", {"ids": ragged, "teacher": (100 * np.eye(TEACHER_WIDTH, dtype=np.int8))[first % 8]})
    blocks = np.tile(np.arange(10, 10 + BLOCK_PIECES) % 50 + 5, (8, 1)).astype(np.uint16)
    save_arrays(folder / "words.npz", {"blocks": blocks, "repeats": np.array([1, 2] * 4, dtype=np.uint8)})
    save_arrays(folder / "order.npz", {"first": ragged, "second": ragged, "labels": (first % 2).astype(np.uint8)})
    inner = Ragged.of([row[1:-1] for row in rows])
    answers = {"questions": inner, "contexts": inner, "owners": np.arange(128, dtype=np.int32), "spans": spans}
    save_arrays(folder / "answers.npz", answers)
    save_arrays(folder / "entities.npz", {"ids": ragged, "labels": labels})
    save_arrays(folder / "feelings.npz", {"ids": ragged, "labels": (first % 3).astype(np.uint8)})
    return folder


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary([*SPECIAL_TOKENS, *(f"w{i}" for i in range(PIECES - len(SPECIAL_TOKENS)))])


def small_encoder() -> BilingualEncoder:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=PIECES,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BilingualEncoder(config)
    model.taught_by(BertModel(config, add_pooling_layer=False))
    return model


def trained_together(model: BilingualEncoder, streams: Mapping[str, BatchStream], *, turns: Sequence[str], run: Run) -> None:
    train(model, JoinedStream(streams, always="words", turns=turns, seed=2), run=run)


@pytest.mark.parametrize("name", sorted(SHARES.keys() - {"words"}))
def test_each_goal_is_learnt_beside_words(name: str, prepared: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    model = small_encoder()
    streams = goals(prepared, vocabulary, tokens=round(512 / SHARES[name]))
    batch = next(iter(JoinedStream(streams, always="words", turns=[name], seed=7)))
    assert set(batch) == {"words", name}
    with torch.no_grad():
        before = model(**batch)
    trained_together(model, streams, turns=[name], run=Run(folder=tmp_path / "run", steps=150, learning_rate=4e-3))
    with torch.no_grad():
        after = model.eval()(**batch)
    for each in batch:
        assert after[each] < 0.8 * before[each]


def test_every_goal_has_its_turn(prepared: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    assert set(TURNS) | {"words"} == SHARES.keys()
    streams = goals(prepared, vocabulary, tokens=512)
    batches = iter(JoinedStream(streams, always="words", turns=TURNS, seed=7))
    assert [set(next(batches)) - {"words"} for _ in TURNS] == [{name} for name in TURNS]
    train_everything(small_encoder(), streams, run=Run(folder=tmp_path / "run", steps=len(TURNS), learning_rate=1e-3))


def test_parts_of_a_batch_with_different_numbers_of_rows_arrive_whole(tmp_path: Path) -> None:
    class Counting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.seen: list[tuple[int, int]] = []

        def forward(self, few: dict[str, torch.Tensor], many: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            self.seen.append((len(few["ids"]), len(many["ids"])))
            return {"loss": self.weight.sum()}

    def stream(rows: int) -> BatchStream:
        return BatchStream(
            [8] * rows, lambda chosen, _, *, width: {"ids": torch.zeros(len(chosen), width, dtype=torch.int64)}, budget=8 * rows
        )

    model = Counting()
    joined = JoinedStream({"few": stream(3), "many": stream(7)}, always="few", turns=["many"], seed=0)
    train(model, joined, run=Run(folder=tmp_path, steps=3, learning_rate=1e-3))
    assert model.seen == [(3, 7)] * 3


def test_a_run_ends_with_its_time(prepared: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    streams = goals(prepared, vocabulary, tokens=512)
    train_everything(small_encoder(), streams, run=Run(folder=tmp_path / "run", steps=100_000, learning_rate=1e-3, seconds=0.5, workers=2))


def test_the_course_of_a_run_is_drawn(prepared: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    run = Run(folder=tmp_path / "run", steps=30, learning_rate=1e-3)
    train_everything(small_encoder(), goals(prepared, vocabulary, tokens=512), run=run)
    draw_course(run.folder, tmp_path / "course.png", name="encoder")
    with Image.open(tmp_path / "course.png") as picture:
        assert picture.width > 500
    draw_course(tmp_path / "none", tmp_path / "none.png", name="encoder")
    assert not (tmp_path / "none.png").exists()
