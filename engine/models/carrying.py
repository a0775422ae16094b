"""Carries models to machines without a network: a plain folder with the files and their lock, written on one and read on another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from engine.catalog.entry import LockedModel
from engine.catalog.locked import Lock, read_lock, write_lock
from engine.contract import reason_of
from engine.errors import BadInputError, ModelError
from engine.models.digests import read_sha256
from engine.models.hub import Hub
from engine.models.inventory import Model
from engine.models.pulling import Pulled, wrong_in_cache

LOCK = "models.lock"


def carry_out(model: Model, pulled: Pulled, folder: Path) -> None:
    """Copy a model that was pulled into `folder`, and its place in the lock there.

    Raises:
        EngineError: the folder cannot be written to, or its lock not be read.
    """
    place = _place(folder, pulled.name, pulled.locked)
    try:
        for file in pulled.locked.files:
            _copy(pulled.folder / file, place / file)
        write_lock(folder / LOCK, read_lock(folder / LOCK).with_model(pulled.name, model.asked, pulled.locked))
    except OSError as error:
        why = reason_of(error)
        raise BadInputError(
            "cannot_write",
            ja=f"{folder} に書けません（{why.ja}）。空きのある、書き込めるフォルダを指定してください。",
            en=f"{folder} cannot be written to ({why.en}). Name a folder that can, with room.",
        ) from error


def carry_in(model: Model, hub: Hub, folder: Path, *, update: bool = False) -> Pulled:
    """Take a model out of such a folder into the cache; each file is checked by its hash on the way.

    Raises:
        EngineError: the folder has no such model, another commit than is locked, or damaged files.
    """
    name, carried = model.hub or "", read_lock(folder / LOCK)
    found = carried.of(name, model.asked)
    if found is None:
        raise _not_carried(name, folder, carried)
    if model.locked and model.locked != found and not update:
        raise _another(name, model.locked, found)
    wrong = wrong_in_cache(name, found, hub)
    target = hub.snapshot_folder(name, found.commit)
    for file in sorted(wrong, key=lambda file: (file == "config.json", file)):  # with it a model counts as there
        _take(name, _place(folder, name, found) / file, target / file, found.files[file].sha256)
    return Pulled(name=name, locked=found, before=model.locked.commit if model.locked else None, fetched=wrong, folder=target)


def _place(folder: Path, name: str, locked: LockedModel) -> Path:
    return folder / name.replace("/", "--") / locked.commit


def _copy(source: Path, target: Path) -> None:
    """As a whole or not at all, and as a file of its own: sticks and archives keep no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _take(name: str, source: Path, target: Path, sha256: str) -> None:
    try:
        right = read_sha256(source) == sha256
        if right:
            _copy(source, target)
    except OSError as error:
        why = reason_of(error, with_file=True)
        raise ModelError(
            "carried_unreadable",
            ja=f"「{name}」の {source} を読めないか、キャッシュに書けません（{why.ja}）。フォルダを丸ごとコピーしなおしてください。",
            en=f"{source} of {name} cannot be read, or the cache cannot be written to ({why.en}). Copy the whole folder again.",
            model=name,
        ) from error
    if not right:
        raise ModelError(
            "carried_damaged",
            ja=f"「{name}」の {source} は、運ばれたロックのハッシュと違います。フォルダを丸ごとコピーしなおしてください。",
            en=f"{source} of {name} does not have the hash that the carried lock says. Copy the whole folder again.",
            model=name,
        )


def _not_carried(name: str, folder: Path, carried: Lock) -> BadInputError:
    there = ", ".join(sorted(place.rpartition("@")[0] for place in carried.models)) or "–"
    return BadInputError(
        "not_carried",
        ja=f"{folder} に「{name}」はありません。あるもの：{there}。接続できるマシンで `yomite models pull {name} --to フォルダ` を実行してください。",
        en=f"{folder} does not hold {name}. It holds: {there}. Run `yomite models pull {name} --to FOLDER` on a machine that reaches the hub.",
    )


def _another(name: str, locked: LockedModel, found: LockedModel) -> BadInputError:
    return BadInputError(
        "another_commit",
        ja=f"「{name}」は {locked.commit[:12]} に固定されていますが、フォルダには {found.commit[:12]} があります。"
        f"そちらに替えるなら `--update` を付けてください。",
        en=f"{name} is locked at {locked.commit[:12]}, and the folder holds {found.commit[:12]}. To move to that, add --update.",
    )
