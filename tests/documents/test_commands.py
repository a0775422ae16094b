"""Every command in README and docs is run: for real where that is quick, else by the parser that would read it. One that no rule knows fails."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bot.commands import COMMANDS
from bot.conversation import answer, find_command, understand
from bot.errors import BotError
from bot.setting_keys import KEYS
from bot.settings import read_settings
from engine.contract import ExplainAttentionRequest, Failure, Task
from tests.documents.pages import ROOT
from tests.documents.shown import Shown, is_chat, shown_commands
from workers.queue import WorkerSettings
from workers.queue.local import LocalQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

PATIENCE_S = 180.0
FOUND, UNKNOWN = shown_commands()
NAMES = {name: command for command in COMMANDS for name in command.names}
FORMS = {f"/{command.name} {form}" for command in COMMANDS for form in (command.form.ja, command.form.en) if form}
NOT_SAID = re.compile(r"failed with the error|is not a valid command|というエラーで|は有効なコマンドでは")  # what Slack prints
SAMPLE = "I love this."
MADE = {"count", "数える"}  # the command that docs/*/extend.md makes: test_extend.py asks it
# What needs another machine, a token or a program that is not ours, to the letter, with what holds it.
ELSEWHERE = {
    "git pull": "git's own",
    "apt-get install python3-venv": "Debian's own",
    "apt-get install pipx": "Debian's own",
    "apt-get install redis-server": "Debian's own",
    "grep 10abde8adef5cdf202a2475e yomite.log": "a search in a log",
    """jq -c 'select(.id == "10abde8adef5cdf202a2475e")' yomite.log""": "as above",
    "jq -c 'select(.event == \"posted\" and .seconds > 5)' yomite.log": "as above",
    "cp .env.example .env && chmod 600 .env": "tests/deploy/test_env_example.py reads that file",
    "useradd --system yomite": "the system's own; tests/deploy/test_units.py reads the units that name this user",
    "chmod 600": "what a file should have",
    "chmod 600 yomite.toml": "as above",
    "python3 -m venv /opt/yomite": "Python's own; tests/deploy/test_units.py reads the units that start what lies there",
    "pip download": "pip's own",
    "python": "the name of a check of `yomite doctor`",
    "systemctl daemon-reload": "systemd's own: it names no unit",
    "tar -C ~/.local/state/yomite -czf yomite.tgz .": "tar's own",
}
# Subcommands that begin something long, are about to fetch, or would change what is chosen: their own parser tells what they take.
BY_THEIR_HELP = {
    *("run", "serve", "train", "adapt", "forget", "doctor", "feedback export", "feedback forget", "feedback"),
    *("models pull", "models use", "models reset", "models warm", "jobs retry", "jobs drop"),
}
RUN = {"models list", "models verify", "models licences", "feedback status", "jobs", "status"}


@dataclass(frozen=True)
class Place:
    """A folder that looks like a clone, and a Redis on which a worker with the bundled models answers."""

    folder: Path
    redis_url: str

    def run(self, *words: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """`yomite` with these words."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("YOMITE_")}
        given = {
            "YOMITE_STATE_DIR": str(self.folder / "state"),
            "REDIS_URL": self.redis_url,
            "COLUMNS": "88",
            "TERM": "dumb",
            "NO_COLOR": "1",
        }
        environment = kept | given | {"PYTHONPATH": str(ROOT)} | dict(variables or {})
        return subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        worker = WorkerProcess(WorkerSettings(device="cpu"), redis_url=server.url, warm_up_first=(Task.SENTIMENT,))
        try:
            assert worker.wait_until_ready(PATIENCE_S), worker.last_words()
            yield Place(folder, server.url)
        finally:
            worker.stop()


def every(kind: Callable[[Shown], bool]) -> list[Shown]:
    """The commands of a kind, each text once."""
    return list({shown.text: shown for shown in FOUND if kind(shown)}.values())


def text_of(shown: Shown) -> str:
    """For a test's report."""
    return shown.text.encode("unicode_escape").decode()[:60]


