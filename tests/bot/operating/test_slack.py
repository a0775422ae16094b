"""Slack is asked with the real client: tokens, scopes and clock, each right and each wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.operating.finding import Finding
from bot.operating.slack import WITHOUT, check_slack
from bot.platforms.slack.manifest import SCOPES
from bot.settings import Settings
from tests.bot.operating.findings import assert_bilingual, by_name
from tests.fakes.slack import FakeSlack


def looked_at(settings: Settings, prepare: Callable[[FakeSlack], None] = lambda slack: None) -> dict[str, Finding]:
    async def run() -> list[Finding]:
        async with FakeSlack() as slack:
            prepare(slack)
            return await check_slack(settings, base_url=slack.base_url)

    found = asyncio.run(run())
    assert_bilingual(found)
    secrets = [secret for secret in (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret) if secret]
    assert not [secret for secret in secrets if secret in repr(found)]
    return by_name(found)


@pytest.fixture
def slack_settings(settings: Settings) -> Settings:
    return replace(settings, slack_bot_token=FakeSlack.bot_token, slack_app_token=FakeSlack.app_token)


def test_each_scope_of_the_manifest_is_known_by_what_stops_without_it() -> None:
    assert set(WITHOUT) == set(SCOPES)


def test_without_a_token_slack_is_left_out(settings: Settings) -> None:
    assert [finding.state for finding in looked_at(settings).values()] == ["skipped"]


def test_an_app_as_its_manifest_makes_it_is_well(slack_settings: Settings) -> None:
    found = looked_at(slack_settings)
    assert {name: finding.state for name, finding in found.items()} == {
        "slack": "ok",
        "slack.scopes": "ok",
        "clock.slack": "ok",
        "slack.events": "ok",
    }
    assert "@yomite" in found["slack"].found.ja
    assert "Test" in found["slack"].found.en


def test_missing_scopes_are_named_with_what_stops_working(slack_settings: Settings) -> None:
    found = looked_at(slack_settings, lambda slack: slack.store.scopes.difference_update({"files:write", "im:history"}))["slack.scopes"]
    assert found.state == "error"
    assert "files:write（図を付けられません）" in found.found.ja
    assert "files:write (pictures cannot be attached)" in found.found.en
    assert "im:history" in found.found.en
    assert "chat:write" not in found.found.en


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_token_that_slack_refuses_is_named_by_its_variable(slack_settings: Settings, code: str) -> None:
    found = looked_at(slack_settings, lambda slack: slack.trouble.next("auth.test", error=code))
    assert found["slack"].state == "error"
    assert "SLACK_BOT_TOKEN" in found["slack"].found.ja
    assert code in found["slack"].found.en
    assert found["slack.events"].state == "ok"


def test_an_app_token_without_its_scope_is_said(slack_settings: Settings) -> None:
    found = looked_at(slack_settings, lambda slack: slack.trouble.next("apps.connections.open", error="missing_scope"))["slack.events"]
    assert (found.state, "SLACK_APP_TOKEN" in found.found.en) == ("error", True)
    assert "connections:write" in (found.advice.ja if found.advice else "")


def test_a_bot_token_in_place_of_the_app_token_is_said(slack_settings: Settings) -> None:
    found = looked_at(replace(slack_settings, slack_app_token=FakeSlack.bot_token))["slack.events"]
    assert (found.state, "not_allowed_token_type" in found.found.en) == ("error", True)


def test_by_http_the_signing_secret_is_what_is_needed(slack_settings: Settings) -> None:
    by_http = replace(slack_settings, slack_app_token=None, slack_signing_secret="0123456789abcdef")
    assert looked_at(by_http)["slack.events"].state == "ok"
    assert looked_at(replace(by_http, slack_signing_secret=None))["slack.events"].state == "error"


@pytest.mark.parametrize(("ahead_s", "state"), [(0.0, "ok"), (-30.0, "warning"), (400.0, "error")])
def test_slacks_clock_is_compared(slack_settings: Settings, ahead_s: float, state: str) -> None:
    def prepare(slack: FakeSlack) -> None:
        slack.store.clock_ahead_s = ahead_s

    assert looked_at(slack_settings, prepare)["clock.slack"].state == state


def test_too_many_calls_are_no_error(slack_settings: Settings) -> None:
    found = looked_at(slack_settings, lambda slack: slack.trouble.rate_limited("auth.test"))["slack"]
    assert found.state == "warning"


def test_a_slack_in_trouble_is_said(slack_settings: Settings) -> None:
    found = looked_at(slack_settings, lambda slack: slack.trouble.next("auth.test", status=503))["slack"]
    assert found.state == "error"


def test_a_slack_that_cannot_be_reached_is_said(slack_settings: Settings) -> None:
    found = asyncio.run(check_slack(slack_settings, base_url="http://127.0.0.1:9/api/"))
    assert [finding.state for finding in found] == ["error", "error"]
    assert "HTTPS_PROXY" in (found[0].advice.en if found[0].advice else "")
    assert_bilingual(found)
