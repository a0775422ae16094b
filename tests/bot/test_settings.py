"""Settings come from the environment, typed; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import KEYS, read_settings


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
        "YOMITE_DEVICE": "cuda:1",
        "YOMITE_MEMORY_BUDGET_MB": "512",
        "YOMITE_BATCH": "8",
        "YOMITE_TIMEOUT_S": "30",
        "YOMITE_LANG": "ja",
        "YOMITE_STATE_DIR": str(tmp_path),
    }
    assert set(environment) == {key.variable for key in KEYS}
    settings = read_settings(environment)
    worker = settings.worker()
    assert (worker.profile, worker.device, worker.memory_budget_mb, worker.batch) == ("hub", "cuda:1", 512, 8)
    assert worker.catalog == Path.cwd() / "own.toml"
    assert (settings.timeout_s, settings.lang, settings.state_dir) == (30, "ja", tmp_path)


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
