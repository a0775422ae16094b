"""docs/*/extend.md as a reader would follow it: the blocks of the page, put into a copy of the project, make a new command that answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.pages import DOCS, LANGUAGES, ROOT, Block, blocks
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

COPIED = ("bot", "engine", "workers", "tools")
PATIENCE_S = 180.0
TITLE = re.compile(r'^(?P<language>\w+) title="(?P<file>[^"]+)"$')


def files_of(page: Path) -> dict[str, Block]:
    """The blocks that say which file they are for."""
    return {found["file"]: block for block in blocks(page) if (found := TITLE.match(block.info))}


def patched(text: str, diff: str) -> str:
    """`text` after the lines of a diff: with a blank before what stands there, + before what is new, - before what goes."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        mark, rest = line[:1], line[1:]
        if mark == "+":
            lines.insert(at, rest)
            at += 1
            continue
        at = lines.index(rest, at)
        if mark == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request: pytest.FixtureRequest) -> Path:
    return DOCS / request.param / "extend.md"


@pytest.fixture(scope="module")
def extended(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the page's command in it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, block in files_of(page).items():
        path = folder / name
        path.write_text(patched(path.read_text(encoding="utf-8"), block.body) if path.exists() else block.body, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis with one worker of the project as it is: a new command needs no new worker."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        worker = WorkerProcess(WorkerSettings(device="cpu"), redis_url=server.url)
        try:
            assert worker.wait_until_ready(PATIENCE_S), worker.last_words()
            yield server.url
        finally:
            worker.stop()


def in_copy(folder: Path, *words: str, **variables: str) -> str:
    """What a program of the copy prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("YOMITE_")}
    environment |= {"PYTHONPATH": str(folder), "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_touches_two_files(page: Path) -> None:
    assert sorted(files_of(page)) == ["bot/commands/__init__.py", "bot/commands/count.py"]


def test_both_languages_show_the_same_code() -> None:
    english, japanese = (files_of(DOCS / language / "extend.md") for language in LANGUAGES)
    assert {name: block.body for name, block in english.items()} == {name: block.body for name, block in japanese.items()}


def test_the_code_has_the_form_of_the_rest(extended: Path, page: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", extended)
    ruff = Path(sys.executable).with_name("ruff")
    for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = subprocess.run([ruff, *words, *files_of(page)], cwd=extended, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_new_command_answers_as_the_page_shows(extended: Path, page: Path, redis_url: str) -> None:
    [shown] = [block.body for block in blocks(page) if block.info == "console"]
    line, *printed = shown.splitlines()
    found = re.fullmatch(r'\$ yomite (\S+) "([^"]+)"', line)
    assert found is not None
    assert in_copy(extended, "-m", "bot", found[1], found[2], REDIS_URL=redis_url).splitlines() == printed


def test_the_new_command_is_in_every_list(extended: Path) -> None:
    assert re.search(r"^ +count +how many characters", in_copy(extended, "-m", "bot", "--help"), re.MULTILINE)
    assert "/count text" in in_copy(extended, "-m", "bot", "help")
    table = in_copy(extended, "-c", "from tools.readme import command_table; print(*command_table(), sep='\\n')")
    assert "| `/count text` | `/数える` | how many characters, words and tokens | 文字・語・トークンの数 |" in table.splitlines()
    manifest = json.loads(in_copy(extended, "-m", "tools.slack_manifest", "https://yomite.example.com/slack/events"))
    assert "/count" in {command["command"] for command in manifest["features"]["slash_commands"]}


def test_make_readme_asks_for_the_section_that_the_page_shows(extended: Path, page: Path) -> None:
    [section] = [block.body for block in blocks(page) if block.info == "markdown"]
    name = f"docs/{page.parent.name}/commands.md"
    written = in_copy(
        extended,
        "-c",
        "import sys; from tools.readme import with_parts; print(with_parts(sys.argv[1], sys.argv[2]))",
        (ROOT / name).read_text(encoding="utf-8") + "\n" + section,
        name,
    )
    assert re.search(r"<!-- command-count: begin -->\n`/count (text|文章)` ", written)
