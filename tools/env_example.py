"""Writes .env.example: every variable that docker-compose.yml takes from .env, explained in both languages from the list of settings.

`make readme` runs it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from bot.language import both
from bot.setting_keys import KEYS, Key
from engine.contract import Message
from tools.lock import ROOT

COMPOSE, FILE = ROOT / "docker-compose.yml", ROOT / ".env.example"
HEAD = """\
# docker-compose.yml の設定。.env という名前で写し、要るところだけ書く。空なら既定値。.env は人に見せず、コミットしない。
# Settings of docker-compose.yml. Copy this file to .env and fill in what you need; empty: the default. Show .env to nobody and do not commit it.
"""
# What must be filled in for the part to start.
NEEDED = {
    "REDIS_PASSWORD": both(
        "必須：Redis のパスワード。長く、英数字だけで（openssl rand -hex 32 で作れる）",
        "needed: the password of Redis, long, of letters and digits alone (openssl rand -hex 32 makes one)",
    ),
    "YOMITE_WEB_TOKEN": both(
        "必須：チャットページを開くためのトークン。16 文字以上（openssl rand -hex 24 で作れる）",
        "needed: the secret that opens the chat page, 16 characters or more (openssl rand -hex 24 makes one)",
    ),
    "SLACK_BOT_TOKEN": both("必須：Slack のボットトークン（xoxb-…）", "needed: Slack's bot token (xoxb-…)"),
    "SLACK_APP_TOKEN": both(
        "--profile slack のとき必須：Slack のアプリトークン（xapp-…、Socket Mode）",
        "needed for --profile slack: Slack's app-level token (xapp-…, Socket Mode)",
    ),
    "SLACK_SIGNING_SECRET": both(
        "--profile slack-http のとき必須：Slack の署名シークレット（アプリトークンの代わり）",
        "needed for --profile slack-http: Slack's signing secret, in place of the app token",
    ),
    "DISCORD_TOKEN": both("必須：Discord のボットトークン", "needed: Discord's bot token"),
    "RQ_DASHBOARD_PASSWORD": both(
        "必須：管理画面のパスワード（ユーザー名は yomite）", "needed: the password of the dashboard (its user is yomite)"
    ),
}
# What is no setting of Yomite's own.
FOREIGN = {
    "TORCH_INDEX_URL": both(
        "ワーカーのイメージを作るときだけ使う：pip が torch を探すインデックスの追加（CPU だけのビルドなど）。空なら pip の既定だけ",
        "used only to build the worker's image: one more index where pip looks for torch, e.g. of builds for the CPU alone",
    ),
    "HF_TOKEN": both(
        "モデルの取得だけに使う：公開範囲が限られたモデルのための Hugging Face のトークン",
        "used only to fetch models: a token of Hugging Face, for those that are not open to everybody",
    ),
}
OTHER_DEFAULTS = {"YOMITE_LOG_LEVEL": "info", "YOMITE_MEMORY_BUDGET_MB": "2560 (cpu), 4096 (gpu)"}  # which docker-compose.yml gives


def section_of(variable: str) -> Message:
    """Which part of the file a variable stands in."""
    if "SLACK" in variable:
        return both("Slack（--profile slack、または --profile slack-http）", "Slack (--profile slack, or --profile slack-http)")
    if "DISCORD" in variable:
        return both("Discord（--profile discord）", "Discord (--profile discord)")
    if variable == "YOMITE_WEB_TOKEN":
        return both("チャットページ（--profile web）", "the chat page (--profile web)")
    if variable == "RQ_DASHBOARD_PASSWORD":
        return both("管理画面（--profile dashboard）", "the dashboard (--profile dashboard)")
    return both("全体", "everything") if variable == "REDIS_PASSWORD" else both("必要なら", "where you need it")


def example_text() -> str:
    """What .env.example should hold.

    Raises:
        LookupError: docker-compose.yml takes a variable that nobody explains.
    """
    keys = {key.variable: key for key in KEYS}
    wanted = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", COMPOSE.read_text(encoding="utf-8")))
    if unknown := sorted(wanted - {*keys, *NEEDED, *FOREIGN}):
        raise LookupError(f"docker-compose.yml takes {', '.join(unknown)}: no setting, and not explained in tools/env_example.py")
    ordered = [name for name in (*NEEDED, *keys, *FOREIGN) if name in wanted]
    sections: dict[str, list[str]] = {}
    for name in dict.fromkeys(ordered):
        title = section_of(name)
        sections.setdefault(f"# --- {title.ja} / {title.en} ---", []).append(name)
    return HEAD + "".join(f"\n{title}\n" + "".join(_entries(names, keys)) for title, names in sections.items())


def _entries(names: list[str], keys: dict[str, Key]) -> Iterator[str]:
    for name in names:
        meaning = NEEDED.get(name) or FOREIGN.get(name) or _meaning(keys[name])
        yield f"\n# {meaning.ja}\n# {meaning.en}\n{name}=\n"


def _meaning(key: Key) -> Message:
    default = OTHER_DEFAULTS.get(key.variable, key.default)
    return both(
        f"{key.meaning.ja}。使える値：{key.allowed.ja}" + (f"。既定：{default}" if default else ""),
        f"{key.meaning.en}. Allowed: {key.allowed.en}" + (f". Default: {default}" if default else ""),
    )


def main() -> int:
    """Write the file; 1 where something is not explained."""
    try:
        FILE.write_text(example_text(), encoding="utf-8")
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    print(f"wrote {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
