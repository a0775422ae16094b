"""Settings, read once from the environment and one TOML file: typed, and an unknown key or a bad value is an error that names it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.errors import SettingsError
from bot.language import Speech, speech_of, speech_of_machine
from bot.setting_keys import KEYS, PREFIX, SECRETS, Key
from engine.contract import reason_of
from workers.observing.settings import ObservingSettings
from workers.queue import QueueSettings, WorkerSettings

CONFIG_VARIABLE = "YOMITE_CONFIG"
CONFIG_NAME = "yomite.toml"  # read where it lies in the current folder
CHOSEN_NAME = "chosen.json"  # what `yomite models use` writes into the state folder
LOCK_NAME = "models.lock"  # what `yomite models pull` writes there, unless models_lock names another file


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment and the file say. Sizes are MiB, durations seconds. Secrets are not in its `repr`."""

    profile: Literal["bundled", "hub"] = "bundled"
    catalog: Path | None = None
    models_dir: Path | None = None
    models_cache: Path | None = None
    models_lock: Path | None = None
    hub_mirror: str | None = None
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    memory_budget_mb: int = 4_096
    batch: int = 64
    timeout_s: int = 600
    lang: Speech | None = None
    state_dir: Path = Path()  # history of the interactive session, the embedded Redis, and feedback
    redis_url: str | None = field(default=None, repr=False)
    workers: int = 1
    answer_ttl_s: int = 86_400
    cache_ttl_s: int = 3_600
    max_characters: int = 200_000
    limit_person: int = 30  # these three: a minute
    limit_channel: int = 120
    limit_team: int = 600
    most_waiting: int = 2_000
    feedback: bool = False
    feedback_days: int = 30
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["text", "json"] = "text"
    monitor_host: str = "127.0.0.1"
    monitor_port: int | None = None  # None: nothing is served
    web_host: str = "127.0.0.1"
    web_port: int = 8_765
    web_token: str | None = field(default=None, repr=False)
    open_browser: bool = True
    slack_bot_token: str | None = field(default=None, repr=False)
    slack_app_token: str | None = field(default=None, repr=False)
    slack_signing_secret: str | None = field(default=None, repr=False)
    slack_host: str = "127.0.0.1"
    slack_port: int = 3_000
    slack_sockets: int = 1
    slack_teams: frozenset[str] = frozenset()
    slack_channels: frozenset[str] = frozenset()
    slack_users: frozenset[str] = frozenset()
    slack_admins: frozenset[str] = frozenset()
    discord_token: str | None = field(default=None, repr=False)
    discord_message_content: bool = False
    discord_shards: int = 0  # 0: as many as Discord recommends
    discord_shard_ids: tuple[int, ...] = ()  # none: all
    discord_guilds: frozenset[str] = frozenset()
    discord_channels: frozenset[str] = frozenset()
    discord_roles: frozenset[str] = frozenset()
    discord_users: frozenset[str] = frozenset()
    discord_admins: frozenset[str] = frozenset()
    machine_speech: Speech = "en"  # of the locale, not a key of ours

    def worker(self) -> WorkerSettings:
        """The part that a worker needs."""
        return WorkerSettings(
            profile=self.profile,
            catalog=self.catalog,
            chosen=self.state_dir / CHOSEN_NAME,
            lock=self.models_lock or self.state_dir / LOCK_NAME,
            models_dir=self.models_dir,
            models_cache=self.models_cache,
            hub_mirror=self.hub_mirror,
            device=self.device,
            precision=self.precision,
            memory_budget_mb=self.memory_budget_mb,
            batch=self.batch,
        )

    def queue(self) -> QueueSettings:
        """The part that the queue needs."""
        return QueueSettings(timeout_s=self.timeout_s, answer_ttl_s=self.answer_ttl_s, cache_ttl_s=self.cache_ttl_s)

    def observing(self) -> ObservingSettings:
        """The part that says how a process can be looked at."""
        return ObservingSettings(
            log_level=self.log_level, log_format=self.log_format, monitor_host=self.monitor_host, monitor_port=self.monitor_port
        )

    def speech_for(self, text: str) -> Speech:
        """The language to talk to the person in who typed `text`: YOMITE_LANG, else the text's, else the locale's."""
        return self.lang or speech_of(text, otherwise=self.machine_speech)


