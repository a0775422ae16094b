"""Every command that README and docs show: lines of blocks, and code within sentences that begins like a command."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from bot.commands import COMMANDS
from tests.documents.pages import Block, blocks, documents, inline_codes, name_of

PROGRAMS = {
    *(
        "yomite",
        "make",
        "python",
        "pipx",
        "docker",
        "systemctl",
        "git",
        "apt-get",
        "curl",
        "jq",
        "grep",
        "tar",
        "export",
        "ssh",
        "redis-cli",
    ),
    *("sudo", "pip", "cp", "cd", "mkdir", "journalctl", "useradd", "chmod", "chown", "ln", "install", "openssl", "bash", "sh"),
    *("python3", "/opt/yomite/bin/pip", "systemd-run"),
}
# Blocks of text that are no commands, by how they begin, with what they are.
NO_COMMANDS = {
    "chat message": "a drawing",
    "(told)": "a drawing",
    "https://discord.com/oauth2/": "an address to open",
    "text,label": "a table",
    "team.csv": "what is printed",
    "Training": "what is printed",
    "学習で": "what is printed",
    "│": "what is printed",
    "✗": "what is printed",
    "2026-": "a log",
    '{"timestamp"': "a log",
    "port 26379": "a settings file of Redis Sentinel",
    "requirepass": "a settings file of Redis",
}
WITHOUT = {"messages.md", "CHANGELOG.md"}
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*=")


@dataclass(frozen=True)
class Shown:
    """A command as a document shows it, without what explains it, and what is printed after it where that is shown."""

    document: str
    text: str
    printed: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """What is set in front of it."""
        return dict(word.split("=", 1) for word in itertools.takewhile(_VARIABLE.match, shlex.split(self.text)))

    @property
    def words(self) -> list[str]:
        """The program and its arguments."""
        words = list(itertools.dropwhile(_VARIABLE.match, shlex.split(self.text)))
        return [words[0].removeprefix(".venv/bin/"), *words[1:]] if words else []


def shown_commands() -> tuple[list[Shown], list[str]]:
    """All commands, each once a document; and how the blocks begin that nobody knows."""
    found: dict[Shown, None] = {}
    unknown = []
    for document in documents():
        if document.name in WITHOUT:
            continue
        for block in blocks(document):
            commands = _of_block(document, block)
            if commands is None:
                unknown.append(f"{name_of(document)}:{block.line}: {block.body.splitlines()[0]}")
            found |= dict.fromkeys(commands or ())
        found |= dict.fromkeys(Shown(name_of(document), text) for text in map(_stripped, inline_codes(document)) if _begins_a_command(text))
    return list(found), unknown


def _of_block(document: Path, block: Block) -> list[Shown] | None:
    """The commands of a block; None where it is not known what it is."""
    if block.info == "console" or block.body.startswith("$ "):
        parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]
        return [Shown(name_of(document), _stripped(part.partition("\n")[0]), part.partition("\n")[2].strip("\n")) for part in parts]
    if block.info not in {"", "bash", "sh"} or block.body.startswith(tuple(NO_COMMANDS)):
        return []
    lines = [_stripped(line) for line in block.body.splitlines() if _stripped(line)]
    if all(_begins_a_command(line) or _VARIABLE.match(line) for line in lines):
        return [Shown(name_of(document), line) for line in lines]
    return None


def _begins_a_command(text: str) -> bool:
    first = next((word for word in text.split() if not _VARIABLE.match(word)), "").removeprefix(".venv/bin/")
    return first in PROGRAMS or is_chat(text)


def is_chat(text: str) -> bool:
    """Whether that is said in a chat: a slash with a command's name, or a mention."""
    names = {name for command in COMMANDS for name in command.names}
    return bool(re.match(r"@[Yy]omite\b", text)) or (text.startswith("/") and text[1:].split(" ")[0] in names)


def _stripped(line: str) -> str:
    """Without a comment, or what explains it after two blanks."""
    return re.split(r"\s+#\s|\s{2,}", line.strip())[0]