def program_of(shown: Shown) -> str:
    """Its first word; a settings line alone is one of a shell."""
    if is_chat(shown.text):
        return "chat"
    return shown.words[0] if shown.words else "export"


def subcommand_of(words: list[str]) -> str:
    """The subcommand of `yomite`, with its own subcommand."""
    two = " ".join(words[1:3])
    return two if two in BY_THEIR_HELP | RUN else words[1] if len(words) > 1 else ""


def is_question(shown: Shown) -> bool:
    """A question to the models at the terminal, with a text or a file."""
    words = shown.words if program_of(shown) == "yomite" else []
    if len(words) > 1 and words[1] in MADE:
        return True
    command = NAMES.get(words[1]) if len(words) > 2 else None
    return command is not None and command.takes != "nothing" and "--help" not in words and (words[2][:2] != "--" or "--file" in words)


def is_made(shown: Shown) -> bool:
    """A question to the command that a reader of docs/*/extend.md makes."""
    return is_question(shown) and shown.words[1] in MADE


def is_session(shown: Shown) -> bool:
    """`yomite` alone opens the session: tests/bot/platforms/terminal."""
    return shown.words == ["yomite"]


def is_for_yomite(shown: Shown) -> bool:
    return program_of(shown) == "yomite" and not is_question(shown) and not is_session(shown)


def is_form(shown: Shown) -> bool:
    """The form of a command, with words in place of a text; or a mention alone, in front of anything."""
    return program_of(shown) == "chat" and (shown.text in FORMS or re.fullmatch(r"@[Yy]omite", shown.text) is not None)


def is_told_by_slack(shown: Shown) -> bool:
    """What Slack itself prints where it has trouble with a command."""
    return program_of(shown) == "chat" and NOT_SAID.search(shown.text) is not None


def is_said(shown: Shown) -> bool:
    """What somebody says to the bot."""
    return program_of(shown) == "chat" and not is_form(shown) and not is_told_by_slack(shown)


def is_elsewhere(shown: Shown) -> bool:
    return shown.text in ELSEWHERE


def options_of(shown: Shown) -> tuple[str, ...]:
    """Which options a line has, and the values that are no words of a text."""
    return tuple(word for word in shown.words if re.fullmatch(r"--[\w-]+|[a-z]+", word))


# Drawing takes seconds: of lines with the same options, in whatever language, the first is drawn, and the others are read.
EXPLAINED = list({options_of(shown): shown for shown in reversed(every(is_question))}.values())

RULES: dict[str, Callable[[Shown], bool]] = {
    "said": is_said,
    "form": is_form,
    "told by Slack": is_told_by_slack,
    "question": lambda shown: is_question(shown) and not is_made(shown),
    "question to a command that is made": is_made,
    "yomite": is_for_yomite,
    "session": is_session,
    "make": lambda shown: program_of(shown) == "make",
    "python": lambda shown: program_of(shown) == "python" and not is_elsewhere(shown),
    "docker": lambda shown: program_of(shown) == "docker",
    "systemctl": lambda shown: program_of(shown) == "systemctl" and not is_elsewhere(shown),
    "systemd-run": lambda shown: program_of(shown) == "systemd-run",
    "wheel": lambda shown: program_of(shown) in {"pipx", "/opt/yomite/bin/pip"},
    "curl": lambda shown: program_of(shown) == "curl",
    "export": lambda shown: program_of(shown) == "export",
    "elsewhere": is_elsewhere,
}


def test_it_is_known_of_every_block_what_it_is() -> None:
    assert UNKNOWN == []


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    assert [shown for shown in FOUND if sum(rule(shown) for rule in RULES.values()) != 1] == []
    assert [name for name, rule in RULES.items() if not any(map(rule, FOUND))] == []
    assert set(ELSEWHERE) <= {shown.text for shown in FOUND}


