"""Every setting: its name, its environment variable, the values it takes, and what it means in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.setting_values import device, flag, ids, number, one_of, path, redis_url, secret, speech, starting_with
from engine.contract import Message

PREFIX = "YOMITE_"
# Settings whose value is never shown.
SECRETS = ("redis_url", "web_token", "slack_bot_token", "slack_app_token", "slack_signing_secret", "discord_token")


@dataclass(frozen=True, kw_only=True)
class Key:
    """One setting: how its text is read, which values it allows, and what it means.

    `name` is its key in the TOML file; `variable` its environment variable (default: YOMITE_ and the name).
    """

    name: str
    read: Callable[[str], Any]
    allowed: Message
    default: str = ""
    meaning: Message
    own_variable: str = ""

    @property
    def variable(self) -> str:
        return self.own_variable or PREFIX + self.name.upper()


def _same(text: str) -> Message:
    return Message(ja=text, en=text)


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


def _a_minute(name: str, *, default: int, meaning: Message) -> Key:
    allowed = Message(ja="0 以上の整数（1 分あたり。0 は無制限）", en="a whole number from 0 (a minute; 0: no limit)")
    return Key(name=name, read=number(at_least=0), allowed=allowed, default=str(default), meaning=meaning)


_A_FILE = Message(ja="ファイルのパス", en="the path of a file")
_A_FOLDER = Message(ja="フォルダのパス", en="the path of a folder")

KEYS = (
    Key(
        name="profile",
        read=one_of("bundled", "hub"),
        allowed=_same("bundled, hub"),
        default="bundled",
        meaning=Message(
            ja="モデルの組：同梱の小さなモデルか、Hugging Face Hub の大きなモデルか",
            en="the small bundled models, or full-size ones from the Hugging Face hub",
        ),
    ),
    Key(
        name="catalog",
        read=path,
        allowed=_A_FILE,
        default="",
        meaning=Message(
            ja="自分のカタログ（TOML）。profile の行を置き換える", en="a catalog of your own (TOML) whose rows replace those of the profile"
        ),
    ),
    Key(
        name="models_dir",
        read=path,
        allowed=_A_FOLDER,
        default="",
        meaning=Message(ja="同梱モデルの場所", en="where the bundled models lie"),
    ),
    Key(
        name="device",
        read=device,
        allowed=_same("auto, cpu, cuda, cuda:N, mps"),
        default="auto",
        meaning=Message(ja="計算に使う装置", en="what computes"),
    ),
    Key(
        name="precision",
        read=one_of("auto", "fp32", "bf16"),
        allowed=_same("auto, fp32, bf16"),
        default="auto",
        meaning=Message(
            ja="計算の精度（auto：速い機械では bf16）", en="what models compute in (auto: bf16 where the machine is fast at it)"
        ),
    ),
    Key(
        name="memory_budget_mb",
        read=number(at_least=1),
        allowed=Message(ja="1 以上の整数（MiB）", en="a whole number from 1 (MiB)"),
        default="4096",
        meaning=Message(ja="読み込んだままにするモデルの合計サイズ", en="how much of loaded models is kept in memory"),
    ),
    Key(
        name="batch",
        read=number(at_least=1),
        allowed=Message(ja="1 以上の整数", en="a whole number from 1"),
        default="64",
        meaning=Message(ja="一度にまとめて計算する依頼の最大数", en="the most requests that are computed together"),
    ),
    Key(
        name="timeout_s",
        read=number(at_least=1),
        allowed=Message(ja="1 以上の整数（秒）", en="a whole number from 1 (seconds)"),
        default="600",
        meaning=Message(ja="ひとつの答えを待つ長さ", en="how long to wait for one answer"),
    ),
    Key(
        name="lang",
        read=speech,
        allowed=_same("ja, en, auto"),
        default="auto",
        meaning=Message(ja="画面のことば（auto：入力した文章に合わせる）", en="the language of the screen (auto: that of what you type)"),
    ),
    Key(
        name="state_dir",
        read=path,
        allowed=_A_FOLDER,
        default="~/.local/state/yomite",
        meaning=Message(ja="入力履歴とフィードバックの置き場所", en="where the history of what you typed is kept, and feedback"),
    ),
    Key(
        name="redis_url",
        own_variable="REDIS_URL",
        read=redis_url,
        allowed=_same("redis://…, rediss://…, unix://…"),
        meaning=Message(
            ja="ジョブを置く Redis（省くと、付属の Redis を自分で動かす）",
            en="the Redis where jobs wait (default: Yomite runs one of its own)",
        ),
    ),
    Key(
        name="workers",
        read=number(at_least=0, at_most=64),
        allowed=Message(ja="0〜64 の整数", en="a whole number from 0 to 64"),
        default="1",
        meaning=Message(ja="`yomite run` が起動するワーカーの数", en="how many workers `yomite run` starts"),
    ),
    Key(
        name="answer_ttl_s",
        read=number(at_least=60),
        allowed=Message(ja="60 以上の整数（秒）", en="a whole number from 60 (seconds)"),
        default="86400",
        meaning=Message(
            ja="依頼と、まだ届けられない答えを Redis に置く長さ",
            en="how long requests, and answers that cannot be posted yet, lie in Redis",
        ),
    ),
    Key(
        name="cache_ttl_s",
        read=number(at_least=0),
        allowed=Message(ja="0 以上の整数（秒。0 は使わない）", en="a whole number from 0 (seconds; 0: never)"),
        default="3600",
        meaning=Message(ja="同じ依頼に同じ答えを返す長さ", en="how long the same request is answered from memory"),
    ),
    Key(
        name="max_characters",
        read=number(at_least=100),
        allowed=Message(ja="100 以上の整数", en="a whole number from 100"),
        default="200000",
        meaning=Message(ja="チャットで一度に読む文字数の上限", en="the most characters that one command in chat may bring"),
    ),
    _a_minute(
        "limit_person",
        default=30,
        meaning=Message(
            ja="ひとりが送れる質問の数（続けて送れるのはその 3 分の 1）",
            en="how many questions one person can send (a third of them at once)",
        ),
    ),
    _a_minute(
        "limit_channel",
        default=120,
        meaning=Message(ja="ひとつのチャンネルから送れる質問の数（同上）", en="how many questions can be sent from one channel (likewise)"),
    ),
    _a_minute(
        "limit_team",
        default=600,
        meaning=Message(
            ja="ひとつのチームから送れる質問の数（同上。チャットページではひとつのアドレスから）",
            en="how many questions can be sent from one team (likewise; on the chat page: from one address)",
        ),
    ),
    Key(
        name="most_waiting",
        read=number(at_least=0),
        allowed=Message(ja="0 以上の整数（0 は無制限）", en="a whole number from 0 (0: no limit)"),
        default="2000",
        meaning=Message(ja="これだけ質問が待っているとき、新しい質問は断る", en="where so many questions wait, new ones are refused"),
    ),
    Key(
        name="feedback",
        read=flag,
        allowed=_same("yes, no"),
        default="no",
        meaning=Message(
            ja="👍 と 👎 を出し、押された回答の文章と答えを学習用に state_dir に保存する",
            en="offer 👍 and 👎, and keep the texts and answers that people pressed them for, in state_dir, to train on",
        ),
    ),
    Key(
        name="feedback_days",
        read=number(at_least=1, at_most=3_650),
        allowed=Message(ja="1〜3650 の整数（日）", en="a whole number from 1 to 3650 (days)"),
        default="30",
        meaning=Message(
            ja="feedback が yes のとき、回答に 👍 と 👎 を押せる期間（その間、文章と答えを Redis に置く）",
            en="where feedback is on, how long answers can be pressed 👍 or 👎 for (texts and answers lie in Redis that long)",
        ),
    ),
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
        meaning=Message(ja="チャットページの合言葉", en="the secret that opens the chat page"),
    ),
    Key(
        name="open_browser",
        read=flag,
        allowed=_same("yes, no"),
        default="yes",
        meaning=Message(
            ja="`yomite run` のときページを開くか（画面があるとき）", en="whether `yomite run` opens the page, where there is a desktop"
        ),
    ),
    Key(
        name="slack_bot_token",
        own_variable="SLACK_BOT_TOKEN",
        read=starting_with("xoxb-"),
        allowed=_same("xoxb-…"),
        meaning=Message(ja="Slack のボットトークン", en="Slack's bot token"),
    ),
    Key(
        name="slack_app_token",
        own_variable="SLACK_APP_TOKEN",
        read=starting_with("xapp-"),
        allowed=_same("xapp-…"),
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
        name="slack_port",
        read=number(at_least=0, at_most=65_535),
        allowed=_same("0–65535"),
        default="3000",
        meaning=Message(ja="Slack を HTTP で受けるポート", en="the port for Slack by HTTP"),
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
            ja="管理者（いつでも使え、/status も使える。省くと /status は全員が使える）",
            en="admins: they may always ask, and use /status (default: everybody may use it)",
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
        allowed=_same("yes, no"),
        default="no",
        meaning=Message(
            ja="返信先のどんなメッセージも読む（Discord の開発者ページで Message Content Intent を有効にしてから）",
            en="read any message that is replied to (switch on Message Content Intent on Discord's developer page first)",
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
            ja="管理者の ID かロール（いつでも使え、/status も使える。省くと /status は全員が使える）",
            en="admins, people or roles: they may always ask, and use /status (default: everybody may use it)",
        ),
    ),
)
