"""A program that stands on PATH as Juman++ would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.tokenization.jumanpp import jumanpp_cutter

# A program that speaks Juman++'s output: a line a morpheme, further readings behind @, spaces escaped, EOS.
# Its words are 猫, 好き and single characters. It dies of the word 壊す, as a broken installation would; at 待つ it interrupts who asked.
_PROGRAM = """#!{python}
import os, re, signal, sys
for line in sys.stdin:
    if "壊す" in line or line.startswith("#"):
        sys.exit(1)
    if "待つ" in line:
        os.kill(os.getppid(), signal.SIGUSR1)
    for word in re.findall("好き|[a-z]+|.", line.rstrip("\\n")):
        shown = "\\\\ " if word == " " else word
        print(shown, shown, shown, "名詞 6 普通名詞 1 * 0 * 0 NIL")
        if word == "猫":
            print("@", word, "びょう", word, "名詞 6 普通名詞 1 * 0 * 0 NIL")
    print("EOS", flush=True)
"""


@contextmanager
def jumanpp_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within, it is the only program on PATH; at the end it is stopped."""
    program = folder / "jumanpp"
    folder.mkdir()
    program.write_text(_PROGRAM.replace("{python}", sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    yield
    jumanpp_cutter().close()
