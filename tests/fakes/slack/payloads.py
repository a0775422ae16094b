"""What Slack tells an app: a slash command, an event, a shortcut; and how it signs what it sends by HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.parse
from typing import Any

from tests.fakes.slack.records import Channel, Said, View
from tests.fakes.slack.store import APP, TEAM


def slash_payload(command: str, text: str, *, channel: Channel, user: str, number: int, response_url: str) -> dict[str, Any]:
    """A slash command; its text is not escaped."""
    return {
        "token": "unused",
        "team_id": TEAM,
        "team_domain": "test",
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": user,
        "user_name": user.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": f"{number}.{number}.trigger",
    }


def event_payload(event: dict[str, Any], *, number: int) -> dict[str, Any]:
    """An event around its inner event."""
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number:08d}",
        "event_time": int(float(event["ts"])),
        "authorizations": [{"team_id": TEAM, "user_id": "U0YOMITE", "is_bot": True}],
    }


def message_event(said: Said, kind: str) -> dict[str, Any]:
    """The inner event of a message: "app_mention", or "message" for direct ones."""
    event = said.to_json() | {"type": kind, "channel": said.channel, "event_ts": said.ts, "team": TEAM}
    event |= {"channel_type": "im"} if kind == "message" else {}
    return event | ({"subtype": "file_share"} if said.files and kind == "message" else {})


def shortcut_payload(callback_id: str, said: Said, *, channel: Channel, user: str, number: int, response_url: str) -> dict[str, Any]:
    """A choice in the menu of a message."""
    return {
        "type": "message_action",
        "token": "unused",
        "action_ts": said.ts,
        "team": {"id": TEAM, "domain": "test"},
        "user": {"id": user, "name": user.lower()},
        "channel": {"id": channel.id, "name": channel.name},
        "is_enterprise_install": False,
        "callback_id": callback_id,
        "trigger_id": f"{number}.{number}.trigger",
        "response_url": response_url,
        "message_ts": said.ts,
        "message": said.to_json(),
    }


def press_payload(said: Said, action_id: str, *, channel: Channel, user: str, number: int, response_url: str) -> dict[str, Any]:
    """A button was pressed; of a message that only one person sees, Slack does not tell the words.

    Raises:
        KeyError: the message has no such button.
    """
    container = {"type": "message", "message_ts": said.ts, "channel_id": channel.id, "is_ephemeral": bool(said.only_to)}
    return {
        **_interaction("block_actions", user, number),
        "container": container | ({"thread_ts": said.thread_ts} if said.thread_ts else {}),
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [_action(said, action_id)],
        **({} if said.only_to else {"message": said.to_json()}),
    }


def form_payload(view: View, typed: dict[str, dict[str, str]], *, number: int) -> dict[str, Any]:
    """A form was sent: what was typed, by block and field."""
    values = {
        block: {field: {"type": "plain_text_input", "value": text or None} for field, text in fields.items()}
        for block, fields in typed.items()
    }
    state = {"id": view.id, "team_id": TEAM, "hash": f"{number}.hash", "state": {"values": values}}
    return {**_interaction("view_submission", view.user, number), "view": {**view.data, **state}, "response_urls": []}


def _interaction(kind: str, user: str, number: int) -> dict[str, Any]:
    return {
        "type": kind,
        "token": "unused",
        "api_app_id": APP,
        "team": {"id": TEAM, "domain": "test"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": f"{number}.{number}.trigger",
    }


def _action(said: Said, action_id: str) -> dict[str, Any]:
    for index, block in enumerate(said.blocks):
        for element in block["elements"] if block["type"] == "actions" else ():
            if element["action_id"] == action_id:
                told = {key: element[key] for key in ("action_id", "type", "text", "value") if key in element}
                return {**told, "block_id": f"block{index}", "action_ts": f"{time.time():.6f}"}
    raise KeyError(f"no button {action_id}")


def http_body(kind: str, payload: dict[str, Any]) -> tuple[str, str]:
    """The body and content type of a request to the app."""
    if kind == "events_api":
        return json.dumps(payload, ensure_ascii=False), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload, ensure_ascii=False)}
    return urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"


def signature(secret: str, timestamp: int, body: str) -> str:
    """What stands in X-Slack-Signature."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
