"""The peers' own environments below build/peers, made the first time: nothing of them comes into Yomite's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT
from engine.contract import Message

FOLDER = ROOT / "build" / "peers"
REQUIREMENTS = {
    "serving": ROOT / "benchmarks" / "requirements.txt",
    "infinity": ROOT / "benchmarks" / "requirements-infinity.txt",
    "backends": ROOT / "benchmarks" / "requirements-backends.txt",
    "profile": ROOT / "benchmarks" / "requirements-profile.txt",
}
_MARK = ".installed"  # holds what was installed, so that a changed file is installed again
LAST_LINES = 5


def programs(name: str, *, folder: Path = FOLDER) -> Path:
    """Where an environment's programs lie."""
    return folder / name / "bin"


def make(name: str, *, peer: str, folder: Path = FOLDER, instead: Message | None = None) -> None:
    """Make an environment by pip if it is not there yet. `instead`: what can be done without it; default: --without.

    Raises:
        BenchmarkError: `peer_not_installed`.
    """
    place, requirements, instead = folder / name, REQUIREMENTS[name], instead or _leave_out(peer)
    wanted = requirements.read_text(encoding="utf-8")
    if not (place / _MARK).exists() or (place / _MARK).read_text(encoding="utf-8") != wanted:
        print(f"Installing {peer} into {place.relative_to(ROOT) if place.is_relative_to(ROOT) else place} …", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", str(place)], peer, instead)
        _run(
            [str(programs(name, folder=folder) / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)],
            peer,
            instead,
        )
        (place / _MARK).write_text(wanted, encoding="utf-8")


def _leave_out(peer: str) -> Message:
    return Message(ja=f"除いて測るには --without {peer} を付けてください。", en=f"To measure without it, and say so: --without {peer}")


def _run(command: list[str], peer: str, instead: Message) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = "\n".join((done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:])
        raise BenchmarkError(
            "peer_not_installed",
            ja=f"{peer} がインストールされていません。{instead.ja}\n{why}",
            en=f"not installed: {peer}. {instead.en}\n{why}",
        )


def version(name: str, package: str, *, folder: Path = FOLDER) -> str:
    """The installed version of a package there; "not installed" where there is none."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    try:
        done = subprocess.run([str(programs(name, folder=folder) / "python"), "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return done.stdout.strip()