# --- in a chat -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def queue(place: Place) -> Iterator[LocalQueue]:
    settings = read_settings({"YOMITE_STATE_DIR": str(place.folder / "state")}, folder=None)
    with LocalQueue(settings.worker(), redis_url=place.redis_url, state_dir=settings.state_dir, queue_settings=settings.queue()) as opened:
        yield opened


@pytest.mark.parametrize("shown", every(RULES["said"]), ids=text_of)
def test_what_is_said_in_a_chat_is_answered(shown: Shown, queue: LocalQueue) -> None:
    line = re.sub(r"^@[Yy]omite\b ?", "/", shown.text)
    line = re.sub(r"^(/\S+) (?:text|文章): ", r"\1 ", line)  # Discord's form
    command, text = find_command(line)
    if not text and command.takes != "nothing":  # it reads what was replied to
        with pytest.raises(BotError):
            understand(line)
        return
    attached = "The meeting starts at ten." if command.name == "ask" and "|" not in line else None
    understood = understand(line.replace("…", SAMPLE), attach=lambda _: attached)
    outcome = answer(understood, lambda: queue, timeout_s=PATIENCE_S)
    assert not isinstance(outcome, Failure), outcome


# --- at the terminal -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", every(RULES["question"]), ids=text_of)
def test_a_question_at_the_terminal_is_answered_as_shown(shown: Shown, place: Place) -> None:
    if shown.words[1] == "explain-attention" and shown not in EXPLAINED:
        text = " ".join(shown.words[2:])
        assert isinstance(understand(f"/explain-attention {text}").request, ExplainAttentionRequest)
        return
    done = place.run(*(word.replace("…", SAMPLE) for word in shown.words[1:]), variables=shown.variables)
    assert done.returncode == 0, done.stderr
    if shown.printed:
        assert shape_of(done.stdout) == shape_of(shown.printed)


def shape_of(printed: str) -> list[str]:
    """What is printed without numbers, bars and blanks, which differ a little from machine to machine."""
    return [re.sub(r"[\d.]+|█+|\s+", "", line) for line in printed.strip().splitlines()]


@pytest.mark.parametrize("shown", every(RULES["yomite"]), ids=text_of)
def test_a_command_for_operators_is_one_that_yomite_takes(shown: Shown, place: Place) -> None:
    words, name = shown.words, subcommand_of(shown.words)
    check_variables(shown.variables)
    if name == "worker":
        check_options(shown, help_of_module("workers"))
    elif name == "evaluate" and "--data" in words and "--model" not in words:
        done = place.run(*words[1:], "--limit", "5")
        assert done.returncode == 0, done.stderr
    elif name in RUN and not {"feelings", "team/feelings", "retry", "[NAME…]", "[名前…]"} & set(words):
        done = place.run(*words[1:])
        assert done.returncode == 0, done.stderr
    else:
        assert name in BY_THEIR_HELP | RUN | {"evaluate", "help", "--help"} or name in NAMES, f"{name} has no rule"
        check_options(shown, help_of(place, name))


