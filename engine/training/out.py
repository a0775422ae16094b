"""The folder that a training writes: refused where it holds something else, whole or not there at all."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedModel
from transformers.trainer import TRAINER_STATE_NAME

from engine.catalog.described import FILE as DESCRIPTION_FILE
from engine.contract import Message, reason_of, system_reason
from engine.errors import BadInputError, EngineError
from engine.models.loaded import LoadedModel
from engine.models.loading import quiet_transformers
from engine.models.sentence_folder import SentenceFolder, write_modules
from engine.training.alone import IN_USE, alone_in, is_empty

RUN_FILE = "run.json"
CHECKPOINTS, UNFINISHED = "checkpoints", ".unfinished"
_OF_MODEL = {"config.json", "modules.json", "adapter_config.json", "generation_config.json", "config_sentence_transformers.json"}
_OF_MODEL |= {DESCRIPTION_FILE, "scores.json", "losses.json"}
_OF_TOKENIZER = (
    "tokenizer.json",
    "tokenizer.[0-9]*.json",  # for certain versions of transformers
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "bpe.codes",
    "tokenizer.model",
    "spiece.model",
    "spm.model",
    "sentencepiece.model",
    "sentencepiece.bpe.model",
    "entity_vocab.json",
    "word_shape.json",
    "word_pronunciation.json",
)
# What makes a folder a model, and goes when another takes its place. What else a person put there stays: it may be their examples.
# Therefore names that are hardly a person's, and no wider patterns.
_REPLACED_FILES = (
    *_OF_MODEL,
    "README.md",
    "course.png",
    "sentence_bert_config.json",
    "model.safetensors",
    "model-*-of-*.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model-*-of-*.bin",
    "pytorch_model.bin.index.json",
    *_OF_TOKENIZER,
)
_REPLACED_FOLDERS = ("[0-9]_Pooling", "[0-9]_Dense", "[0-9]_Normalize")
# What the writers of weights and of checkpoints say when they fail; what they say of reading is another matter.
_WRITERS = ("while serializing", "PytorchStreamWriter")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Each checkpoint holds the trained weights and two moments of each; the best and the last are kept while the next is written.
# Beside them lie the trained weights as they were at first.
_CHECKPOINTS_AT_ONCE, _NUMBERS_EACH, _AT_FIRST = 3, 3, 1


@dataclass(frozen=True)
class Out:
    """The folder of one run; `settings` is all that decides what comes out of it."""

    folder: Path
    settings: Mapping[str, Any]

    @property
    def checkpoints(self) -> Path:
        return self.folder / CHECKPOINTS

    @property
    def unfinished(self) -> Path:
        """Where the result is written before it is moved into its place."""
        return self.folder / UNFINISHED

    def check(self, *, resume: bool) -> None:
        """Look whether the folder can be used, before anything that takes long; changes nothing.

        Raises:
            BadInputError: it holds something else or cannot be written, or there is no such run to go on with.
        """
        try:
            self._check(resume=resume)
        except OSError as error:
            raise _unwritable(self.folder, reason_of(error)) from error

    @contextmanager
    def alone(self, *, resume: bool) -> Iterator[None]:
        """Within, no other training can use the folder. A run that is interrupted before it has anything to keep leaves nothing.

        Raises:
            BadInputError: as `check`, or another training runs there.
        """
        if not self._marked():
            self.check(resume=resume)
        is_new = _make_writable(self.folder)
        try:
            with self._held():
                self.check(resume=resume)  # now that nobody else changes it
                yield
        finally:
            if is_new:
                with suppress(OSError):  # there is something in it
                    self.folder.rmdir()

    def open(self, *, resume: bool, needed_bytes: int) -> None:
        """Make the folder ready for a run, or for going on with the one that was stopped.

        Raises:
            BadInputError: as `check`, or it has too little room.
        """
        self.check(resume=resume)
        if resume:
            _drop_broken(self.checkpoints)
            return
        _make_writable(self.folder)
        _check_room(self.folder, needed_bytes)
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.checkpoints.mkdir()
        (self.checkpoints / RUN_FILE).write_text(json.dumps(self.settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within, what cannot be written is told as such.

        Raises:
            EngineError: `cannot_write`, mostly because the disk is full.
        """
        try:
            yield
        except OSError as error:
            raise _cannot_write(self.folder, reason_of(error)) from error
        except (SafetensorError, RuntimeError) as error:
            if not any(sign in str(error) for sign in _WRITERS):
                raise
            raise _cannot_write(self.folder, reason_of(error)) from error

    def begin_writing(self) -> Path:
        """An empty folder for the result."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        self.unfinished.mkdir()
        return self.unfinished

    def finish(self) -> None:
        """Move the result into its place, what makes it a model last, and drop the checkpoints. A person's own files stay."""
        for path in sorted(_of_the_old_model(self.folder), key=lambda path: path.name != "config.json"):
            _remove(path)
        for path in sorted(self.unfinished.iterdir(), key=lambda path: path.name == "config.json"):
            if not os.path.lexists(self.folder / path.name):  # what is there still is a person's, whatever it is called
                path.replace(self.folder / path.name)
        shutil.rmtree(self.unfinished)
        shutil.rmtree(self.checkpoints)

    def _check(self, *, resume: bool) -> None:
        begun = self._begun()
        if resume:
            _check_resumable(self.folder, begun, self.settings)
            return
        if begun is not None and has_checkpoint(self.folder):
            raise _unfinished(self.folder)
        _refuse_others(self.folder)
        _refuse_unwritable(self.folder)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with ExitStack() as held:
            try:
                held.enter_context(alone_in(self.folder))
            except OSError as error:
                raise _unwritable(self.folder, reason_of(error)) from error
            try:
                yield
            except KeyboardInterrupt:
                drop_empty(self.folder)
                raise

    def _marked(self) -> bool:
        """Whether another training may be running in the folder: then nothing else needs to be said of it."""
        try:
            return (self.folder / IN_USE).exists()
        except OSError:
            return False

    def _begun(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.checkpoints / RUN_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found


def has_checkpoint(folder: Path) -> bool:
    """Whether a run in this folder can be gone on with."""
    return any(map(_is_whole, (folder / CHECKPOINTS).glob("checkpoint-*")))


def drop_empty(folder: Path) -> None:
    """Remove what a run left that was stopped before it had anything to keep."""
    if not has_checkpoint(folder) and (folder / CHECKPOINTS / RUN_FILE).exists():
        shutil.rmtree(folder / CHECKPOINTS)
        if not any(folder.iterdir()):
            folder.rmdir()


def _of_the_old_model(folder: Path) -> list[Path]:
    files = [path for pattern in _REPLACED_FILES for path in folder.glob(pattern) if path.is_file() or path.is_symlink()]
    return [*files, *(path for pattern in _REPLACED_FOLDERS for path in folder.glob(pattern) if path.is_dir())]


def _is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end: the state of the run is what the Trainer writes last."""
    try:
        json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _drop_broken(checkpoints: Path) -> None:
    for checkpoint in checkpoints.glob("checkpoint-*"):
        if not _is_whole(checkpoint):
            _remove(checkpoint)


def room_needed(model: PreTrainedModel, *, trained: int) -> int:
    """Bytes of the checkpoints and the result, with `trained` weights."""
    kept = trained * (_CHECKPOINTS_AT_ONCE * _NUMBERS_EACH + _AT_FIRST)
    return 4 * (sum(parameter.numel() for parameter in model.parameters()) + kept)


def write_model(folder: Path, model: PreTrainedModel, loaded: LoadedModel, *, base: Path) -> None:
    """Weights, configuration, the tokenizer's files, and how vectors are made where the base says that."""
    with quiet_transformers():
        model.save_pretrained(folder)
    for path in tokenizer_files(base, loaded.tokenizer.backend.vocab_files_names.values()):
        shutil.copy(path, folder / path.name)
    if loaded.dense or any((place / "modules.json").exists() for place in (base, base.parent)):
        write_modules(
            folder,
            SentenceFolder(
                transformer=folder,
                pooling=loaded.pooling,
                normalize=loaded.normalize,
                dense=loaded.dense,
                max_length=loaded.window,
                lower_case=_lower_cases(base),
            ),
            hidden_size=model.config.hidden_size,
        )


def tokenizer_files(base: Path, own: Iterable[str] = ()) -> list[Path]:
    """The files that a tokenizer is read from, in the folder of its model: of names that tokenizers have, or its `own`."""
    found = {path for pattern in (*_OF_TOKENIZER, *own) for path in base.glob(pattern)}
    return sorted(path for path in found if path.is_file())


def _lower_cases(base: Path) -> bool:
    path = base / "sentence_bert_config.json"
    return path.exists() and bool(json.loads(path.read_text(encoding="utf-8")).get("do_lower_case"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _check_resumable(folder: Path, begun: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> None:
    if begun is None:
        raise BadInputError(
            "nothing_to_resume",
            ja=f"{folder} に途中の学習がありません。--resume を外して始めてください。",
            en=f"There is no unfinished run in {folder} to go on with; start one without --resume.",
        )
    other = [name for name in settings if begun.get(name) != settings[name]]
    if other:
        changes = [_change(name, begun.get(name), settings[name]) for name in other]
        ja, en = "、".join(change.ja for change in changes), ", ".join(change.en for change in changes)
        raise BadInputError(
            "other_run",
            ja=f"{folder} の途中の学習とは設定が違います（{ja}）。始めたときと同じ設定で --resume を付けてください。",
            en=f"The unfinished run in {folder} was begun with other settings ({en}); give --resume with those that it was begun with.",
        )


def _change(name: str, before: object, now: object) -> Message:
    """How a setting differs; of files, that they do: their digests tell nobody anything."""
    if all(isinstance(value, str) and _DIGEST.fullmatch(value) for value in (before, now)):
        return Message(ja=f"{name}：ファイルの中身が違います", en=f"{name}: another content of the file")
    shown = ["–" if value is None else value for value in (before, now)]
    return Message(ja=f"{name}：{shown[0]} → {shown[1]}", en=f"{name}: {shown[0]} → {shown[1]}")


def _unfinished(folder: Path) -> BadInputError:
    return BadInputError(
        "unfinished_run",
        ja=f"{folder} に途中の学習があります。続けるには --resume を付けてください。やり直すには {folder / CHECKPOINTS} を削除してください。",
        en=f"An unfinished run lies in {folder}. Go on with --resume, or delete {folder / CHECKPOINTS} to begin anew.",
    )


def _refuse_others(folder: Path) -> None:
    if not folder.exists():
        return
    if folder.is_dir() and (is_empty(folder) or (folder / DESCRIPTION_FILE).exists() or (folder / CHECKPOINTS / RUN_FILE).exists()):
        return
    raise BadInputError(
        "out_not_ours",
        ja=f"{folder} には学習の結果ではないものがあります。空のフォルダか、まだないフォルダを --out で指定してください。",
        en=f"{folder} holds something that is no result of a training. Name an empty folder, or one that does not exist yet, with --out.",
    )


def _refuse_unwritable(folder: Path) -> None:
    """Look at the folder, or at the one in which it would be made."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise _unwritable(folder, system_reason(errno.ENOTDIR))
    if not os.access(place, os.W_OK | os.X_OK):
        raise _unwritable(folder, system_reason(errno.EACCES))


def _make_writable(folder: Path) -> bool:
    """Make the folder; returns whether it was not there."""
    try:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, reason_of(error)) from error
    return is_new


def _unwritable(folder: Path, why: Message) -> BadInputError:
    return BadInputError(
        "out_not_writable",
        ja=f"{folder} に書き込めません（{why.ja}）。書き込めるフォルダを --out で指定してください。",
        en=f"{folder} cannot be written ({why.en}). Name a folder that can be with --out.",
    )


def _cannot_write(folder: Path, why: Message) -> EngineError:
    return EngineError(
        "cannot_write",
        ja=f"{folder} に書き込めなくなりました（{why.ja}）。空き容量を確かめ、同じコマンドに --resume を付けて続けてください。",
        en=f"{folder} can no longer be written ({why.en}). See that there is room, and go on by the same command with --resume.",
    )


def _check_room(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise BadInputError(
            "disk_full",
            ja=f"{folder} の空き容量が足りません（空き {free / 1e9:.1f} GB、必要 {needed_bytes / 1e9:.1f} GB）。"
            "空きを増やすか、別の場所を --out で指定してください。",
            en=f"{folder} has too little room: {free / 1e9:.1f} GB are free, {needed_bytes / 1e9:.1f} GB are needed. "
            "Make room, or name another place with --out.",
        )
