"""Before a model is loaded: are its files those that were locked, bundled or trained? What was altered or half fetched never answers."""

from __future__ import annotations

import time
from pathlib import Path

from engine.catalog import CatalogEntry
from engine.catalog.entry import LockedModel
from engine.errors import ModelError
from engine.models.digests import Digests, Note, Seen, read_note, write_note
from engine.models.expected import expected_files, wrong_files, wrong_weights

NOTE = "yomite-checked-{commit}.json"  # beside the snapshots of a model in the cache


def check_files(entry: CatalogEntry, folder: Path, digests: Digests) -> None:
    """Compare the files of the row's model, which lie in `folder`, with what is known of them.

    Each file is read once in a process; one of the hub once at all, until it is written again: that is noted in the cache.

    Raises:
        ModelError: `model_changed`: a file is missing or another one.
    """
    locked = entry.locked
    noted = read_note(note_of(folder)) if locked else Note()
    digests.remember(folder, noted)
    try:
        wrong = [*wrong_files(expected_files(entry, folder), digests), *wrong_weights(entry, digests)]
    except OSError as error:
        raise _changed(entry, str(error.filename)) from error
    if wrong:
        raise _changed(entry, wrong[0].name)
    if locked and noted.files != {name: digests.seen(folder / name) for name in locked.files}:
        note_checked(locked, folder)


def note_of(folder: Path) -> Path:
    """Where it is noted that the files of a snapshot were found right."""
    return folder.parent.parent / NOTE.format(commit=folder.name)


def note_checked(locked: LockedModel, folder: Path) -> None:
    """Note that all files of a locked model, which lie in `folder`, were read and are right."""
    found = {name: (folder / name).stat() for name in locked.files}
    files = {name: Seen(size=stat.st_size, written_ns=stat.st_mtime_ns, sha256=locked.files[name].sha256) for name, stat in found.items()}
    write_note(note_of(folder), Note(checked_s=time.time(), files=files))


def _changed(entry: CatalogEntry, file: str) -> ModelError:
    if isinstance(entry.model, str):
        ja, en = f"`yomite models pull {entry.model}` で取得しなおせます", f"`yomite models pull {entry.model}` fetches it again"
    elif entry.weights:
        ja, en = "もう一度学習させるか、`yomite models reset` で元に戻してください", "Train it again, or go back by `yomite models reset`"
    else:
        ja, en = "リポジトリかパッケージのファイルに戻してください", "Put back the file of the repository or package"
    return ModelError(
        "model_changed",
        ja=f"モデル「{entry.name}」の {file} がないか、はじめのものと違うので、読み込みません。{ja}。`yomite models verify` がすべてを調べます。",
        en=f"{file} of the model {entry.name} is missing or is not what it was, so it is not loaded. {en}; "
        "`yomite models verify` looks at all of it.",
        model=entry.name,
    )
