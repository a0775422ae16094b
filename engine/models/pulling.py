"""`yomite models pull`: fetches a model at the commit that is locked, or locks the one that its revision stands for now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.catalog.entry import LockedFile, LockedModel
from engine.contract import Message
from engine.errors import ModelError
from engine.models.digests import Digests
from engine.models.expected import Expected, wrong_files
from engine.models.hub import Hub, RemoteFile, Snapshot, locked_file
from engine.models.inventory import Model

Tell = Callable[[Message], None]
MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What came of one model; `before`: the commit that was locked until now, `fetched`: the files that had to be fetched."""

    name: str
    locked: LockedModel
    before: str | None
    fetched: tuple[str, ...]
    folder: Path

    def as_json(self) -> dict[str, Any]:
        """The JSON-able form."""
        return {
            "name": self.name,
            "commit": self.locked.commit,
            "before": self.before,
            "fetched": list(self.fetched),
            "folder": str(self.folder),
            "files": {name: asdict(file) for name, file in self.locked.files.items()},
        }


def pull(model: Model, hub: Hub, *, update: bool = False, tell: Tell = lambda _: None) -> Pulled:
    """Have the model's files in the cache, each checked by its hash. What is there and right is not fetched again.

    Args:
        update: ask anew what the catalog's revision stands for, instead of keeping what is locked.
    Raises:
        ModelError: the hub cannot be reached, has no such model or other bytes than it says, or the disk is too full.
    """
    name, before = model.hub or "", model.locked.commit if model.locked else None
    if model.locked and not update:
        return _pull_locked(name, model.locked, hub, tell)
    hub.must_be_reachable(name)
    snapshot = hub.look_up(name, model.asked)
    if model.locked and model.locked.commit == snapshot.commit:
        return _pull_locked(name, model.locked, hub, tell)
    files, fetched = _fetch(name, snapshot, hub, tell)
    return Pulled(
        name=name,
        locked=LockedModel(commit=snapshot.commit, files=files),
        before=before,
        fetched=fetched,
        folder=hub.snapshot_folder(name, snapshot.commit),
    )


def wrong_in_cache(name: str, locked: LockedModel, hub: Hub) -> tuple[str, ...]:
    """The locked files that are not in the cache as they should be; reads all of them."""
    folder = hub.snapshot_folder(name, locked.commit)
    expected = [Expected(path=folder / file, name=file, sha256=each.sha256, size=each.size) for file, each in locked.files.items()]
    return tuple(wrong.name for wrong in wrong_files(expected, Digests()))


def _pull_locked(name: str, locked: LockedModel, hub: Hub, tell: Tell) -> Pulled:
    wrong = wrong_in_cache(name, locked, hub)
    folder = hub.snapshot_folder(name, locked.commit)
    if wrong:
        hub.must_be_reachable(name)
        for file in wrong:
            hub.drop(folder / file)
        wanted = {file: RemoteFile(size=locked.files[file].size, sha256=locked.files[file].sha256) for file in wrong}
        _fetch(name, Snapshot(commit=locked.commit, files=wanted), hub, tell)
    return Pulled(name=name, locked=locked, before=locked.commit, fetched=wrong, folder=folder)


def _fetch(name: str, snapshot: Snapshot, hub: Hub, tell: Tell) -> tuple[Mapping[str, LockedFile], tuple[str, ...]]:
    """Weights come last: where they lie in the cache, all the rest does."""
    folder = hub.snapshot_folder(name, snapshot.commit)
    missing = [file for file in snapshot.files if not (folder / file).exists()]
    _look_for_room(name, sum(snapshot.files[file].size for file in missing), hub)
    files = {}
    for file in sorted(snapshot.files, key=lambda file: (snapshot.files[file].size, file)):
        remote = snapshot.files[file]
        if file in missing:
            tell(Message(ja=f"{name}：{file}（{size_text(remote.size)}）", en=f"{name}: {file} ({size_text(remote.size)})"))
        files[file] = _checked(name, hub.fetch(name, snapshot.commit, file), file, remote, hub)
    return files, tuple(missing)


def _checked(name: str, path: Path, file: str, remote: RemoteFile, hub: Hub) -> LockedFile:
    found = locked_file(path, remote)
    if found is None:
        hub.drop(path)
        raise ModelError(
            "download_damaged",
            ja=f"「{name}」の {file} が、{hub.address} の言うハッシュと違います。捨てました。もう一度実行しても同じなら、ミラーかプロキシを確かめてください。",
            en=f"{file} of {name} does not have the hash that {hub.address} or the lock says. It was thrown away; where that happens again, "
            "see to the mirror or proxy.",
            model=name,
        )
    return found


def _look_for_room(name: str, needed: int, hub: Hub) -> None:
    free = hub.free_bytes()
    if needed > free:
        raise ModelError(
            "disk_full",
            ja=f"「{name}」には {size_text(needed)} 要りますが、{hub.cache_folder} には {size_text(free)} しか空いていません。"
            "空きを作るか、YOMITE_MODELS_CACHE で別の場所を指定してください。",
            en=f"{name} needs {size_text(needed)}, and {hub.cache_folder} has only {size_text(free)} left. "
            "Make room, or name another place by YOMITE_MODELS_CACHE.",
            model=name,
        )


def size_text(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / MIB:,.1f} MiB" if size >= MIB / 10 else f"{size:,} B"


def total_bytes(files: Iterable[LockedFile]) -> int:
    """The size of files together."""
    return sum(file.size for file in files)
