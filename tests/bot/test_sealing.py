"""A process that is shut in can compute and answer, and gets at no file, network or other process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.sealing import seal  # noqa: F401  # it must be there to be tried in the processes below

ROOT = Path(__file__).parents[2]
SEALED = """
import ctypes, json, os, signal, socket, subprocess, sys, threading
from bot.sealing import limit, seal
assert seal()
{code}
"""


def tried(code: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a process that is sealed and then runs this."""
    command = [sys.executable, "-c", SEALED.format(code=code)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, input="猫", timeout=60, check=False)


@pytest.mark.parametrize(
    "code",
    [
        'open("/etc/passwd")',
        'open("/dev/null", "w")',
        'os.listdir("/")',
        'os.stat("/")',
        'os.mkdir("made")',
        'os.unlink("/tmp/there-is-none")',
        "os.dup2(0, 9)",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.fork()",
        'os.execv("/bin/true", ["true"])',
        "os.kill(os.getppid(), 0)",
        "os.setuid(0)",
        'os.memfd_create("x")',
    ],
)
def test_a_sealed_process_is_refused_everything_outside_of_it(code: str) -> None:
    done = tried(f"try:\n    {code}\nexcept PermissionError:\n    print('refused')\nelse:\n    print('done')")
    assert (done.stdout, done.stderr) == ("refused\n", "")


def test_a_sealed_process_can_start_no_other_and_no_thread() -> None:
    code = """
for start in (lambda: subprocess.run(["/bin/true"]), lambda: threading.Thread(target=print).start()):
    try:
        start()
    except (OSError, RuntimeError):
        print("refused")
"""
    assert tried(code).stdout == "refused\nrefused\n"


def test_a_sealed_process_computes_on_what_it_is_given_and_answers() -> None:
    code = "print(json.dumps({'read': sys.stdin.read() * 2, 'sum': sum(range(10**6)), 'large': len(bytearray(2**26))}))"
    done = tried(code)
    assert done.stdout == '{"read": "\\u732b\\u732b", "sum": 499999500000, "large": 67108864}\n'
    assert done.returncode == 0


def test_limits_hold_without_a_seal(tmp_path: Path) -> None:
    code = f"""
from bot.sealing import limit
limit(memory_bytes=2**30)
try:
    bytearray(2**31)
except MemoryError:
    print("no memory")
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    open({str(tmp_path / "grown")!r}, "w").write("x" * 10**6)
except OSError:
    print("no file")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False
    )
    assert done.stdout == "no memory\nno file\n"
