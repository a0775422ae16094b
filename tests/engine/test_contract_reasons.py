"""Why the system refused something is said in both languages, whoever says it."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError

from engine.contract import Message, reason_of, system_reason
from tools.messages import JAPANESE

USUAL = (
    *("ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "EEXIST", "ENOSPC", "EDQUOT", "EROFS", "ENAMETOOLONG", "EIO", "EMFILE", "ENFILE"),
    *("ENOMEM", "EAGAIN", "EBUSY", "EINVAL", "ELOOP", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"),
    *("EADDRINUSE", "EADDRNOTAVAIL", "EPIPE"),
)


def same(text: str) -> Message:
    return Message(ja=text, en=text)


@pytest.mark.parametrize("name", USUAL)
def test_what_is_usual_is_said_in_japanese_and_as_the_system_says_it(name: str) -> None:
    number = getattr(errno, name)
    said = system_reason(number)
    assert JAPANESE.search(said.ja)
    assert not said.ja.endswith("。")  # it stands within a sentence
    assert said.en == os.strerror(number)
    assert reason_of(OSError(number, os.strerror(number))) == said


def test_no_two_of_them_are_said_alike() -> None:
    numbers = {getattr(errno, name) for name in USUAL}
    assert len({system_reason(number).ja for number in numbers}) == len(numbers)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOENT, "", "x"), Message(ja="ファイルかフォルダがありません", en=os.strerror(errno.ENOENT))),
        (OSError(errno.EADDRNOTAVAIL, "error while attempting to bind on address"), system_reason(errno.EADDRNOTAVAIL)),
        (OSError(errno.EBADMSG, os.strerror(errno.EBADMSG)), same(os.strerror(errno.EBADMSG))),
        (OSError(98_765, "a strange thing"), same("a strange thing")),
        (OSError("the disk hums\nand more"), same("the disk hums")),
        (OSError(), same("OSError")),
        (TimeoutError(), same("TimeoutError")),
        (ValueError("no number"), same("no number")),
        (ValueError("x" * 900), same("x" * 300)),
        (EOFError(), same("EOFError")),
        (ssl.SSLError(errno.EPERM, "wrong version number"), same("wrong version number")),  # a number of TLS
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            Message(ja="その名前のアドレスが見つかりません", en="Name or service not known"),
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            Message(ja="いまは名前からアドレスを調べられません", en="Temporary failure in name resolution"),
        ),
        (socket.gaierror(socket.EAI_FAMILY, "ai_family not supported"), same("ai_family not supported")),
        (
            SafetensorError("I/O error: No space left on device (os error 28)"),
            Message(ja="空き容量がありません", en="I/O error: No space left on device (os error 28)"),
        ),
    ],
)
def test_whatever_went_wrong_has_a_reason(error: Exception, said: Message) -> None:
    assert reason_of(error) == said


def test_the_file_is_named_where_that_is_wanted_and_known(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        tmp_path.read_bytes()
    assert reason_of(caught.value) == Message(ja="フォルダです", en="Is a directory")
    assert reason_of(caught.value, with_file=True) == Message(ja=f"{tmp_path}：フォルダです", en=f"{tmp_path}: Is a directory")
    assert reason_of(OSError(errno.ENOSPC, "x"), with_file=True) == system_reason(errno.ENOSPC)
    assert reason_of(ValueError("no number"), with_file=True) == same("no number")


def test_it_needs_no_network_to_be_imported() -> None:
    code = "import sys, engine.contract; print({'socket', 'ssl', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
