"""Settings, read once from the environment: typed, and an unknown key or a bad value is an error that names it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.errors import SettingsError
from bot.language import Speech, speech_of, speech_of_machine
from engine.contract import Message
from workers.queue import WorkerSettings

PREFIX = "YOMITE_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says. Sizes are MiB, durations seconds."""

    profile: Literal["bundled", "hub"] = "bundled"
    catalog: Path | None = None
    models_dir: Path | None = None
    device: str = "auto"
    memory_budget_mb: int = 4_096
    batch: int = 64
    timeout_s: float = 600.0
    lang: Speech | None = None
    state_dir: Path = Path()  # where the history of the interactive session lies
    machine_speech: Speech = "en"  # of the locale, not a key of ours

    def worker(self) -> WorkerSettings:
        """The part that a worker needs."""
        return WorkerSettings(
            profile=self.profile,
            catalog=self.catalog,
            models_dir=self.models_dir,
            device=self.device,
            memory_budget_mb=self.memory_budget_mb,
            batch=self.batch,
        )

    def speech_for(self, text: str) -> Speech:
        """The language to talk to the person in who typed `text`: YOMITE_LANG, else the text's, else the locale's."""
        return self.lang or speech_of(text, otherwise=self.machine_speech)


@dataclass(frozen=True, kw_only=True)
class Key:
    """One environment variable: how its text is read, which values it allows, and what it means."""

    name: str
    read: Callable[[str], Any]
    allowed: Message
    default: str
    meaning: Message

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def _one_of(*values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(text)
        return text.lower()

    return read


def _number(*, at_least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if int(text) < at_least:
            raise ValueError(text)
        return int(text)

    return read


def _device(text: str) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text.lower()):
        raise ValueError(text)
    return text.lower()


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _speech(text: str) -> str | None:
    return {"ja": "ja", "en": "en", "auto": None}[text.lower()]


def _same(text: str) -> Message:
    return Message(ja=text, en=text)


_A_FILE = Message(ja="ファイルのパス", en="the path of a file")
_A_FOLDER = Message(ja="フォルダのパス", en="the path of a folder")

KEYS = (
    Key(
        name="profile",
        read=_one_of("bundled", "hub"),
        allowed=_same("bundled, hub"),
        default="bundled",
        meaning=Message(
            ja="モデルの組：同梱の小さなモデルか、Hugging Face Hub の大きなモデルか",
            en="the small bundled models, or full-size ones from the Hugging Face hub",
        ),
    ),
    Key(
        name="catalog",
        read=_path,
        allowed=_A_FILE,
        default="",
        meaning=Message(
            ja="自分のカタログ（TOML）。profile の行を置き換える", en="a catalog of your own (TOML) whose rows replace those of the profile"
        ),
    ),
    Key(
        name="models_dir",
        read=_path,
        allowed=_A_FOLDER,
        default="",
        meaning=Message(ja="同梱モデルの場所", en="where the bundled models lie"),
    ),
    Key(
        name="device",
        read=_device,
        allowed=_same("auto, cpu, cuda, cuda:N, mps"),
        default="auto",
        meaning=Message(ja="計算に使う装置", en="what computes"),
    ),
    Key(
        name="memory_budget_mb",
        read=_number(at_least=1),
        allowed=Message(ja="1 以上の整数（MiB）", en="a whole number from 1 (MiB)"),
        default="4096",
        meaning=Message(ja="読み込んだままにするモデルの合計サイズ", en="how much of loaded models is kept in memory"),
    ),
    Key(
        name="batch",
        read=_number(at_least=1),
        allowed=Message(ja="1 以上の整数", en="a whole number from 1"),
        default="64",
        meaning=Message(ja="一度にまとめて計算する依頼の最大数", en="the most requests that are computed together"),
    ),
    Key(
        name="timeout_s",
        read=_number(at_least=1),
        allowed=Message(ja="1 以上の整数（秒）", en="a whole number from 1 (seconds)"),
        default="600",
        meaning=Message(ja="ひとつの答えを待つ長さ", en="how long to wait for one answer"),
    ),
    Key(
        name="lang",
        read=_speech,
        allowed=_same("ja, en, auto"),
        default="auto",
        meaning=Message(ja="画面のことば（auto：入力した文章に合わせる）", en="the language of the screen (auto: that of what you type)"),
    ),
    Key(
        name="state_dir",
        read=_path,
        allowed=_A_FOLDER,
        default="~/.local/state/yomite",
        meaning=Message(ja="入力履歴の置き場所", en="where the history of what you typed is kept"),
    ),
)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the `YOMITE_*` variables; one that is empty counts as not set.

    Raises:
        SettingsError: an unknown key or a value that is not allowed.
    """
    known = {key.variable: key for key in KEYS}
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and text.strip():
            key = known.get(variable)
            if key is None:
                raise _unknown(variable, list(known))
            values[key.name] = _read(key, text.strip())
    values.setdefault("state_dir", _state_dir(environment))
    return Settings(**values, machine_speech=speech_of_machine(environment))


def _read(key: Key, text: str) -> object:
    try:
        return key.read(text)
    except (ValueError, KeyError) as error:
        raise SettingsError(
            ja=f"環境変数 {key.variable} の値「{text}」は使えません。使える値：{key.allowed.ja}",
            en=f"The environment variable {key.variable} cannot be {text!r}. Allowed: {key.allowed.en}",
        ) from error


def _unknown(variable: str, known: list[str]) -> SettingsError:
    near = difflib.get_close_matches(variable, known, n=1)
    return SettingsError(
        ja=f"環境変数 {variable} はありません。" + (f"{near[0]} のことですか？" if near else "") + f"使えるもの：{', '.join(known)}",
        en=f"There is no setting {variable}. " + (f"Did you mean {near[0]}? " if near else "") + f"There are: {', '.join(known)}",
    )


def _state_dir(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    return Path(base) / "yomite" if base else Path.home() / ".local" / "state" / "yomite"
