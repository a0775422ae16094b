"""The settings of the chat platforms: the chat page, Slack and Discord."""

from __future__ import annotations

from bot.setting_key import Key, same
from bot.setting_values import MOST_SHARDS, flag, ids, number, numbers, secret, starting_with
from engine.contract import Message


def _slack_ids(name: str, *, prefixes: str, meaning: Message) -> Key:
    """A list of Slack's ids, which begin with one of the letters."""
    forms = " ".join(f"{prefix}0123ABCD" for prefix in prefixes)
    allowed = Message(ja=f"Slack の ID（「,」か空白で区切る。例：{forms}）", en=f"ids of Slack, separated by , or spaces, e.g. {forms}")
    return Key(name=name, read=ids(prefixes=prefixes), allowed=allowed, meaning=meaning)


def _discord_ids(name: str, *, meaning: Message) -> Key:
    """A list of Discord's ids, which are numbers."""
    allowed = Message(
        ja="Discord の ID（15〜20 桁の数。「,」か空白で区切る）", en="ids of Discord: numbers of 15 to 20 digits, separated by , or spaces"
    )
    return Key(name=name, read=ids(digits=True), allowed=allowed, meaning=meaning)


CHAT_KEYS = (
    Key(
        name="web_host",
        read=str,
        allowed=Message(ja="アドレス", en="an address"),
        default="127.0.0.1",
        meaning=Message(
            ja="チャットページのアドレス。自分のマシンの外から使うには web_token も要る",
            en="the chat page's address; outside this machine it needs a web_token",
        ),
    ),
    Key(
        name="web_port",
        read=number(at_least=0, at_most=65_535),
        allowed=Message(ja="0〜65535（0 は空いている番号）", en="0 to 65535 (0: any that is free)"),
        default="8765",
        meaning=Message(ja="チャットページのポート", en="the chat page's port"),
    ),
    Key(
        name="web_token",
        read=secret(at_least=16),
        allowed=Message(ja="16 文字以上", en="16 characters or more"),
        meaning=Message(ja="チャットページを開くためのトークン", en="the token that opens the chat page"),
    ),
    Key(
        name="open_browser",
        read=flag,
        allowed=same("yes, no"),
        default="yes",
        meaning=Message(
            ja="`yomite run` のときページを開くか（画面があるとき）", en="whether `yomite run` opens the page, where there is a desktop"
        ),
    ),
    Key(
        name="slack_bot_token",
        own_variable="SLACK_BOT_TOKEN",
        read=starting_with("xoxb-"),
        allowed=same("xoxb-…"),
        meaning=Message(ja="Slack のボットトークン", en="Slack's bot token"),
    ),
    Key(
        name="slack_app_token",
        own_variable="SLACK_APP_TOKEN",
        read=starting_with("xapp-"),
        allowed=same("xapp-…"),
        meaning=Message(ja="Slack のアプリトークン（Socket Mode）", en="Slack's app-level token (Socket Mode)"),
    ),
    Key(
        name="slack_signing_secret",
        own_variable="SLACK_SIGNING_SECRET",
        read=secret(at_least=16),
        allowed=Message(ja="16 文字以上", en="16 characters or more"),
        meaning=Message(
            ja="Slack の署名シークレット。アプリトークンの代わりに置くと HTTP で受ける",
            en="Slack's signing secret; without an app token, events come by HTTP",
        ),
    ),
    Key(
        name="slack_host",
        read=str,
        allowed=Message(ja="アドレス", en="an address"),
        default="127.0.0.1",
        meaning=Message(
            ja="Slack を HTTP で受けるアドレス。前に HTTPS のサーバーを置く",
            en="the address for Slack by HTTP; put a server with HTTPS in front of it",
        ),
    ),
    Key(
        name="slack_port",
        read=number(at_least=0, at_most=65_535),
        allowed=same("0–65535"),
        default="3000",
        meaning=Message(ja="Slack を HTTP で受けるポート", en="the port for Slack by HTTP"),
    ),
    Key(
        name="slack_sockets",
        read=number(at_least=1, at_most=10),
        allowed=Message(ja="1〜10 の整数", en="a whole number from 1 to 10"),
        default="1",
        meaning=Message(
            ja="Socket Mode の接続の数（Slack はアプリごとに合わせて 10 まで認める）",
            en="how many connections Socket Mode opens; Slack allows an app 10 in all",
        ),
    ),
    _slack_ids(
        "slack_teams",
        prefixes="TE",
        meaning=Message(ja="使えるワークスペース（省くとすべて）", en="the workspaces whose people may ask (default: all)"),
    ),
    _slack_ids(
        "slack_channels",
        prefixes="CGD",
        meaning=Message(ja="使えるチャンネル（省くとすべて）", en="the channels in which people may ask (default: all)"),
    ),
    _slack_ids(
        "slack_users", prefixes="UW", meaning=Message(ja="使える人（省くと全員）", en="the people who may ask (default: everybody)")
    ),
    _slack_ids(
        "slack_admins",
        prefixes="UW",
        meaning=Message(
            ja="管理者（slack_users になくても使え、/yomite-status も使える。省くと /yomite-status は全員が使える）",
            en="admins: they need not be in slack_users, and may use /yomite-status (default: everybody may use it)",
        ),
    ),
    Key(
        name="discord_token",
        own_variable="DISCORD_TOKEN",
        read=secret(at_least=20),
        allowed=Message(ja="Discord の開発者ページの Bot トークン", en="the bot token of Discord's developer page"),
        meaning=Message(ja="Discord のボットトークン", en="Discord's bot token"),
    ),
    Key(
        name="discord_message_content",
        read=flag,
        allowed=same("yes, no"),
        default="no",
        meaning=Message(
            ja="返信先のどんなメッセージも読む（Discord の開発者ページで Message Content Intent を有効にしてから）",
            en="read any message that is replied to (switch on Message Content Intent on Discord's developer page first)",
        ),
    ),
    Key(
        name="discord_shards",
        read=number(at_least=0, at_most=MOST_SHARDS),
        allowed=Message(
            ja="0〜10000 の整数（0 は Discord の勧める数）", en="a whole number from 0 to 10000 (0: as many as Discord recommends)"
        ),
        default="0",
        meaning=Message(
            ja="ボット全体のシャードの数。どのプロセスでも同じにする", en="how many shards the bot has in all; the same in every process"
        ),
    ),
    Key(
        name="discord_shard_ids",
        read=numbers,
        allowed=Message(ja="シャードの番号（例：0-3、0,2）", en="numbers of shards, e.g. 0-3 or 0,2"),
        default="",
        meaning=Message(
            ja="このプロセスが受け持つシャード（discord_shards も要る。省くとすべて）",
            en="the shards that this process holds; needs discord_shards (default: all)",
        ),
    ),
    _discord_ids(
        "discord_guilds", meaning=Message(ja="使えるサーバー（省くとすべて）", en="the servers whose people may ask (default: all)")
    ),
    _discord_ids(
        "discord_channels", meaning=Message(ja="使えるチャンネル（省くとすべて）", en="the channels in which people may ask (default: all)")
    ),
    _discord_ids(
        "discord_roles",
        meaning=Message(
            ja="使える人のロール（discord_users の人も使える。両方省くと全員）",
            en="the roles whose people may ask, beside discord_users (default, without either: everybody)",
        ),
    ),
    _discord_ids(
        "discord_users",
        meaning=Message(
            ja="使える人（discord_roles の人も使える。両方省くと全員）",
            en="the people who may ask, beside discord_roles (default, without either: everybody)",
        ),
    ),
    _discord_ids(
        "discord_admins",
        meaning=Message(
            ja="管理者の ID かロール（discord_users や discord_roles になくても使え、/status も使える。省くと /status は全員が使える）",
            en="admins, people or roles: they need not be in discord_users or discord_roles, and may use /status (default: everybody may use it)",
        ),
    ),
)
