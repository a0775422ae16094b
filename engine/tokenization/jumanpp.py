"""Cuts Japanese into words with Juman++, a program of its own that people install beside Yomite."""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator

from engine.errors import ModelError
from engine.tokenization.spans import Span, place_words

PROGRAM = "jumanpp"
# Juman++ refuses lines of more than a few thousand bytes.
_LONGEST_LINE = 500
_TIMEOUT_S = 60.0
# A sentence, as far as its end is written. A line that begins with # would be a comment to Juman++: it is not asked about #.
_SENTENCE = re.compile(rf"#|[^\n\r\0。！？!?]{{1,{_LONGEST_LINE}}}[。！？!?]*|[。！？!?]+")
_ESCAPED_SPACE = "\\ "


def jumanpp_cutter() -> Jumanpp:
    """Juman++ as it stands on PATH, one for all models; it starts at the first text.

    Raises:
        ModelError: there is no such program.
    """
    path = shutil.which(PROGRAM)
    if path is None:
        raise ModelError(
            "tokenizer_needs_program",
            ja=f"このモデルは Juman++ で単語を区切りますが、プログラム {PROGRAM} が見つかりません。"
            "https://github.com/ku-nlp/jumanpp の手順で入れ、PATH の通った場所に置いてください。",
            en=f"This model cuts words with Juman++, but there is no program {PROGRAM} on the PATH."
            " Install it as https://github.com/ku-nlp/jumanpp describes.",
            program=PROGRAM,
        )
    return _shared(path)


@functools.cache
def _shared(path: str) -> Jumanpp:
    return Jumanpp(path)


class Jumanpp:
    """One running Juman++, shared by all threads behind a lock: a sentence goes in on a line, its words come out."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, text: str) -> list[Span]:
        """The spans of the words of `text`.

        Raises:
            ModelError: the program failed, or did not answer in time.
        """
        with self._lock:
            words = [word for line in _lines(text) for word in self._words(line)]
        return place_words(text, words)

    def _words(self, line: str) -> list[str]:
        process = self._running()
        late = threading.Timer(_TIMEOUT_S, process.kill)
        late.start()
        try:
            return list(_ask(process, line))
        except (OSError, EOFError) as error:
            self._end()
            raise ModelError(
                "tokenizer_program_failed",
                ja=f"Juman++ ({self._path}) が答えませんでした。ターミナルで echo 猫だ | {PROGRAM} が動くことを確かめてください。",
                en=f"Juman++ ({self._path}) did not answer. Check in a terminal that this works: echo 猫だ | {PROGRAM}",
                program=self._path,
            ) from error
        except BaseException:  # what was asked is left unread: the next text would get its words
            self._end()
            raise
        finally:
            late.cancel()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                [self._path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                errors="replace",
            )
        return self._process

    def close(self) -> None:
        """Stop the program; the next text starts it again."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent yet cannot be sent any more
                    pipe.close()
        process.wait()


def _lines(text: str) -> Iterator[str]:
    """The sentences of `text`, none longer than Juman++ takes."""
    for match in _SENTENCE.finditer(text):
        if match.group().strip("# \t\u3000"):
            yield match.group()


def _ask(process: subprocess.Popen[str], line: str) -> Iterator[str]:
    """The words of a line: the first field of each output line, further readings (@) left out, up to EOS."""
    if process.stdin is None or process.stdout is None:
        raise EOFError("no pipe to the program")
    process.stdin.write(line + "\n")
    process.stdin.flush()
    while (answer := process.stdout.readline().rstrip("\n")) != "EOS":
        if not answer:
            raise EOFError("the program ended before EOS")
        if not answer.startswith(_ESCAPED_SPACE) and not _is_further_reading(answer):
            yield answer.split(" ", 1)[0]


def _is_further_reading(answer: str) -> bool:
    """A further reading stands behind an @, as "@ WORD READING BASE …"; the sign itself is "@ @ @ …"."""
    return answer.startswith("@ ") and (not answer.startswith("@ @ @ ") or answer.startswith("@ @ @ @ "))
