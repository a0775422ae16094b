"""Whatever the bytes of a file are, they are read or refused with a sentence that names the file: uploads, PDFs, files of examples."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.attachments import read_attachment
from bot.errors import InputError
from bot.pdf_text import read as read_pdf
from engine.contract import Message
from engine.errors import BadInputError
from engine.examples.reading import read_examples
from engine.examples.rows import ExampleTask
from tests.fuzz.inputs import BYTES, JSON, LONG, TEXTS, fuzzed
from tests.support.documents import pdf, protected_pdf

NAMES = st.sampled_from(["a.txt", "a.csv", "a.tsv", "a.md", "a", "a.zip", "a.json", "猫.txt", "\u202etxt.exe", "../a.csv"])
PDFS = (pdf("猫は寝る。", "A cat."), protected_pdf("x", password=""), protected_pdf("x", password="secret"))

# Of every task, the names of its columns and cells that fit there.
COLUMNS = ("text", "label", "entities", "question", "context", "answers", "start", "a", "b", "score", "paraphrase", "en", "ja", "lang", "")
CELLS = TEXTS | st.sampled_from(
    ["positive", "PER", '[[0,1,"PER"]]', "1", "0.5", "ja", "", "[猫](PER)", "1e999", '"', "B-PER", "I-PER", "O"]
)
FIELDS = JSON | CELLS | st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5), st.just("PER")), max_size=3)
ROWS = st.lists(st.dictionaries(st.sampled_from(COLUMNS), FIELDS), max_size=5)
TABLES = st.lists(st.lists(CELLS, max_size=4), max_size=5)
KINDS = ("jsonl", "json", "csv", "tsv", "conll", "jsonl.gz")


def is_told(message: Message, name: str) -> None:
    """What is wrong is said in both languages, with the name of the file."""
    assert name in message.ja
    assert name in message.en


@given(NAMES, BYTES)
@fuzzed(of=3)
def test_an_upload_is_read_or_refused(name: str, data: bytes) -> None:
    try:
        read = read_attachment(name, data)
    except InputError as error:
        is_told(error.message, name)
        return
    assert read.text.strip()


@given(st.sampled_from(PDFS), st.randoms(use_true_random=False), st.integers(0, 20))
@fuzzed()
def test_a_damaged_pdf_is_read_or_said_to_be_so(data: bytes, chance: random.Random, times: int) -> None:
    damaged = bytearray(data)
    for _ in range(times):
        at = chance.randrange(len(damaged))
        if chance.random() < 0.5:
            damaged[at] = chance.randrange(256)
        else:
            damaged[at : at + chance.randrange(40)] = chance.randbytes(chance.randrange(20))
    found = read_pdf(bytes(damaged), most_pages=5)
    assert set(found) <= {"pages", "error"}
    json.dumps(found)


@given(BYTES)
@fuzzed()
def test_bytes_in_the_place_of_a_pdf_are_said_to_be_none(data: bytes) -> None:
    found = read_pdf(b"%PDF-1.4\n" + data, most_pages=5)
    assert set(found) <= {"pages", "error"}


def written(kind: str, rows: list[dict[str, Any]], table: list[list[str]]) -> bytes:
    if kind == "json":
        text = json.dumps(rows)
    elif kind.startswith("jsonl"):
        text = "\n".join(map(json.dumps, rows))
    else:
        sign = "," if kind == "csv" else "\t"
        head = ["text", "label"] if kind == "csv" else []
        text = "\n".join(sign.join(cells) for cells in ([head] if head else []) + table)
    data = text.encode("utf-8", "surrogatepass")
    return gzip.compress(data, mtime=0) if kind.endswith(".gz") else data


def read_or_refused(path: Path, data: bytes, task: ExampleTask) -> None:
    path.write_bytes(data)
    try:
        examples = read_examples(path, task)
    except BadInputError as error:
        is_told(error.message, path.name)
        return
    assert len(examples.rows) == len(examples.lines) > 0


@given(st.sampled_from(KINDS), st.sampled_from(list(ExampleTask)), ROWS, TABLES)
@fuzzed(of=3)
def test_examples_are_read_or_refused(
    tmp_path: Path, kind: str, task: ExampleTask, rows: list[dict[str, Any]], table: list[list[str]]
) -> None:
    read_or_refused(tmp_path / f"rows.{kind}", written(kind, rows, table), task)


@given(st.sampled_from(KINDS), st.sampled_from(list(ExampleTask)), BYTES, st.booleans())
@fuzzed(of=2)
def test_bytes_in_the_place_of_examples_are_read_or_refused(
    tmp_path: Path, kind: str, task: ExampleTask, data: bytes, packed: bool
) -> None:
    read_or_refused(tmp_path / f"rows.{kind}", gzip.compress(data, mtime=0) if packed else data, task)


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        *(("json", piece) for piece in ("[", "[1,")),
        *(("jsonl", piece) for piece in ('{"a":', "\u0301\u0316")),
        *(("csv", piece) for piece in ('"', "](", "[a", "\\", ",", "\r", "\u0301\u0316")),
        *(("tsv", piece) for piece in ("a\t", "[a](PER)")),
        *(("conll", piece) for piece in ("a", "猫 B-PER\n", "a O\n")),
    ],
)
def test_a_long_file_of_one_thing_is_read_or_refused(tmp_path: Path, kind: str, piece: str) -> None:
    text = piece * (LONG // len(piece))
    for whole in (text, f'{{"text": "{text}", "label": "{text}"}}', f"text,label\n{text},positive\n"):
        read_or_refused(tmp_path / f"rows.{kind}", whole.encode(), ExampleTask.NER)
