"""Files and columns are read by their path; what cannot be read is said. How their bytes are read: test_attachments."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InputError
from bot.platforms.terminal.files import read_column, read_text
from tests.support.documents import pdf


def test_a_file_is_read_as_in_chat(tmp_path: Path) -> None:
    (tmp_path / "文書.pdf").write_bytes(pdf("山田太郎は社長だ。"))
    (tmp_path / "a.txt").write_bytes("猫①".encode("cp932"))
    assert read_text(tmp_path / "文書.pdf").text == "山田太郎は社長だ。"
    assert read_text(tmp_path / "a.txt").text == "猫①"
    with pytest.raises(InputError) as caught:
        read_text(_write(tmp_path / "a.docx", "x"))
    assert str(tmp_path / "a.docx") in caught.value.message.en


def test_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as missing:
        read_text(tmp_path / "no.txt")
    with pytest.raises(InputError) as folder:
        read_text(tmp_path)
    assert "no.txt がありません" in missing.value.message.ja
    assert "is a folder" in folder.value.message.en


def test_a_column_is_read_with_its_quotes_line_breaks_and_gaps(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", 'id,Text\n1,"一行目\n二行目、""引用"""\n2,\n3\n\n4,plain\n')
    read = read_column(path, None)
    assert read.column == "Text"
    assert read.texts == ('一行目\n二行目、"引用"', "", "", "plain")
    assert read_column(path, "ID").texts == ("1", "2", "3", "4")


def test_a_single_column_needs_no_name_and_tabs_separate_a_tsv(tmp_path: Path) -> None:
    assert read_column(_write(tmp_path / "a.csv", "感想\n最高\n"), None).texts == ("最高",)
    assert read_column(_write(tmp_path / "a.tsv", "n\ttext\n1\ta,b\n"), None).texts == ("a,b",)


def test_a_table_in_shift_jis_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text\n最高\n".encode("cp932"))
    read = read_column(path, None)
    assert read.texts == ("最高",)
    assert "Shift_JIS" in read.notes[0].ja


@pytest.mark.parametrize(
    ("content", "column", "ja", "en"),
    [
        ("a,b\n1,2\n", None, "列「text」がありません。ある列：a, b", "no column 'text'. There are: a, b"),
        ("a,b\n1,2\n", "c", "列「c」がありません", "no column 'c'"),
        ("text\n", None, "行がありません", "no rows"),
        ("", None, "列「text」がありません", "no column"),
        ('text\n"unclosed', None, "CSV として読めません", "cannot be read as CSV"),
    ],
)
def test_a_wrong_table_is_explained(tmp_path: Path, content: str, column: str | None, ja: str, en: str) -> None:
    with pytest.raises(InputError) as caught:
        read_column(_write(tmp_path / "a.csv", content), column)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path
