"""No file of the repository holds a token, a password or a private key: each kind has a form of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LARGEST_BYTES = 2 * 2**20  # of a file that people write; larger ones are weights
FORMS = {
    "Slack token": r"xox[abeprs]-\d{9,}-[\w-]{10,}|xapp-\d-[A-Z0-9]{8,}-\d{9,}-[0-9a-f]{20,}",
    "Slack webhook": r"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}",
    "Discord token": r"\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    "Discord webhook": r"discord(?:app)?\.com/api/webhooks/\d{17,}/[\w-]{40,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "GitHub token": r"\bgh[opsu]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{60,}",
    "Hugging Face token": r"\bhf_[A-Za-z]{30,}",
    "PyPI token": r"\bpypi-[\w-]{60,}",
    "AWS key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "password in an address": r"\b(?:rediss?|https?)://[^\s:/@\"'{}<>]*:(?!password@|secret@|hunter2@)[^\s/@\"'{}<>]{6,}@(?!\w+\.example\b|localhost\b|127\.|host\b)",
    "secret in an assignment": r"(?i)\b(?:api_?key|secret|token|passw(?:or)?d)\b\s*[=:]\s*[\"'](?=[\w+/-]*\d)(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])[\w+/-]{24,}={0,2}[\"']",
}
# One of each, made up; put together here, so that this file holds none.
MADE_UP = {
    "Slack token": "xoxb-" + "1234567890-abcdefghij0123",
    "Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/" + "x" * 24,
    "Discord token": "M" + "T" * 24 + ".abcdef." + "x" * 30,
    "Discord webhook": "https://discord.com/api/webhooks/" + "1" * 18 + "/" + "x" * 60,
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "GitHub token": "ghp_" + "a" * 36,
    "Hugging Face token": "hf_" + "a" * 34,
    "PyPI token": "pypi-" + "a" * 80,
    "AWS key": "AKIA" + "A" * 16,
    "password in an address": "redis://user:" + "s3cr3t-w0rd@redis.internal/0",
    "secret in an assignment": "token = '" + "aB3" * 10 + "'",
}


def found_in(text: str) -> list[str]:
    """The kinds of secrets in a text, each with its line; never the secret itself."""
    hits = ((kind, match) for kind, form in FORMS.items() for match in re.finditer(form, text))
    return [f"line {text.count(chr(10), 0, match.start()) + 1}: {kind}" for kind, match in hits]


def test_no_tracked_file_holds_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    found = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path.stat().st_size <= LARGEST_BYTES:
            found += [f"{name}, {hit}" for hit in found_in(path.read_bytes().decode("utf-8", "replace"))]
    assert found == []


@pytest.mark.parametrize("kind", FORMS)
def test_a_secret_of_each_form_would_be_found(kind: str) -> None:
    assert found_in(f"a line\n{MADE_UP[kind]}\n") == [f"line 2: {kind}"]
