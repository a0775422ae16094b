"""What Slack's errors mean: try later, never, not into this channel, or a wrong token; and which calls may be repeated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)

from bot.errors import PlatformError
from bot.language import both
from bot.platforms.platform import CannotPost, TryLater

# Yomite cannot write there, but the asker can still be reached.
SHUT = frozenset(
    (
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "access_denied",
        "no_permission",
        "cannot_reply_to_message",
        "user_not_in_channel",
        "invalid_channel",
    )
)
# The message that should be changed is not there any more, or may not be changed any more.
GONE = frozenset(("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"))
WRONG_TOKEN = frozenset(
    (
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "no_permission",
        "org_login_required",
        "ekm_access_denied",
        "missing_scope",
    )
)
_LATER = frozenset(("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"))
_HALF_WAY = frozenset(("internal_error", "fatal_error", "request_timeout"))  # what Slack may have done before it says so
_UNCONFIRMED = both(
    "あなただけに見える答えを送りましたが、届いたかどうかを Slack が返しませんでした。\n質問した場所に見えないときは、もう一度送ってください。",
    "Your answer was sent so that only you see it, but Slack did not say whether it arrived.\n"
    "If you do not see it where you asked, send the question again.",
)
_TOKEN_LATER_S = 60.0  # with a token that stopped working, answers wait until somebody has put it right
# A second call would say the same thing twice, where the first one was taken and only its response got lost.
_NOT_TWICE = ("/chat.postMessage", "/chat.postEphemeral", "/files.completeUploadExternal")


class Unsure(TryLater):
    """Slack is in trouble, and may have done what it was asked all the same."""


def code_of(error: SlackApiError) -> str:
    """Slack's name for an error, e.g. "not_in_channel"; "http_503" where it gave none."""
    data = getattr(error.response, "data", None)
    if isinstance(data, dict) and isinstance(data.get("error"), str):
        return str(data["error"])
    return f"http_{_status_of(error)}"


@contextlib.contextmanager
def as_desk_errors() -> Iterator[None]:
    """Slack's errors as the desk knows them.

    Raises:
        TryLater: Slack cannot be reached, is in trouble, or has had enough for now.
        CannotPost: Slack refuses.
    """
    try:
        yield
    except SlackApiError as error:
        code, status = code_of(error), _status_of(error)
        if status == 429 or status >= 500 or code in _LATER:
            raise TryLater(_retry_after_s(error)) from error
        if code in WRONG_TOKEN - {"missing_scope", "no_permission"}:
            raise TryLater(_TOKEN_LATER_S) from error
        raise CannotPost(f"Slack: {code}") from error
    except (aiohttp.ClientError, TimeoutError, ConnectionError, SlackRequestError) as error:
        raise TryLater from error


def may_have_been_heard(error: Exception) -> bool:
    """Whether Slack may have done what it was asked, though it said nothing, or that something went wrong."""
    if isinstance(error, SlackApiError):
        return _status_of(error) not in (429, 503) and (_status_of(error) >= 500 or code_of(error) in _HALF_WAY)
    if isinstance(error, TryLater):
        return isinstance(error, Unsure)
    return not isinstance(error, aiohttp.ClientConnectorError)


def unconfirmed() -> CannotPost:
    """What only the asker sees was sent, and Slack did not say whether it came."""
    return CannotPost("Slack did not say whether the answer came", told=_UNCONFIRMED)


def retry_handlers() -> list[AsyncRetryHandler]:
    """What the client tries again by itself."""
    return [AsyncRateLimitErrorRetryHandler(max_retry_count=1), _ServerErrors(max_retry_count=1), _ConnectionErrors(max_retry_count=1)]


def wrong_token(error: SlackApiError, *, variable: str) -> PlatformError:
    """The error for a token that Slack refuses; `variable` is where it was given."""
    code = code_of(error)
    return PlatformError(
        ja=f"Slack が {variable} のトークンを受け付けません（{code}）。アプリの設定ページから、もう一度コピーしてください。",
        en=f"Slack refuses the token in {variable} ({code}). Copy it again from the settings page of the app.",
    )


class _ServerErrors(AsyncServerErrorRetryHandler):
    async def _can_retry_async(self, *, request: Any, **known: Any) -> bool:
        return not request.url.endswith(_NOT_TWICE) and await super()._can_retry_async(request=request, **known)


class _ConnectionErrors(AsyncConnectionErrorRetryHandler):
    async def _can_retry_async(self, *, request: Any, **known: Any) -> bool:
        return not request.url.endswith(_NOT_TWICE) and await super()._can_retry_async(request=request, **known)


def _status_of(error: SlackApiError) -> int:
    response = error.response
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def _retry_after_s(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    value = str(headers.get("Retry-After", ""))
    return float(value) if value.isdigit() else 1.0
