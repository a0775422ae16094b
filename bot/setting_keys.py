"""Every setting, in the order of the documents: what computes and waits, then who operates it, then the chat platforms."""

from __future__ import annotations

from bot.chat_keys import CHAT_KEYS
from bot.operating_keys import OPERATING_KEYS
from bot.setting_key import PREFIX, Key, same
from bot.setting_values import device, flag, number, one_of, path, redis_url, speech
from engine.contract import Message

__all__ = ["KEYS", "PREFIX", "SECRETS", "Key"]

# Settings whose value is never shown.
SECRETS = ("redis_url", "web_token", "slack_bot_token", "slack_app_token", "slack_signing_secret", "discord_token")


def _a_minute(name: str, *, default: int, meaning: Message) -> Key:
    allowed = Message(ja="0 以上の整数（1 分あたり。0 は無制限）", en="a whole number from 0 (a minute; 0: no limit)")
    return Key(name=name, read=number(at_least=0), allowed=allowed, default=str(default), meaning=meaning)


_A_FILE = Message(ja="ファイルのパス", en="the path of a file")
_A_FOLDER = Message(ja="フォルダのパス", en="the path of a folder")

KEYS = (
    Key(
        name="profile",
        read=one_of("bundled", "hub"),
        allowed=same("bundled, hub"),
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
            ja="自分のカタログ（TOML）。同じタスクとことばでは、プロファイルの行より先に使う",
            en="a catalog of your own (TOML) whose rows stand before those of the profile",
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
        allowed=same("auto, cpu, cuda, cuda:N, mps"),
        default="auto",
        meaning=Message(ja="計算に使う装置", en="what computes"),
    ),
    Key(
        name="precision",
        read=one_of("auto", "fp32", "bf16"),
        allowed=same("auto, fp32, bf16"),
        default="auto",
        meaning=Message(
            ja="計算の精度（auto：速いマシンでは bf16）", en="what models compute in (auto: bf16 where the machine is fast at it)"
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
        allowed=same("ja, en, auto"),
        default="auto",
        meaning=Message(
            ja="答えと画面のことば（auto：チャットやページの設定か、入力した文章に合わせる）",
            en="the language of answers and of the screen (auto: as your chat or page is set, or as you type)",
        ),
    ),
    Key(
        name="state_dir",
        read=path,
        allowed=_A_FOLDER,
        default="~/.local/state/yomite",
        meaning=Message(
            ja="Yomite が保存するものの置き場所（付属の Redis、フィードバック、選んだモデル、入力履歴など）",
            en="where all that Yomite keeps lies: its own Redis, feedback, which models were chosen, the history of what you typed",
        ),
    ),
    Key(
        name="redis_url",
        own_variable="REDIS_URL",
        read=redis_url,
        allowed=Message(
            ja="redis://…、rediss://…、unix://…、または redis+sentinel://ホスト:26379,ホスト:26379/サービス名",
            en="redis://…, rediss://…, unix://…, or redis+sentinel://HOST:26379,HOST:26379/SERVICE",
        ),
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
        allowed=same("yes, no"),
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
    *OPERATING_KEYS,
    *CHAT_KEYS,
)
