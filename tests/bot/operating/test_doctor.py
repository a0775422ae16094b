"""`yomite doctor` says all in one language, gives an exit code, and shows no secret."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli import main
from bot.exit_codes import CANNOT_ANSWER, OK, WRONG_USAGE
from bot.language import Speech, both
from bot.operating.doctor import check_computing, doctor, summary
from bot.operating.finding import error, ok, warning
from bot.settings import Settings
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.support.redis_with import redis_with

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_pack: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("YOMITE_", "LC_", "LANG", "SLACK_", "DISCORD_", "REDIS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("YOMITE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("YOMITE_WEB_PORT", "0")
    monkeypatch.setenv("YOMITE_DEVICE", "cpu")
    monkeypatch.setenv("YOMITE_MODELS_DIR", str(tiny_pack))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def chats() -> Iterator[tuple[str, str]]:
    """The addresses of a fake Slack and a fake Discord, served from a thread of their own."""
    addresses: list[str] = []
    ready, loop, over = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with FakeSlack() as slack, FakeDiscord() as discord:
            addresses.extend([slack.base_url, discord.api_url])
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(30)
    yield addresses[0], addresses[1]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def test_a_whole_system_is_well(settings: Settings, tiny_pack: Path, chats: tuple[str, str], tmp_path: Path, capsys: Captured) -> None:
    slack_url, discord_url = chats
    with redis_with(tmp_path, "--appendonly", "yes", "--requirepass", "a-password-of-redis") as path:
        whole = replace(
            settings,
            models_dir=tiny_pack,
            device="cpu",
            redis_url=f"unix://:a-password-of-redis@{path}",
            slack_bot_token=FakeSlack.bot_token,
            slack_app_token=FakeSlack.app_token,
            discord_token=TOKEN,
        )
        assert doctor(whole, "ja", slack_url=slack_url, discord_url=discord_url) == OK
    printed = capsys.readouterr().out
    assert [part for part in ("✓ 正常  python:", "異常 0 件") if part not in printed] == []
    names = ("torch", "fonts", "dictionary", "redis.persistence", "slack.scopes", "discord.intents", "clock.slack", "port.web")
    assert [name for name in names if f" {name}: " not in printed] == []
    secrets = ("a-password-of-redis", FakeSlack.bot_token, FakeSlack.app_token, TOKEN)
    assert [secret for secret in secrets if secret in printed] == []
    assert "\x1b" not in printed


@pytest.mark.parametrize(("speech", "said"), [("ja", "異常 1 件、注意 2 件（4 項目）"), ("en", "1 error, 2 warnings in 4 checks")])
def test_the_last_line_counts_what_is_not_in_order(speech: Speech, said: str) -> None:
    advice = both("直す", "mend it")
    findings = [ok("a", "良い", "good"), error("b", advice, advice), warning("c", advice, advice), warning("d", advice, advice)]
    assert summary(findings, speech) == said


def test_one_error_is_enough_for_the_exit_code_and_the_rest_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:a-password@127.0.0.1:9/0")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-a-token")
    assert main(["doctor", "--offline", "--json"]) == CANNOT_ANSWER
    told = json.loads(capsys.readouterr().out)
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert (states["redis"], states["python"], states["fonts"], states["slack"]) == ("error", "ok", "ok", "skipped")
    assert told["counts"]["error"] == 1
    assert all(set(check) == {"name", "state", "found", "advice"} for check in told["checks"])
    assert "a-password" not in json.dumps(told)


def test_a_process_that_says_nothing_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [found] = asyncio.run(check_computing(settings))
    assert (found.name, found.state) == ("computing", "error")
    assert "engine.checking" in (found.advice.en if found.advice else "")


def test_where_torch_is_not_installed_models_are_left_out(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hiding = ("import importlib.machinery", "found = importlib.machinery.PathFinder.find_spec")
    hidden = "importlib.machinery.PathFinder.find_spec = lambda name, *rest: None if name == 'torch' else found(name, *rest)"
    (tmp_path / "sitecustomize.py").write_text("\n".join((*hiding, hidden)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [found] = asyncio.run(check_computing(settings))
    assert (found.name, found.state) == ("computing", "skipped")
    assert "ボット専用" in found.found.ja
    assert "bot alone" in found.found.en


@pytest.mark.parametrize(("lang", "said"), [("ja", "直し方を言う"), ("en", "what to do about it")])
def test_help_is_in_the_persons_language(lang: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["doctor", "--help"]) == OK
    assert said in " ".join(capsys.readouterr().out.split())
    assert main(["doctor", "--nonsense"]) == WRONG_USAGE
