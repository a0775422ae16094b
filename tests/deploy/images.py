"""Reads the Dockerfiles, and lays an image's files out in a folder: an environment that holds the packages of its lock and no others."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tomllib
import venv
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tools import lock

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy"
IMAGES = ("bot", "worker", "dashboard")
PREFIX, STATE = "/opt/yomite", "/var/lib/yomite"  # where the images hold their programs, and what they keep
OWN = ("bot", "engine", "workers")


@dataclass(frozen=True, kw_only=True)
class Image:
    """What a container gets from its image: the last stage of a Dockerfile."""

    name: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: dict[str, str]
    user: str
    stop_signal: str
    health: str
    bases: tuple[str, ...]
    sources: tuple[str, ...]  # what is copied from the repository, in any stage


def dockerfile(name: str) -> Path:
    return FOLDER / f"{name}.Dockerfile"


def read_image(name: str) -> Image:
    """The image that a Dockerfile makes."""
    everything = instructions(dockerfile(name).read_text(encoding="utf-8"))
    begin = max(number for number, (word, _) in enumerate(everything) if word == "FROM")
    last = everything[begin:]

    def the(word: str) -> str:
        return next((rest for found, rest in reversed(last) if found == word), "")

    environment = dict(pair.split("=", 1) for word, rest in last if word == "ENV" for pair in shlex.split(rest))
    copied = [shlex.split(rest)[:-1] for word, rest in everything if word == "COPY" and "--from=" not in rest]
    return Image(
        name=name,
        entrypoint=tuple(json.loads(the("ENTRYPOINT") or "[]")),
        command=tuple(json.loads(the("CMD") or "[]")),
        environment=environment,
        user=the("USER"),
        stop_signal=the("STOPSIGNAL"),
        health=the("HEALTHCHECK"),
        bases=tuple(rest.split()[0] for word, rest in everything if word == "FROM"),
        sources=tuple(source for words in copied for source in words),
    )


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each in one line."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def locked(name: str) -> dict[str, str]:
    """The packages of an image, and their versions."""
    return lock.locked(FOLDER / f"{name}.lock")


def lay_out(name: str, folder: Path) -> Path:
    """What lies under /opt/yomite in the image, in a folder: Python, the packages of the lock, and those of this project."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    for package in locked(name):
        _place(package, packages)
        _place_programs(package, folder)
    if name != "dashboard":
        for own in OWN:
            shutil.copytree(ROOT / own, packages / own, ignore=shutil.ignore_patterns("__pycache__"))
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        _note_as_installed(packages / f"{project['name']}-{project['version']}.dist-info")
        for program, function in project["scripts"].items():
            _program(folder, program, function)
    if name == "worker":
        (folder / "models").symlink_to(ROOT / "models")
    return folder


def _place(package: str, packages: Path) -> None:
    """The files of an installed package, by links to where they lie."""
    installed = distribution(package)
    for top in {Path(str(file)).parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        if not (packages / top).exists():
            (packages / top).symlink_to(Path(str(installed.locate_file(top))).resolve())


def _note_as_installed(note: Path) -> None:
    """What says that this project is installed, and at which version."""
    installed = distribution("yomite")
    note.mkdir()
    (note / "METADATA").write_text(installed.read_text("METADATA") or installed.read_text("PKG-INFO") or "", encoding="utf-8")


def _place_programs(package: str, folder: Path) -> None:
    for entry in distribution(package).entry_points:
        if entry.group == "console_scripts":
            _program(folder, entry.name, entry.value)


def _program(folder: Path, name: str, function: str) -> None:
    module, _, attribute = function.partition(":")
    path = folder / "bin" / name
    path.write_text(f"#!{folder}/bin/python\nimport sys\nfrom {module} import {attribute}\nsys.exit({attribute}())\n", encoding="utf-8")
    path.chmod(0o755)


def environment_in(image: Image, *, prefix: Path, state: Path) -> dict[str, str]:
    """The image's environment, its folders mapped to those of the test. PATH has the system's programs behind the image's."""
    found: dict[str, Any] = {
        name: value.replace(PREFIX, str(prefix)).replace(STATE, str(state)) for name, value in image.environment.items()
    }
    return found | {"PATH": f"{prefix}/bin{os.pathsep}/usr/bin{os.pathsep}/bin"}