@functools.cache
def help_of(place: Place, name: str) -> str:
    """What `yomite NAME --help` prints."""
    done = place.run(*name.replace("--help", "").split(), "--help", variables={"YOMITE_LANG": "en"})
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def help_of_module(module: str) -> str:
    """What `python -m MODULE --help` prints."""
    done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_options(shown: Shown, text: str) -> None:
    """Every option of a line stands in the help."""
    options = {word.partition("=")[0] for word in shown.words[1:] if word.startswith("--")} - {"--help"}
    assert [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", text)] == []


def check_variables(variables: Mapping[str, str]) -> None:
    """Every variable is a setting, with a value that is allowed."""
    known = {key.variable for key in KEYS}
    assert set(variables) <= known
    read_settings({name: value for name, value in variables.items() if "…" not in value}, folder=None)


# --- other programs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", every(RULES["make"]), ids=text_of)
def test_a_make_target_can_be_made(shown: Shown) -> None:
    done = subprocess.run(["make", "-n", *shown.words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check_variables(shown.variables)


@pytest.mark.parametrize("shown", every(RULES["python"]), ids=text_of)
def test_a_module_of_ours_is_there_and_takes_these_options(shown: Shown) -> None:
    assert shown.words[1] == "-m"
    module, *arguments = shown.words[2:]
    assert importlib.util.find_spec(module) is not None
    if module == "benchmarks":
        assert [name for name in arguments if importlib.util.find_spec(f"benchmarks.{name}") is None] == []
    elif any(word.startswith("--") for word in arguments):
        check_options(shown, help_of_module(module))
    elif arguments:
        done = subprocess.run([sys.executable, *shown.words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shown", every(RULES["docker"]), ids=text_of)
def test_profiles_and_services_of_a_docker_line_are_in_the_composition(shown: Shown) -> None:
    composition = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services, volumes = composition["services"], composition["volumes"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", ())}
    words = shown.words[1:]
    if words[0] == "volume":
        assert words[2].removeprefix("yomite_") in volumes
        return
    assert words[0] == "compose"
    assert {after for word, after in itertools.pairwise(words) if word == "--profile"} <= profiles
    verb = next(
        word for word in words[1:] if word in {"build", "up", "run", "exec", "ps", "stop", "logs", "pull", "restart", "down", "config"}
    )
    named = next((word for word in words[words.index(verb) + 1 :] if not word.startswith("-")), None)
    scaled = re.findall(r"--scale (\w+)=\d+", shown.text)
    assert set(scaled or ([named] if named else [])) <= set(services)


@pytest.mark.parametrize("shown", every(RULES["systemctl"]), ids=text_of)
def test_a_unit_that_is_named_is_there(shown: Shown) -> None:
    units = {path.name for path in ROOT.rglob("*.service") if ".venv" not in path.parts}
    named = [name for name in shown.words[1:] if name.startswith("yomite")]
    assert named
    assert {re.sub(r"@.*", "@", name.removesuffix(".service")) + ".service" for name in named} <= units


@pytest.mark.parametrize("shown", every(RULES["systemd-run"]), ids=text_of)
def test_what_root_runs_has_the_user_and_the_settings_of_the_unit(shown: Shown) -> None:
    unit = (ROOT / "docs" / "examples" / "yomite-run.service").read_text(encoding="utf-8")
    program = shown.words.index("/opt/yomite/bin/yomite")
    options, (name, *rest) = shown.words[1:program], shown.words[program + 1 :]
    given = {after for word, after in itertools.pairwise(options) if word == "-E"}
    assert f"ExecStart={shown.words[program]} run\n" in unit
    assert f"User={next(word for word in options if word.startswith('--uid=')).removeprefix('--uid=')}\n" in unit
    assert f"{options[options.index('-p') + 1]}\n" in unit
    assert given <= {pair for line in re.findall(r"^Environment=(.+)$", unit, re.MULTILINE) for pair in line.split()}
    assert next(pair for pair in given if pair.startswith("YOMITE_STATE_DIR="))
    assert (name in BY_THEIR_HELP | RUN, rest) == (True, [])


@pytest.mark.parametrize("shown", every(RULES["wheel"]), ids=text_of)
def test_the_wheel_has_the_name_that_is_installed(shown: Shown) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert next(word for word in shown.words if word.endswith(".whl")).endswith(f"yomite-{version}-py3-none-any.whl")


@pytest.mark.parametrize("shown", every(RULES["curl"]), ids=text_of)
def test_an_address_that_is_asked_is_one_of_the_monitor(shown: Shown) -> None:
    assert re.fullmatch(r"(http://)?(localhost|127\.0\.0\.1):\d+/(healthz|readyz|metrics)", shown.words[-1])


@pytest.mark.parametrize("shown", every(RULES["export"]), ids=text_of)
def test_a_variable_that_is_set_is_a_setting(shown: Shown) -> None:
    check_variables(dict(word.split("=", 1) for word in shown.words[1:]) or shown.variables)
