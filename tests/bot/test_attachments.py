"""Files that come with a message: what can be read is read to the last character, what cannot is said in both languages."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import matplotlib_fontja  # noqa: F401  # registers a font with Japanese characters
import psutil
import pytest
from hypothesis import given, strategies as st
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from bot import attachments
from bot.attachments import (
    MOST_BYTES,
    MOST_CHARACTERS,
    MOST_FILES,
    MOST_PDF_READERS,
    READABLE,
    check_size,
    decode,
    read_attachment,
    read_files,
)
from bot.errors import InputError
from bot.pdf import MOST_PAGES, read_pdf
from bot.platforms.platform import IncomingFile
from tests.support.documents import pdf, protected_pdf, swollen_pdf


@pytest.mark.parametrize(
    ("data", "text", "noted"),
    [
        ("猫とcat\r\n".encode(), "猫とcat\r\n", False),
        ("猫".encode("utf-8-sig"), "猫", False),
        ("猫①ﾈｺ".encode("cp932"), "猫①ﾈｺ", True),
        ("山田太郎,ﾔﾏﾀﾞ ﾀﾛｳ\n".encode("cp932"), "山田太郎,ﾔﾏﾀﾞ ﾀﾛｳ\n", True),
        ("猫がすき。\nI like cats.\n".encode("euc_jp"), "猫がすき。\nI like cats.\n", True),
        ("猫がすき。\nI like cats.\n".encode("iso2022_jp"), "猫がすき。\nI like cats.\n", True),
        (b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", False),
        ("猫".encode("utf-16"), "猫", False),
        (b"page one\fpage two", "page one\fpage two", False),
        (b"", "", False),
    ],
)
def test_a_text_is_decoded(data: bytes, text: str, noted: bool) -> None:
    read = decode(data, name="a.txt")
    assert read.text == text
    assert bool(read.notes) == noted


@pytest.mark.parametrize(("encoding", "said"), [("cp932", "Shift_JIS"), ("euc_jp", "EUC-JP"), ("iso2022_jp", "ISO-2022-JP")])
def test_the_note_tells_what_a_text_was_read_as(encoding: str, said: str) -> None:
    (note,) = decode("猫がすき。".encode(encoding), name="a.txt").notes
    assert said in note.ja
    assert said in note.en


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"\x81\xff\xfd\x80", b"\xff\xfe\x00", b"\x01\x02\x03abc"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        decode(data, name="a.png")
    assert "a.png" in caught.value.message.ja
    assert "Shift_JIS" in caught.value.message.en


@pytest.mark.parametrize("name", ["感想.txt", "notes.md", "app.log", "README", "データ.JSON"])
def test_any_text_is_read_to_the_letter(name: str) -> None:
    text = " 良い映画でした。\r\n\tI liked it. | --layer 5\n"
    assert read_attachment(name, text.encode()).text == text


@pytest.mark.parametrize(
    ("name", "content", "text", "ja", "en"),
    [
        ("a.csv", 'id,Text\n1,"一行目\n二行目"\n2,\n3,plain\n', "一行目 二行目\nplain", "列「Text」の 2 行", "2 rows of the column 'Text'"),
        ("a.csv", "感想\n最高\n最低\n", "最高\n最低", "列「感想」の 2 行", "2 rows of the column '感想'"),
        ("a.TSV", "n\ttext\n1\ta,b\n", "a,b", "列「text」の 1 行", "1 row of the column"),
        (
            "a.csv",
            "名前,年齢\n山田,30\n",
            "名前,年齢\n山田,30\n",
            "列「text」がありません（見出し：名前, 年齢）",
            "the header is: 名前, 年齢",
        ),
        ("a.csv", "良い映画\n良い,とても\n", "良い映画\n良い,とても\n", "全体をひとつの文章として", "was read as one text"),
        ("a.csv", 'text\n"unclosed', 'text\n"unclosed', "CSV として読めません", "cannot be read as CSV"),
    ],
)
def test_a_table_gives_its_column_of_texts_or_all_of_itself_and_says_which(name: str, content: str, text: str, ja: str, en: str) -> None:
    read = read_attachment(name, content.encode())
    assert read.text == text
    assert ja in read.notes[-1].ja
    assert en in read.notes[-1].en


def test_a_table_in_shift_jis_has_both_notes() -> None:
    read = read_attachment("a.csv", "text\n最高\n".encode("cp932"))
    assert read.text == "最高"
    assert ["Shift_JIS" in read.notes[0].ja, "列「text」" in read.notes[1].ja] == [True, True]


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "猫")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "ja", "en"),
    [
        ("写真.png", b"\x89PNG\r\n\x1a\n\x00\x00", "画像です", "a picture"),
        ("写真.txt", b"\x89PNG\r\n\x1a\n\x00\x00", "画像です", "a picture"),
        ("photo.JPG", b"\xff\xd8\xff\xe0\x00\x10", "画像です", "a picture"),
        ("report.docx", _archive(), "PDF で保存", "saved as a PDF"),
        ("old.doc", b"\xd0\xcf\x11\xe0\x00", "PDF で保存", "saved as a PDF"),
        ("a.rtf", b"{\\rtf1 text}", "PDF で保存", "saved as a PDF"),
        ("all.zip", _archive(), "圧縮ファイル", "an archive"),
        ("all", gzip.compress("猫".encode(), mtime=0), "圧縮ファイル", "an archive"),
        ("voice.mp3", b"ID3\x00", "音声か動画", "sound or video"),
        ("program", b"\x7fELF\x00\x01", "読める文章ではありません", "not a text"),
    ],
)
def test_other_files_are_refused_with_a_list_of_what_can_be_read(name: str, data: bytes, ja: str, en: str) -> None:
    with pytest.raises(InputError) as caught:
        read_attachment(name, data)
    message = caught.value.message
    assert [name in message.ja, ja in message.ja, READABLE.ja in message.ja] == [True] * 3
    assert [name in message.en, en in message.en, READABLE.en in message.en] == [True] * 3


@pytest.mark.parametrize(("name", "data"), [("a.txt", b""), ("a.md", " \n　\n".encode())])
def test_an_empty_file_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_attachment(name, data)
    assert "空です" in caught.value.message.ja
    assert "is empty" in caught.value.message.en


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        read_attachment("a.csv", b"text\n")
    assert "行がありません" in caught.value.message.ja
    assert "no rows" in caught.value.message.en


def test_a_file_may_have_its_largest_size_and_no_more() -> None:
    check_size("a.txt", MOST_BYTES)
    with pytest.raises(InputError) as caught:
        check_size("a.txt", MOST_BYTES + 1)
    assert "10 MiB まで" in caught.value.message.ja
    assert "Up to 10 MiB" in caught.value.message.en


def test_a_text_that_is_too_long_is_refused() -> None:
    assert read_attachment("a.txt", b"a" * 10, most_characters=10).text == "a" * 10
    with pytest.raises(InputError) as caught:
        read_attachment("a.txt", "猫".encode() * (MOST_CHARACTERS + 1))
    assert "2,000,001 文字" in caught.value.message.ja
    assert "2,000,001 characters" in caught.value.message.en


@given(st.binary(max_size=200), st.sampled_from(["a.txt", "a.csv", "a.tsv", "a", "a.zip"]))
def test_reading_bytes_raises_nothing_but_its_own_error(data: bytes, name: str) -> None:
    try:
        read = read_attachment(name, data)
    except InputError:
        return
    assert read.text.strip()


# --- PDF -----------------------------------------------------------------------------------------------------------

JAPANESE = """読み手は、文章を読んで答えるための道具である。長い段落は紙の幅で折り返さ
れるので、行末には意味のない改行が入る。
　次の段落は字下げで始まる。"""
ENGLISH = """A reader reads a text and answers, and long paragraphs are bro-
ken at the edge of the page, where a line ends without a
meaning.
- a list item"""


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        (
            [JAPANESE],
            "読み手は、文章を読んで答えるための道具である。長い段落は紙の幅で折り返されるので、行末には意味のない改行が入る。\n"
            "　次の段落は字下げで始まる。",
        ),
        (
            [ENGLISH],
            "A reader reads a text and answers, and long paragraphs are broken at the edge of the page, "
            "where a line ends without a meaning.\n- a list item",
        ),
        (["山田太郎は東京にいる。", "Tim Cook is in Cupertino."], "山田太郎は東京にいる。\nTim Cook is in Cupertino."),
    ],
)
def test_the_paragraphs_of_a_pdf_are_read(pages: list[str], text: str) -> None:
    read = read_attachment("文書.pdf", pdf(*pages))
    assert (read.text, read.notes) == (text, ())


def test_a_pdf_is_known_by_its_first_bytes() -> None:
    assert read_attachment("文書.txt", pdf("猫です。")).text == "猫です。"


def test_a_pdf_that_another_program_made_is_read() -> None:
    figure = Figure(figsize=(8, 2))
    canvas = FigureCanvasPdf(figure)
    figure.text(0.05, 0.8, "山田太郎は2019年にトヨタ自動車に入社した。", fontfamily="IPAexGothic")
    figure.text(0.05, 0.4, "Tim Cook is the CEO of Apple.", fontfamily="IPAexGothic")
    out = io.BytesIO()
    canvas.print_pdf(out)
    text = read_attachment("図.pdf", out.getvalue()).text
    assert text.splitlines() == ["山田太郎は2019年にトヨタ自動車に入社した。", "Tim Cook is the CEO of Apple."]


def test_pages_without_text_are_told() -> None:
    read = read_attachment("a.pdf", pdf("一ページ目。", "", "三ページ目。", ""))
    assert read.text == "一ページ目。\n三ページ目。"
    assert "4 ページのうち 2 ページには文字がなく" in read.notes[0].ja
    assert "no text was found on 2 of 4 pages (2, 4)" in read.notes[0].en


def test_a_pdf_that_everybody_may_read_is_read() -> None:
    assert read_attachment("a.pdf", protected_pdf("誰でも読める。", password="")).text == "誰でも読める。"


@pytest.mark.parametrize(
    ("data", "ja", "en"),
    [
        (protected_pdf("秘密", password="x"), "パスワードで保護", "protected by a password"),
        (pdf("", ""), "文字がありません", "holds no text"),
        (pdf("\ue000\ue001\ue002\ufffd"), "文字化けします", "does not say which characters"),
        (b"%PDF-1.4\nrubbish", "壊れている", "damaged"),
        (b"no pdf at all", "壊れている", "damaged"),
        (pdf("切れた文書")[:200], "壊れている", "damaged"),
        (swollen_pdf(200 * 2**20), "読みきれません", "too complex"),
        (pdf(*["猫"] * (MOST_PAGES + 1)), "201 ページあります。200 ページまで", "has 201 pages; up to 200"),
    ],
)
def test_a_pdf_that_cannot_be_read_is_explained(data: bytes, ja: str, en: str) -> None:
    with pytest.raises(InputError) as caught:
        read_attachment("文書.pdf", data)
    assert caught.value.message.ja.startswith("文書.pdf")
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


def test_a_pdf_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(InputError) as caught:
        read_pdf(pdf("猫"), name="a.pdf", timeout_s=0.001)
    assert "読みきれません" in caught.value.message.ja
    assert "too complex" in caught.value.message.en


# --- Several files -------------------------------------------------------------------------------------------------


def test_files_are_read_one_after_the_other_with_their_notes() -> None:
    files = (_file("a.txt", "猫です。".encode()), _file("b.csv", b"text\na dog\n"))
    read = asyncio.run(read_files(files))
    assert read.text == "猫です。\na dog"
    assert len(read.notes) == 1
    assert asyncio.run(read_files(())).text == ""


def test_a_file_that_is_too_large_is_not_even_fetched() -> None:
    async def never() -> bytes:
        raise RuntimeError("fetched")

    with pytest.raises(InputError, match="too large"):
        asyncio.run(read_files((IncomingFile(name="a.txt", size=MOST_BYTES + 1, read=never),)))


def _file(name: str, data: bytes) -> IncomingFile:
    async def read() -> bytes:
        return data

    return IncomingFile(name=name, size=len(data), read=read)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((10,) * (MOST_FILES + 1), ("ファイルが 11 個あります", "There are 11 files; up to 10")),
        ((MOST_BYTES, MOST_BYTES, 1), ("合わせて 20 MiB まで", "Together the files are too large (20.0 MiB)")),
    ],
)
def test_too_many_files_or_too_much_together_is_not_even_fetched(sizes: tuple[int, ...], said: tuple[str, str]) -> None:
    async def fetch() -> bytes:
        raise AssertionError("it was fetched")

    with pytest.raises(InputError) as caught:
        asyncio.run(read_files([IncomingFile(name=f"{number}.txt", size=size, read=fetch) for number, size in enumerate(sizes)]))
    assert said[0] in caught.value.message.ja
    assert said[1] in caught.value.message.en


def test_files_that_are_larger_than_was_said_are_not_all_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_BYTES_TOGETHER", 25)
    fetched = []

    def file(number: int) -> IncomingFile:
        async def fetch() -> bytes:
            fetched.append(number)
            return b"ten bytes."

        return IncomingFile(name=f"{number}.txt", size=1, read=fetch)

    with pytest.raises(InputError, match="Together"):
        asyncio.run(read_files([file(number) for number in range(5)]))
    assert fetched == [0, 1, 2]


def test_so_many_pdfs_are_read_at_a_time_and_the_others_wait() -> None:
    count = MOST_PDF_READERS + 3
    at_once = []

    async def read_all() -> None:
        reading = [asyncio.create_task(read_files((_file(f"{i}.pdf", pdf(f"{i} 匹の猫")),))) for i in range(count)]
        while not all(task.done() for task in reading):
            at_once.append(_pdf_readers())
            await asyncio.sleep(0.005)
        assert [task.result().text for task in reading] == [f"{i} 匹の猫" for i in range(count)]

    asyncio.run(read_all())
    assert max(at_once) == MOST_PDF_READERS


def _pdf_readers() -> int:
    """How many processes of ours read a PDF just now."""
    found = 0
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            found += "bot.pdf_text" in process.cmdline()
    return found


@pytest.mark.parametrize(("text", "read"), [("猫は「寝子」とも書く。", "猫は「寝子」とも書く。"), ("A cat sleeps.", "A cat sleeps.")])
def test_a_pdf_is_read_by_a_process_that_gets_at_nothing_else(text: str, read: str) -> None:
    # In the middle of reading it, as a flaw of the reader would let a file do.
    code = """
import json, pypdf, socket, sys
import bot.pdf_text
refused = []
def found(page):
    for reach in (lambda: open("/etc/passwd"), socket.socket):
        try:
            reach()
        except OSError as error:
            refused.append(type(error).__name__)
    return extract(page)
extract, pypdf.PageObject.extract_text = pypdf.PageObject.extract_text, found
bot.pdf_text.main()
print(file=sys.stdout)
print(*refused)
"""
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, "5"], input=pdf(text), capture_output=True, cwd=root, timeout=60, check=True)
    answer, refused = done.stdout.decode().splitlines()
    assert [page.strip() for page in json.loads(answer)["pages"]] == [read]
    assert refused == "PermissionError PermissionError"
