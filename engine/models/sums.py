"""SHA256SUMS: the digests of what a folder of models holds, as `sha256sum` writes and checks them.

`python -m engine.models.sums [FOLDER]` writes the bundled pack's anew.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from engine.catalog.entry import models_folder
from engine.contract import Message, reason_of
from engine.errors import ModelError
from engine.models.digests import read_sha256

FILE = "SHA256SUMS"
# What answers depend on; cards and scores are for people, and are written anew more often.
PATTERNS = ("*/*.safetensors", "*/*.json", "*/*.txt", "*/*/*.safetensors", "*/*/*.json")
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def read_sums(folder: Path) -> dict[str, str]:
    """File → digest; nothing where the folder has no such file.

    Raises:
        ModelError: `sums_unreadable`.
    """
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, reason_of(error)) from error
    found = {}
    for line in filter(None, lines):
        read = _LINE.fullmatch(line)
        if read is None:
            shown = repr(line[:80])
            raise _unreadable(path, Message(ja=shown, en=shown))
        found[read[2]] = read[1]
    return found


def write_sums(folder: Path) -> Path:
    """Write the digests of all that answers depend on; returns the file."""
    files = sorted({path for pattern in PATTERNS for path in folder.glob(pattern)})
    lines = [f"{read_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")
    return folder / FILE


def _unreadable(path: Path, what: Message) -> ModelError:
    return ModelError(
        "sums_unreadable",
        ja=f"{path} を読めません（{what.ja}）。リポジトリのファイルに戻してください。",
        en=f"{path} cannot be read ({what.en}). Put back the repository's file.",
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.sums", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=models_folder(), help="default: the bundled pack")
    print(f"wrote {write_sums(parser.parse_args().folder)}")


if __name__ == "__main__":
    main()
