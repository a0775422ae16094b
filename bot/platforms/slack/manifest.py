"""What Slack must know of the app: its manifest, made from the one list of commands; and the names that commands have there."""

from __future__ import annotations

import json
from typing import Any

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.grammar import Option

# Slack keeps these for itself.
TAKEN = frozenset(
    (
        "help",
        "status",
        "search",
        "who",
        "open",
        "join",
        "leave",
        "mute",
        "topic",
        "remind",
        "feed",
        "invite",
        "away",
        "active",
        "dnd",
        "apps",
        "me",
        "msg",
        "call",
    )
)
PREFIX = "yomite-"
ALL_IN_ONE = "/yomite"  # takes a whole command, where another app has its name already
READ = "read_"  # starts the id of a shortcut; the command's name follows

# Commands for one text that make sense of any message, and how a message's menu names them: at most 24 characters.
SHORTCUTS = {
    "sentiment": "感情を読む・Sentiment",
    "ner": "固有名を探す・Names",
    "explain-attention": "注意の図・Attention",
    "tokens": "区切りを見る・Tokens",
}

SCOPES = (
    "app_mentions:read",  # hear what is said to it
    "channels:history",  # the thread that a question stands in, and whether an answer is there already
    "chat:write",
    "commands",
    "files:read",  # files that come with a question
    "files:write",  # pictures of an answer
    "groups:history",  # as channels:history, in private channels it was invited to
    "im:history",
    "im:write",  # reach somebody whose channel it is not in
    "users:read",  # the language that the person who asks has set Slack to
)
EVENTS = ("app_mention", "message.im")


def slash_name(command: Command[Any, Any]) -> str:
    """What a person types for a command on Slack."""
    return f"/{PREFIX}{command.name}" if command.name in TAKEN else f"/{command.name}"


def line_of_slash(name: str, text: str) -> str:
    """The command as it is typed everywhere else."""
    if name == ALL_IN_ONE:
        return text.strip() or "/help"
    return f"/{name.removeprefix('/').removeprefix(PREFIX)} {text}"


def manifest(*, url: str = "") -> dict[str, Any]:
    """The app's manifest: for Socket Mode, or for HTTP where Slack reaches the bot at `url`."""
    return {
        "display_information": {
            "name": "Yomite",
            "description": "日本語と英語の文章を読みます。Reads Japanese and English texts.",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {"home_tab_enabled": False, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "yomite", "always_online": True},
            "shortcuts": [_shortcut(command) for command in COMMANDS if command.name in SHORTCUTS],
            "slash_commands": [*map(_slash_command, COMMANDS), _all_in_one()] if not url else _with_url(url),
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**({"request_url": url} if url else {}), "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **({"request_url": url} if url else {})},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def manifest_text(*, url: str = "") -> str:
    """The manifest as it is pasted."""
    return json.dumps(manifest(url=url), ensure_ascii=False, indent=2) + "\n"


def _with_url(url: str) -> list[dict[str, Any]]:
    return [{**command, "url": url} for command in (*map(_slash_command, COMMANDS), _all_in_one())]


def _slash_command(command: Command[Any, Any]) -> dict[str, Any]:
    options = "".join(f" [{_option_hint(option)}]" for option in command.options if option.name not in ("lang", "model"))
    hint = f"{command.form.en}{options}".strip()
    described = {"command": slash_name(command), "description": f"{command.summary.ja} · {command.summary.en}", "should_escape": False}
    return {**described, **({"usage_hint": hint} if hint else {})}


def _option_hint(option: Option) -> str:
    return f"--{option.name} {'|'.join(option.choices) or option.example}".strip()


def _all_in_one() -> dict[str, Any]:
    return {
        "command": ALL_IN_ONE,
        "description": "どのコマンドでも · any command",
        "should_escape": False,
        "usage_hint": "sentiment text",
    }


def _shortcut(command: Command[Any, Any]) -> dict[str, str]:
    return {
        "name": SHORTCUTS[command.name],
        "type": "message",
        "callback_id": READ + command.name.replace("-", "_"),
        "description": f"{command.summary.ja} · {command.summary.en}",
    }