def read_settings(environment: Mapping[str, str], *, folder: Path | None = None) -> Settings:
    """Read the environment's variables, then, for what they leave open, the TOML file.

    The file is the one that YOMITE_CONFIG names, else yomite.toml in `folder` (None: no file). Empty values count as not set.

    Raises:
        SettingsError: an unknown key, a value that is not allowed, or a file that cannot be read.
    """
    values = _from_file(_config_file(environment, folder)) | _from_environment(environment)
    values.setdefault("state_dir", _state_dir(environment))
    return Settings(**values, machine_speech=speech_of_machine(environment))


def hide_secrets(environment: MutableMapping[str, str]) -> None:
    """Take all secrets out of an environment that was read: no process that is started with it needs one."""
    for key in KEYS:
        if key.name in SECRETS:
            environment.pop(key.variable, None)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {key.variable: key for key in KEYS}
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        key = known.get(variable)
        if key is None and variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and text.strip():
            raise _unknown(variable, list(known))
        if key is not None and text.strip():
            values[key.name] = _read(key, text.strip(), place=f"環境変数 {variable}", en_place=f"The environment variable {variable}")
    return values


def _from_file(path: Path | None) -> dict[str, Any]:
    known = {key.name: key for key in KEYS}
    values: dict[str, Any] = {}
    for name, value in _toml(path).items() if path else ():
        key = known.get(name)
        if key is None:
            raise _unknown(name, list(known), path=path)
        if isinstance(value, dict | list):
            raise _bad_value(key, value, place=f"{path} の {name}", en_place=f"{name} in {path}")
        text = str(value).lower() if isinstance(value, bool) else str(value).strip()
        if text:
            values[name] = _read(key, text, place=f"{path} の {name}", en_place=f"{name} in {path}")
    return values


def _config_file(environment: Mapping[str, str], folder: Path | None) -> Path | None:
    if named := environment.get(CONFIG_VARIABLE, "").strip():
        return Path(named).expanduser()
    found = folder / CONFIG_NAME if folder else None
    return found if found is not None and found.is_file() else None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = reason_of(error)
        raise SettingsError(
            ja=f"設定ファイル {path} を開けません（{why.ja}）。",
            en=f"The settings file {path} cannot be opened ({why.en}).",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            ja=f'設定ファイル {path} を TOML として読めません（{error}）。書き方の例：profile = "hub"',
            en=f'The settings file {path} cannot be read as TOML ({error}). A line looks like: profile = "hub"',
        ) from error


def _read(key: Key, text: str, *, place: str, en_place: str) -> object:
    try:
        return key.read(text)
    except (ValueError, KeyError) as error:
        # `from None` for secrets: the error that caused it could show a part of the value.
        raise _bad_value(key, text, place=place, en_place=en_place) from None if _is_hidden(key, text) else error


def _bad_value(key: Key, value: object, *, place: str, en_place: str) -> SettingsError:
    shown_ja, shown_en = ("その値", "that value") if _is_hidden(key, value) else (f"「{value}」", f"{value!r}")
    return SettingsError(
        ja=f"{place} に{shown_ja}は使えません。使える値：{key.allowed.ja}",
        en=f"{en_place} cannot be {shown_en}. Allowed: {key.allowed.en}",
    )


def _is_hidden(key: Key, value: object) -> bool:
    """Whether a value is not shown: that of a secret, or an address that holds a name or password."""
    return key.name in SECRETS or re.search(r"://[^/]*@", str(value)) is not None


def _unknown(name: str, known: list[str], *, path: Path | None = None) -> SettingsError:
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(known)
    where_ja, where_en = (f"設定ファイル {path} の", f" in {path}") if path else ("環境変数 ", "")
    return SettingsError(
        ja=f"{where_ja}{name} という設定はありません。" + (f"{near[0]} のことですか？" if near else "") + f"使えるもの：{listed}",
        en=f"There is no setting {name}{where_en}. " + (f"Did you mean {near[0]}? " if near else "") + f"There are: {listed}",
    )


def _state_dir(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    return Path(base) / "yomite" if base else Path.home() / ".local" / "state" / "yomite"
