"""Settings come from the environment, typed; what is wrong is named."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.guard.access import AllowList
from bot.guard.guard import GuardSettings
from bot.guard.limits import Limits
from bot.serving import guard_settings
from bot.setting_keys import KEYS, SECRETS, Key
from bot.settings import hide_secrets, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})
    assert (settings.profile, settings.device, settings.lang, settings.machine_speech) == ("bundled", "auto", None, "en")
    assert settings.state_dir == Path.home() / ".local" / "state" / "yomite"


def test_the_defaults_that_people_are_told_are_the_defaults() -> None:
    told = read_settings({key.variable: key.default for key in KEYS if key.default and key.name != "state_dir"})
    assert told == read_settings({})


def test_every_key_reaches_the_part_that_needs_it(tmp_path: Path) -> None:
    environment = {
        "YOMITE_PROFILE": "HUB",
        "YOMITE_CATALOG": "own.toml",
        "YOMITE_MODELS_DIR": str(tmp_path),
        "YOMITE_MODELS_CACHE": str(tmp_path / "cache"),
        "YOMITE_MODELS_LOCK": str(tmp_path / "models.lock"),
        "YOMITE_HUB_MIRROR": "https://mirror.example/hub/",
        "YOMITE_DEVICE": "cuda:1",
        "YOMITE_PRECISION": "fp32",
        "YOMITE_MEMORY_BUDGET_MB": "512",
        "YOMITE_BATCH": "8",
        "YOMITE_TIMEOUT_S": "30",
        "YOMITE_LANG": "ja",
        "YOMITE_STATE_DIR": str(tmp_path),
        "REDIS_URL": "rediss://:secret@redis.example:6380/2",
        "YOMITE_WORKERS": "3",
        "YOMITE_ANSWER_TTL_S": "600",
        "YOMITE_CACHE_TTL_S": "0",
        "YOMITE_MAX_CHARACTERS": "5000",
        "YOMITE_LIMIT_PERSON": "10",
        "YOMITE_LIMIT_CHANNEL": "20",
        "YOMITE_LIMIT_TEAM": "0",
        "YOMITE_MOST_WAITING": "500",
        "YOMITE_FEEDBACK": "yes",
        "YOMITE_FEEDBACK_DAYS": "7",
        "YOMITE_LOG_LEVEL": "info",
        "YOMITE_LOG_FORMAT": "json",
        "YOMITE_MONITOR_HOST": "0.0.0.0",
        "YOMITE_MONITOR_PORT": "9464",
        "YOMITE_WEB_HOST": "0.0.0.0",
        "YOMITE_WEB_PORT": "0",
        "YOMITE_WEB_TOKEN": "0123456789abcdef",
        "YOMITE_OPEN_BROWSER": "no",
        "SLACK_BOT_TOKEN": "xoxb-1-a",
        "SLACK_APP_TOKEN": "xapp-1-a",
        "SLACK_SIGNING_SECRET": "0123456789abcdef",
        "YOMITE_SLACK_HOST": "0.0.0.0",
        "YOMITE_SLACK_PORT": "3001",
        "YOMITE_SLACK_SOCKETS": "3",
        "YOMITE_SLACK_TEAMS": "T0123ABCD,E0123ABCD",
        "YOMITE_SLACK_CHANNELS": "C0123ABCD G0123ABCD",
        "YOMITE_SLACK_USERS": "U0123ABCD、W0123ABCD",
        "YOMITE_SLACK_ADMINS": "U0123ABCD",
        "DISCORD_TOKEN": "a-token-of-twenty-letters",
        "YOMITE_DISCORD_MESSAGE_CONTENT": "yes",
        "YOMITE_DISCORD_SHARDS": "8",
        "YOMITE_DISCORD_SHARD_IDS": "0-2, 5",
        "YOMITE_DISCORD_GUILDS": "910000000000000001",
        "YOMITE_DISCORD_CHANNELS": "920000000000000001, 920000000000000002,",
        "YOMITE_DISCORD_ROLES": "930000000000000001",
        "YOMITE_DISCORD_USERS": "900000000000000001",
        "YOMITE_DISCORD_ADMINS": "930000000000000002",
    }
    assert set(environment) == {key.variable for key in KEYS}
    settings = read_settings(environment)
    worker = settings.worker()
    assert (worker.profile, worker.device, worker.precision, worker.memory_budget_mb, worker.batch) == ("hub", "cuda:1", "fp32", 512, 8)
    assert worker.catalog == Path.cwd() / "own.toml"
    assert worker.lock == tmp_path / "models.lock"
    from_mirror = {"HF_HUB_CACHE": str(tmp_path / "cache"), "HF_ENDPOINT": "https://mirror.example/hub", "HF_HUB_DISABLE_XET": "1"}
    assert worker.environment() == from_mirror
    assert (settings.timeout_s, settings.lang, settings.state_dir) == (30, "ja", tmp_path)
    queue = settings.queue()
    assert (queue.timeout_s, queue.answer_ttl_s, queue.cache_ttl_s) == (30, 600, 0)
    assert (settings.redis_url, settings.workers, settings.max_characters) == ("rediss://:secret@redis.example:6380/2", 3, 5000)
    observing = settings.observing()
    assert (observing.log_level, observing.log_format) == ("info", "json")
    assert (observing.monitor_host, observing.monitor_port) == ("0.0.0.0", 9464)
    assert (settings.web_host, settings.web_port, settings.web_token, settings.open_browser) == ("0.0.0.0", 0, "0123456789abcdef", False)
    assert (settings.slack_bot_token, settings.slack_app_token) == ("xoxb-1-a", "xapp-1-a")
    assert (settings.slack_host, settings.slack_port) == ("0.0.0.0", 3001)
    assert (settings.slack_sockets, settings.discord_shards, settings.discord_shard_ids) == (3, 8, (0, 1, 2, 5))
    assert (settings.slack_signing_secret, settings.discord_token) == ("0123456789abcdef", "a-token-of-twenty-letters")
    guard = guard_settings(settings)
    assert (guard.limits, guard.most_waiting) == (Limits(person=10, channel=20, team=0), 500)
    assert guard.lists == {
        "slack": AllowList(
            teams=frozenset({"T0123ABCD", "E0123ABCD"}),
            channels=frozenset({"C0123ABCD", "G0123ABCD"}),
            users=frozenset({"U0123ABCD", "W0123ABCD"}),
            admins=frozenset({"U0123ABCD"}),
        ),
        "discord": AllowList(
            teams=frozenset({"910000000000000001"}),
            channels=frozenset({"920000000000000001", "920000000000000002"}),
            roles=frozenset({"930000000000000001"}),
            users=frozenset({"900000000000000001"}),
            admins=frozenset({"930000000000000002"}),
        ),
    }


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("YOMITE_PROFILE", "big", "bundled, hub"),
        ("YOMITE_DEVICE", "gpu", "cuda:N"),
        ("YOMITE_MEMORY_BUDGET_MB", "4GB", "MiB"),
        ("YOMITE_MEMORY_BUDGET_MB", "0", "MiB"),
        ("YOMITE_BATCH", "-1", "1"),
        ("YOMITE_TIMEOUT_S", "soon", "1"),
        ("YOMITE_LANG", "fr", "ja, en, auto"),
        ("YOMITE_HUB_MIRROR", "mirror.example", "https://"),
        ("YOMITE_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("YOMITE_LOG_FORMAT", "xml", "text, json"),
        ("YOMITE_MONITOR_PORT", "on", "65535"),
        ("YOMITE_LIMIT_PERSON", "-1", "0"),
        ("YOMITE_SLACK_CHANNELS", "#general", "C0123ABCD"),
        ("YOMITE_SLACK_USERS", "U0123ABCD, @hanako", "U0123ABCD W0123ABCD"),
        ("YOMITE_SLACK_TEAMS", ",", "T0123ABCD"),  # not "everybody"
        ("YOMITE_DISCORD_USERS", "hanako", "15"),
        ("YOMITE_DISCORD_ROLES", "9300", "15"),
        ("YOMITE_DISCORD_SHARDS", "many", "10000"),
        ("YOMITE_DISCORD_SHARD_IDS", "3-0", "0,2"),
        ("YOMITE_DISCORD_SHARD_IDS", "0,,1", "0-3"),
        ("YOMITE_SLACK_SOCKETS", "11", "10"),
    ],
)
def test_a_bad_value_is_an_error_with_the_key_and_what_is_allowed(key: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({key: value})
    for text in (caught.value.message.ja, caught.value.message.en):
        assert key in text
        assert value in text
        assert allowed in text


def test_an_unknown_key_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"YOMITE_PROFIL": "hub"})
    assert "YOMITE_PROFILE のことですか" in caught.value.message.ja
    assert "Did you mean YOMITE_PROFILE?" in caught.value.message.en


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"YOMITE_LANG": " ", "YOMITE_PROFILE": ""}) == read_settings({})


def test_by_default_everybody_may_ask_as_much_as_the_guard_thinks_right() -> None:
    guard = guard_settings(read_settings({}))
    assert (guard.limits, guard.most_waiting) == (Limits(), GuardSettings().most_waiting)
    assert set(guard.lists.values()) == {AllowList()}


@pytest.mark.parametrize(
    ("environment", "text", "speech"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "/sentiment I love this. --lang en", "en"),
        ({"LANG": "ja_JP.UTF-8"}, "/sentiment --lang en", "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "/help sentiment", "ja"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "", "ja"),
        ({"LANG": "en_US.UTF-8"}, "/sentiment ﾔﾊﾞｲ", "ja"),
        ({"LANG": "C.UTF-8"}, "/sentiment 12345", "en"),
        ({"YOMITE_LANG": "ja"}, "I love this.", "ja"),
        ({"YOMITE_LANG": "en"}, "最高", "en"),
    ],
)
def test_people_are_answered_in_their_language(environment: dict[str, str], text: str, speech: str) -> None:
    assert read_settings(environment).speech_for(text) == speech


# --- Secrets -------------------------------------------------------------------------------------------------------


SECRET = "hunter" + "2"  # in two parts: a traceback shows lines of this file too


def test_an_address_that_holds_a_password_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"YOMITE_HUB_MIRROR": f"https://me:{SECRET}@mirror.example"})
    told = caught.value.message.ja + caught.value.message.en + "".join(traceback.format_exception(caught.value))
    assert SECRET not in told


@pytest.mark.parametrize("key", [key for key in KEYS if key.name in SECRETS], ids=lambda key: key.name)
def test_a_secret_of_the_wrong_form_is_refused_without_being_shown(key: Key) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({key.variable: SECRET})
    assert key.variable in caught.value.message.ja
    told = caught.value.message.ja + caught.value.message.en + "".join(traceback.format_exception(caught.value))
    assert SECRET not in told


def test_no_secret_is_in_the_repr_of_the_settings() -> None:
    settings = read_settings(
        {"REDIS_URL": "redis://:hunter2@localhost", "SLACK_BOT_TOKEN": "xoxb-hunter2", "SLACK_APP_TOKEN": "xapp-hunter2"}
    )
    assert "hunter2" not in repr(settings)


# --- The file ------------------------------------------------------------------------------------------------------


def test_processes_that_are_started_later_find_no_secret_in_their_environment() -> None:
    secrets = {key.variable: "hidden" for key in KEYS if key.name in SECRETS}
    environment = {"PATH": "/bin", "YOMITE_LANG": "ja", **secrets}
    hide_secrets(environment)
    assert environment == {"PATH": "/bin", "YOMITE_LANG": "ja"}


def test_the_command_line_hides_what_it_has_read() -> None:
    code = "import os; from bot.cli import main; main(['help']); print([name for name in os.environ if name == 'SLACK_BOT_TOKEN'])"
    environment = {**os.environ, "SLACK_BOT_TOKEN": "xoxb-1234567890"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.endswith("[]\n")


def test_a_toml_file_gives_what_the_environment_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "yomite.toml").write_text('profile = "hub"\nweb_port = 9000\nopen_browser = false\nlang = "ja"\n', encoding="utf-8")
    settings = read_settings({"YOMITE_LANG": "en"}, folder=tmp_path)
    assert (settings.profile, settings.web_port, settings.open_browser, settings.lang) == ("hub", 9000, False, "en")


def test_yomite_config_names_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('device = "cpu"\n', encoding="utf-8")
    (tmp_path / "yomite.toml").write_text('device = "mps"\n', encoding="utf-8")
    assert read_settings({"YOMITE_CONFIG": str(other)}, folder=tmp_path).device == "cpu"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("web_prt = 1\n", "web_prt"),
        ("web_port = 70000\n", "70000"),
        ("batch = [1]\n", "batch"),
        ("this is no toml", "TOML"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_key(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "yomite.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings({}, folder=tmp_path)
    for text in (caught.value.message.ja, caught.value.message.en):
        assert named in text
        assert str(path) in text


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(SettingsError) as caught:
        read_settings({"YOMITE_CONFIG": str(path)})
    assert caught.value.message.ja == f"設定ファイル {path} を開けません（ファイルかフォルダがありません）。"
    assert caught.value.message.en == f"The settings file {path} cannot be opened (No such file or directory)."
