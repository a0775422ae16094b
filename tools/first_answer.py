"""Times the path from a clone to the first answers, as a newcomer walks it, and writes it into docs/*/start.md: `make first-answer`."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.language import Speech, both
from tools.readme import ROOT, between_marks

PATIENCE_S = 1_800.0
QUESTIONS = (("この映画は本当に素晴らしかった！", "ポジティブ"), ("The service was terrible.", "negative"))
MARK = "first-answer"
STEPS = (
    both("クローンし終わるまで", "until the clone is there"),
    both(
        "`make run` がチャットページのアドレスを出すまで（インストールを含む）",
        "until `make run`, which installs it, says where the chat page is",
    ),
    both("ターミナルの `yomite sentiment` が日本語に答えるまで", "until `yomite sentiment` at a terminal has answered in Japanese"),
    both("英語にも答えるまで", "until it has answered in English too"),
)
HEADS = both("| そこまで | 秒（最初から） |", "| step | seconds from the beginning |")
HOW = both(
    "{date} に `make first-answer` で測定：{cores} コア、Python {python}、pip のキャッシュなし。ほとんどはパッケージ（CPU 用の torch で約 2 GB、速い回線）の取得と展開の時間です。",
    "Measured by `make first-answer` on {date}: {cores} cores, Python {python}, an empty cache of pip. Most of it is fetching packages (about 2 GB with torch for the CPU, over a fast line) and unpacking them.",
)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """When each of STEPS was done, in seconds from the beginning, and where."""

    done_s: tuple[float, ...]
    cores: int
    python: str
    date: str

    def lines(self, speech: Speech) -> list[str]:
        """As Markdown."""
        rows = [f"| {step.in_language(speech)} | {done_s:.0f} |" for step, done_s in zip(STEPS, self.done_s, strict=True)]
        how = HOW.in_language(speech).format(date=self.date, cores=self.cores, python=self.python)
        return ["", HEADS.in_language(speech), "|---|---:|", *rows, "", how, ""]


def walk(folder: Path) -> Walk:
    """Clone the commit that is checked out here into `folder`, run it, and ask.

    Raises:
        CalledProcessError: a step does not end well.
        RuntimeError: an answer is not the one that was expected, or the chat page never comes up.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("YOMITE_", "VIRTUAL_ENV"))}
    environment |= {"YOMITE_STATE_DIR": str(folder / "state"), "YOMITE_WEB_PORT": "0", "PIP_NO_CACHE_DIR": "1"}
    clone, began, done = folder / "yomite", time.monotonic(), []

    def tick() -> None:
        done.append(time.monotonic() - began)

    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S607  # the person's git
    tick()
    with _running(clone, environment) as lines:
        if not any("http://" in line for line in lines):
            raise RuntimeError("make run ended without a chat page")
        tick()
        for text, expected in QUESTIONS:
            words = [str(clone / ".venv" / "bin" / "yomite"), "sentiment", text]
            said = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
            if not said.startswith(expected):
                raise RuntimeError(f"{expected!r} was expected, not {said!r}")
            tick()
    return Walk(
        done_s=tuple(done), cores=len(os.sched_getaffinity(0)), python=platform.python_version(), date=datetime.now(UTC).date().isoformat()
    )


@contextlib.contextmanager
def _running(clone: Path, environment: dict[str, str]) -> Iterator[Iterator[str]]:
    """`make run` in a clone, with what it says as it says it; stopped at the end."""
    words = ["make", "run"]
    process = subprocess.Popen(words, cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, process_group=0)
    try:
        if process.stdout is None:
            raise RuntimeError("make run was started without its pipe")
        yield iter(process.stdout.readline, "")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def main() -> None:
    """Walk it once, and write it down."""
    folder = Path(tempfile.mkdtemp(prefix="yomite-first-"))
    try:
        walked = walk(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    pages: dict[str, Speech] = {"docs/en/start.md": "en", "docs/ja/start.md": "ja"}
    for page, speech in pages.items():
        path = ROOT / page
        path.write_text(between_marks(path.read_text(encoding="utf-8"), MARK, walked.lines(speech), page=page), encoding="utf-8")
    print("\n".join(walked.lines("en")), file=sys.stdout)


if __name__ == "__main__":
    main()
