"""The multilingual model is read out of its file exactly, and its pieces become the pack's vocabulary."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.pack.data import DataFolder
from engine.pack.e5 import BLOCK, E5FileError, read_e5
from engine.pack.encoder import start_encoder
from engine.pack.vocabulary import CORPUS_WEIGHTS, ROW_TEXTS, build_vocabulary, candidates, new_words, piece_counts

WIDTH, LAYERS, HEADS, INNER, POSITIONS = 32, 1, 2, 64, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁play", "ing", "京都", "大学", "の", "▁京都", "京", "都", "大", "学", "ы", "<mask>"]


def _names() -> list[tuple[str, tuple[int, ...]]]:
    layer = [(f"l0.{part}.{kind}", shape) for part, shapes in _PARTS.items() for kind, shape in zip("wb", shapes, strict=True)]
    return [
        ("emb.word", (len(PIECES), WIDTH)),
        ("emb.pos", (POSITIONS, WIDTH)),
        ("emb.type", (2, WIDTH)),
        ("emb.ln.w", (WIDTH,)),
        ("emb.ln.b", (WIDTH,)),
        *layer,
    ]


_SQUARE, _VECTOR = (WIDTH, WIDTH), (WIDTH,)
_PARTS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    **dict.fromkeys(("q", "k", "v", "ao"), (_SQUARE, _VECTOR)),
    "aln": (_VECTOR, _VECTOR),
    "fi": ((INNER, WIDTH), (INNER,)),
    "fo": ((WIDTH, INNER), _VECTOR),
    "oln": (_VECTOR, _VECTOR),
}


def _blocks(values: np.ndarray) -> bytes:
    """Q4_0: of 32 weights, the first 16 in the low halves of 16 bytes, the others in the high ones; each is (half - 8) · scale."""
    out = b""
    for block in values.reshape(-1, BLOCK):
        out += struct.pack("<e", 0.5) + bytes(int(a) | int(b) << 4 for a, b in zip(block[:16], block[16:], strict=True))
    return out


def write_e5(path: Path) -> dict[str, np.ndarray]:
    """A small file of the form, and the values that it holds."""
    generator = np.random.default_rng(0)
    text = [piece.encode() for piece in PIECES]
    starts = np.cumsum([0, *map(len, text)]).astype("<u4")
    head = b"E5S1" + struct.pack("<i7ifi", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, 2, 1e-12, BLOCK)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text))) + starts.tobytes()
    head += np.arange(len(PIECES), dtype="<f4").tobytes() + b"".join(text) + struct.pack("<iI", 1, 8) + bytes(8)
    values, bodies = {}, {}
    for name, shape in _names():
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            halves = generator.integers(0, 16, size=shape)
            values[name], bodies[name] = (halves - 8) * 0.5, (1, _blocks(halves))
        else:
            values[name] = generator.normal(size=shape).astype("<f4")
            bodies[name] = (0, values[name].astype("<f4").tobytes())
    entries = sum(2 + len(name) + 1 + 4 + 16 for name in bodies)
    place, listed, body = len(head) + 4 + entries, b"", b""
    for name, (kind, data) in bodies.items():
        listed += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, values[name].size, place + len(body), len(data))
        body += data
    path.write_bytes(head + struct.pack("<i", len(bodies)) + listed + body)
    return values


def test_every_weight_is_read_to_its_place(tmp_path: Path) -> None:
    values = write_e5(tmp_path / "e5.bin")
    read = read_e5(tmp_path / "e5.bin")
    assert read.pieces == PIECES
    assert read.scores.tolist() == list(range(len(PIECES)))
    assert np.array_equal(read.words, values["emb.word"])
    model = start_encoder(read, [[1], [0], [7], [8], [7, 8]])
    state = model.bert.state_dict()
    rows = values["emb.word"]
    assert state["embeddings.word_embeddings.weight"].tolist() == [*rows[[1, 0, 7, 8]].tolist(), ((rows[7] + rows[8]) / 2).tolist()]
    for ours, theirs in {
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "encoder.layer.0.attention.self.key.weight": "l0.k.w",
        "encoder.layer.0.attention.output.LayerNorm.bias": "l0.aln.b",
        "encoder.layer.0.intermediate.dense.weight": "l0.fi.w",
        "encoder.layer.0.output.dense.weight": "l0.fo.w",
    }.items():
        assert torch.equal(state[ours], torch.from_numpy(values[theirs]).float()), ours
    assert model.config.num_attention_heads == HEADS


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e5.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(E5FileError, match="E5S1"):
        read_e5(tmp_path / "e5.bin")


def test_japanese_pieces_stand_in_both_forms_and_other_scripts_not_at_all() -> None:
    found = candidates(PIECES)
    assert found["京都"] == found["##京都"] == PIECES.index("京都")
    assert (found["play"], found["##ing"]) == (PIECES.index("▁play"), PIECES.index("ing"))
    assert not {"ing", "##play", "ы", "##ы", "▁", "<s>"} & found.keys()


def test_pieces_are_counted_as_words_are_cut() -> None:
    used = piece_counts({"playing": 2.0, "京都大学": 1.0, "謎": 5.0}, candidates(PIECES))
    assert {piece: count for piece, count in used.items() if count} == {"play": 2, "##ing": 2, "京都": 1, "##大学": 1, "[UNK]": 5}


def test_the_vocabulary_holds_special_tokens_characters_and_what_is_used(tmp_path: Path) -> None:
    for name in CORPUS_WEIGHTS:
        _write(tmp_path / f"{name}.txt.gz", "京都の大学\n")
    for name, fields in ROW_TEXTS.items():
        _write(tmp_path / f"{name}.jsonl.gz", json.dumps(dict.fromkeys(fields, "playing"), ensure_ascii=False) + "\n")
    (tmp_path / "vocab.txt").write_text("[PAD]\nplay\n", encoding="utf-8")
    chosen = build_vocabulary(DataFolder(tmp_path), PIECES, tmp_path / "vocab.txt")
    assert list(chosen)[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert [PIECES[row] for (row,) in list(chosen.values())[:5]] == ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
    assert {"京都", "の", "大学", "play", "##ing", "京", "##京"} <= chosen.keys()


def test_frequent_words_of_several_pieces_become_one() -> None:
    possible = candidates(PIECES)
    words = {"学都": 100.0, "大学": 900.0, "都京学": 70.0, "学京": 1.0, "playing": 800.0, "謎学": 300.0}
    assert new_words(words, possible, count=5) == {"都京学": ["都", "##京", "##学"], "学都": ["学", "##都"]}
    assert list(new_words(words, possible, count=1)) == ["都京学"]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))
