"""docker-compose.yml keeps to the published schema, gives each part what it needs and no more, and shuts every container in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.closing import CLOSING_S
from bot.running import WORKER_STOP_S
from bot.setting_keys import KEYS
from bot.settings import read_settings
from tests.deploy.composition import FILE, Missing, seconds, service, written
from tests.deploy.images import read_image

SERVICES = ("redis", "web", "slack", "slack-http", "discord", "worker", "worker-gpu", "models", "dashboard")
BOTS, WORKERS = ("web", "slack", "slack-http", "discord"), ("worker", "worker-gpu")
OURS = (*BOTS, *WORKERS, "models", "dashboard")
TOKENS = {
    "web": {"YOMITE_WEB_TOKEN"},
    "slack": {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"},
    "slack-http": {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"},
    "discord": {"DISCORD_TOKEN"},
    "models": {"HF_TOKEN"},
    "dashboard": {"RQ_DASHBOARD_PASSWORD"},
}
VALUES = {"REDIS_PASSWORD": "a-password-of-redis"}
# Settings that no container is given, and why.
NOT_GIVEN = {
    "YOMITE_CATALOG": "names a file, which would have to be mounted too",
    "YOMITE_MODELS_DIR": "the image says it",
    "YOMITE_MODELS_CACHE": "the image says it, by HF_HOME",
    "YOMITE_MODELS_LOCK": "lies in the volume, beside the models",
    "YOMITE_STATE_DIR": "the image says it",
    "YOMITE_WORKERS": "for `yomite run`; here it is --scale",
}


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = written()["services"][name]
    return found


def environments() -> dict[str, dict[str, str]]:
    return {name: definition(name)["environment"] for name in SERVICES}


def check_schema(path: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("check-jsonschema")
    return subprocess.run([program, "--builtin-schema", "vendor.compose-spec", path], capture_output=True, text=True, check=False)


# --- The file ------------------------------------------------------------------------------------------------------


def test_the_file_keeps_to_the_published_schema() -> None:
    outcome = check_schema(FILE)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("cap_drop: [ALL]", "cap_drop: ALL"), ("read_only: true", "readonly: true"), ("interval: 15s", "every: 15s")],
)
def test_a_mistake_in_the_file_does_not_pass(tmp_path: Path, right: str, wrong: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / FILE.name).write_text(text.replace(right, wrong), encoding="utf-8")
    assert check_schema(tmp_path / FILE.name).returncode == 1


def test_it_holds_these_services_and_no_others() -> None:
    assert tuple(written()["services"]) == SERVICES


def test_only_redis_starts_without_a_profile() -> None:
    profiles = {name: definition(name).get("profiles", []) for name in SERVICES}
    assert profiles.pop("redis") == []
    assert {name: found for name, (found,) in profiles.items()} == {
        **{name: name for name in (*BOTS, "models", "dashboard")},
        "worker": "cpu",
        "worker-gpu": "gpu",
    }


def test_nothing_is_started_without_a_password_of_redis() -> None:
    with pytest.raises(Missing, match="REDIS_PASSWORD"):
        service("redis", {})


# --- Shut in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_has_rights_that_it_does_not_need(name: str) -> None:
    found = definition(name)
    assert found["cap_drop"] == ["ALL"]
    assert "cap_add" not in found
    assert "privileged" not in found
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["read_only"] is True
    assert found["user"].partition(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("name", OURS)
def test_the_user_of_a_container_is_the_one_that_owns_the_files_of_its_image(name: str) -> None:
    image = service(name, VALUES).image
    assert image is not None
    assert definition(name)["user"] == image.user


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_has_limits_and_its_logs_do_not_fill_the_disk(name: str) -> None:
    found = definition(name)
    assert set(found["deploy"]["resources"]["limits"]) == {"memory", "pids"}
    assert found["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


def test_ports_are_published_to_this_machine_alone() -> None:
    ports = {name: definition(name)["ports"] for name in SERVICES if "ports" in definition(name)}
    assert ports == {"web": ["127.0.0.1:8765:8765"], "slack-http": ["127.0.0.1:3000:3000"], "dashboard": ["127.0.0.1:9181:9181"]}


@pytest.mark.parametrize(("name", "prefix"), [("web", "YOMITE_WEB"), ("slack-http", "YOMITE_SLACK"), ("dashboard", "RQ_DASHBOARD")])
def test_a_port_that_is_published_is_the_one_that_its_process_opens_to_the_network_of_the_container(name: str, prefix: str) -> None:
    given = service(name, VALUES).environment
    assert given[f"{prefix}_PORT"] == definition(name)["ports"][0].rpartition(":")[2]
    assert given.get(f"{prefix}_HOST", given.get(f"{prefix}_BIND")) == "0.0.0.0"


def test_redis_and_workers_have_no_way_out() -> None:
    assert written()["networks"]["queue"] == {"internal": True}
    assert {name for name in SERVICES if definition(name)["networks"] == ["queue"]} == {"redis", *WORKERS}


def test_a_token_reaches_only_the_part_that_needs_it() -> None:
    everywhere = set().union(*TOKENS.values())
    assert {name: found for name, given in environments().items() if (found := everywhere & set(given))} == TOKENS


def test_no_container_is_given_all_of_the_secrets_file() -> None:
    assert not [name for name in SERVICES if "env_file" in definition(name)]


def test_the_password_of_redis_is_on_no_command_line() -> None:
    for name in SERVICES:
        found = definition(name)
        assert "REDIS_PASSWORD" not in str(found["command"])
        assert "REDIS_PASSWORD" not in str(found["healthcheck"])


# --- Settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BOTS, *WORKERS, "models"])
def test_what_a_container_is_given_are_settings_that_its_process_reads(name: str) -> None:
    """An unknown one that begins with YOMITE_ is an error; the others are looked for here."""
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "a-signing-secret"}
    values = VALUES | tokens | {"DISCORD_TOKEN": "a-token-of-twenty-letters"}
    from_image = read_image("bot" if name in BOTS else "worker").environment
    given = service(name, values).environment
    settings = read_settings(from_image | given)
    assert settings.state_dir == Path(from_image["YOMITE_STATE_DIR"])
    known = {key.variable for key in KEYS} | {"HF_HUB_OFFLINE", "HF_TOKEN"}
    assert set(given) - known == set()


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_memory_for_what_it_computes_beside_the_models_that_it_keeps(name: str) -> None:
    limit = definition(name)["deploy"]["resources"]["limits"]["memory"]
    default = next(key.default for key in KEYS if key.variable == "YOMITE_MEMORY_BUDGET_MB")
    kept_mb = int(service(name, VALUES).environment["YOMITE_MEMORY_BUDGET_MB"] or default)
    assert kept_mb <= int(limit.removesuffix("g")) * 1024 * 2 / 3


def test_every_setting_can_be_given_to_a_container() -> None:
    given = set().union(*environments().values())
    missing = {key.variable for key in KEYS} - given - set(NOT_GIVEN)
    assert not missing, "give these in docker-compose.yml, or say above why not; then `make readme`"
    assert set(NOT_GIVEN) <= {key.variable for key in KEYS} - given


# --- Life ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOTS)
def test_a_bot_has_time_to_end_what_it_has_begun(name: str) -> None:
    assert seconds(definition(name)["stop_grace_period"]) >= 4 * CLOSING_S


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_time_to_finish_what_it_computes(name: str) -> None:
    assert seconds(definition(name)["stop_grace_period"]) >= 4 * WORKER_STOP_S


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "models"])
def test_every_service_is_looked_after_and_started_again(name: str) -> None:
    found = definition(name)
    assert found["healthcheck"]["test"]
    assert found["restart"] == "unless-stopped"
    assert found["init"] is True


@pytest.mark.parametrize("name", [*BOTS, *WORKERS, "dashboard"])
def test_what_needs_redis_waits_until_it_answers(name: str) -> None:
    assert definition(name)["depends_on"] == {"redis": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", WORKERS)
def test_as_many_workers_as_are_asked_for_can_be_started(name: str) -> None:
    found = definition(name)
    assert not {"container_name", "ports", "hostname"} & set(found)


def test_the_worker_on_a_gpu_has_one_reserved_and_reads_what_was_fetched_before() -> None:
    gpu, models = definition("worker-gpu"), definition("models")
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert gpu["environment"]["YOMITE_PROFILE"] == models["environment"]["YOMITE_PROFILE"] == "hub"
    assert gpu["volumes"] == models["volumes"] == ["models:/var/lib/yomite"]
    assert read_image("worker").environment["HF_HOME"].startswith("/var/lib/yomite/")


def test_what_must_last_lies_in_volumes() -> None:
    mounted = {name: definition(name).get("volumes", []) for name in SERVICES}
    assert mounted.pop("redis") == ["redis:/data"]
    assert mounted.pop("dashboard") == []
    assert {name: volume for name, (volume,) in mounted.items()} == {
        **dict.fromkeys(BOTS, "bot:/var/lib/yomite"),
        **dict.fromkeys((*WORKERS, "models"), "models:/var/lib/yomite"),
    }
    assert set(written()["volumes"]) == {"redis", "bot", "models"}
