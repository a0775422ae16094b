"""What `yomite models …` says of models, in Japanese and English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.contract import Message
from engine.models.licences import Licence
from engine.models.listing import Listed
from engine.models.pulling import Pulled, size_text, total_bytes
from engine.models.verifying import Verified

STATES = {
    "bundled": Message(ja="同梱", en="bundled"),
    "cached": Message(ja="取得済み", en="in the cache"),
    "folder": Message(ja="フォルダ", en="folder"),
    "absent": Message(ja="手元にない", en="not here"),
    "changed": Message(ja="壊れているか、変わっている", en="damaged or changed"),
    "ok": Message(ja="正しい", en="ok"),
    "missing": Message(ja="手元にない", en="missing"),
    "not_locked": Message(ja="固定されていない（比べるものがない）", en="not locked (there is nothing to compare with)"),
}
TROUBLES = {
    "missing": Message(ja="ない", en="missing"),
    "size": Message(ja="大きさが違う", en="of another size"),
    "content": Message(ja="中身が違う", en="other content"),
    "header": Message(ja="safetensors として途中で切れているか、壊れている", en="no whole safetensors file"),
}
SHORT_COMMIT = 12


def listed_lines(row: Listed) -> Message:
    """Two lines: the model, where it is and who has loaded it; what it answers, at which revision, under which licence."""
    state, loaded = _state(row), _loaded(row)
    size = f"（{size_text(row.bytes)}）" if row.bytes else ""
    size_en = f", {size_text(row.bytes)}" if row.bytes else ""
    revision = _short(row.revision)
    pin_ja = f"・版 {revision}{'' if row.pinned else '（動く）'}" if revision else ""
    pin_en = f" · revision {revision}{'' if row.pinned else ' (moves)'}" if revision else ""
    tasks, languages = ", ".join(row.tasks), " ".join(row.languages)
    return Message(
        ja=f"{row.name}：{state.ja}{size}{loaded.ja}\n    {tasks}・{languages}{pin_ja}・{row.licence}",
        en=f"{row.name}: {state.en}{size_en}{loaded.en}\n    {tasks} · {languages}{pin_en} · {row.licence}",
    )


def verified_line(row: Verified) -> Message:
    """How it stands with a model, and which file is wrong."""
    state = STATES[row.state]
    ja = "、".join(f"{each.name}（{TROUBLES[each.trouble].ja}）" for each in row.wrong)
    en = ", ".join(f"{each.name} ({TROUBLES[each.trouble].en})" for each in row.wrong)
    said = Message(ja=f"{row.name}：{state.ja}", en=f"{row.name}: {'changed' if row.state == 'changed' else state.en}")
    return Message(ja=f"{said.ja}：{ja}", en=f"{said.en}: {en}") if row.wrong else said


def mending(rows: Sequence[Verified]) -> Message | None:
    """What to do about what is wrong."""
    hub = " ".join(row.name for row in rows if row.hub and not row.right)
    if hub:
        return Message(ja=f"取得しなおす：yomite models pull {hub}", en=f"To fetch again: yomite models pull {hub}")
    if any(not row.right for row in rows):
        return Message(
            ja="同梱のモデルは、リポジトリかパッケージのファイルに戻してください。学習させたモデルは、もう一度学習させるか `yomite models reset` で元に戻せます。",
            en="Put back bundled models from the repository or package. A trained one: train it again, or go back by `yomite models reset`.",
        )
    return None


def pulled_line(done: Pulled, *, update: bool) -> Message:
    """What came of one model."""
    commit, size = _short(done.locked.commit), size_text(total_bytes(done.locked.files.values()))
    if done.before and done.before != done.locked.commit:
        before = _short(done.before)
        return Message(
            ja=f"{done.name}：{before} から {commit} に替えました（{size}）", en=f"{done.name}: moved from {before} to {commit} ({size})"
        )
    if update:
        return Message(ja=f"{done.name}：{commit} のままです（{size}）", en=f"{done.name}: still {commit} ({size})")
    if done.fetched:
        return Message(
            ja=f"{done.name}：{commit} を取得し、確かめました（{size}）", en=f"{done.name}: {commit} fetched and checked ({size})"
        )
    return Message(
        ja=f"{done.name}：{commit} は手元にあり、正しいものです（{size}）", en=f"{done.name}: {commit} is here already, and right ({size})"
    )


def carried_line(done: Pulled, folder: Path) -> Message:
    """A model that was written into a folder to be carried."""
    return Message(
        ja=f"{done.name}：{folder} に書きました。運んだ先で：yomite models pull {done.name} --from フォルダ",
        en=f"{done.name}: written into {folder}. Where it is carried to: yomite models pull {done.name} --from FOLDER",
    )


def locked_line(path: Path) -> Message:
    """Where the lock is."""
    return Message(ja=f"ロック：{path}", en=f"Lock: {path}")


def nothing_to_pull() -> Message:
    """The profile has no model of the hub."""
    return Message(
        ja="このプロファイルのモデルはすべて同梱です。取得するものはありません。名前か --all で、ほかのプロファイルのモデルも取得できます。",
        en="All models of this profile are bundled: there is nothing to fetch. Names or --all fetch those of other profiles.",
    )


def licence_lines(row: Licence) -> Message:
    """A model's licence, what it learnt from, and where that stands."""
    data = "\n".join(f"    - {each}" for each in row.data)
    notes = "\n".join(f"    {each}" for each in row.notes)
    more = "\n".join(filter(None, [data, notes]))
    known = f"\n{more}" if more else ""
    return Message(
        ja=f"{row.name}：{row.licence}{known}\n    出典：{row.source}",
        en=f"{row.name}: {row.licence}{known}\n    From: {row.source}",
    )


def warmed_line(task: str, name: str, seconds: float) -> Message:
    """A model that was loaded to see whether it can be."""
    return Message(ja=f"{task}：{name} を {seconds:.1f} 秒で読み込めました", en=f"{task}: {name} loaded in {seconds:.1f} s")


def _state(row: Listed) -> Message:
    state = STATES[row.state]
    if row.checked is None:
        return state
    day = row.checked[:10]
    return Message(ja=f"{state.ja}、{day} に確認", en=f"{state.en}, checked {day}")


def _loaded(row: Listed) -> Message:
    """How many workers have it in memory; nothing where none has, or none is known to run."""
    if not row.loaded or not row.workers:
        return Message(ja="", en="")
    if row.workers == 1:
        return Message(ja="、ワーカーに読み込み済み", en=", loaded by the worker")
    return Message(
        ja=f"、ワーカー {row.workers} 個のうち {row.loaded} 個に読み込み済み", en=f", loaded by {row.loaded} of {row.workers} workers"
    )


def _short(revision: str) -> str:
    return revision[:SHORT_COMMIT] if len(revision) == 40 else revision
