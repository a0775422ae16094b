"""The settings of who operates it: what is logged, and where each process can be looked at."""

from __future__ import annotations

from bot.setting_key import Key, same
from bot.setting_values import number_or_off, one_of, path, web_address
from engine.contract import Message

OPERATING_KEYS = (
    Key(
        name="models_cache",
        read=path,
        allowed=Message(ja="フォルダのパス", en="the path of a folder"),
        meaning=Message(
            ja="取得したモデルの置き場所（省くと huggingface_hub の場所）",
            en="where models that were fetched lie (default: where huggingface_hub keeps them)",
        ),
    ),
    Key(
        name="models_lock",
        read=path,
        allowed=Message(ja="ファイルのパス", en="the path of a file"),
        meaning=Message(
            ja="モデルの版とハッシュを固定するファイル（省くと state_dir の models.lock）",
            en="the file that keeps the commits and hashes of models (default: models.lock in state_dir)",
        ),
    ),
    Key(
        name="hub_mirror",
        read=web_address,
        allowed=Message(
            ja="https://… か http://…（名前やパスワードを含まないもの）", en="https://… or http://…, without a name or password in it"
        ),
        meaning=Message(
            ja="モデルを取得する、Hugging Face のミラー（省くと Hugging Face）",
            en="a mirror of the Hugging Face hub to fetch models from (default: the hub itself)",
        ),
    ),
    Key(
        name="log_level",
        read=one_of("debug", "info", "warning", "error"),
        allowed=same("debug, info, warning, error"),
        default="warning",
        meaning=Message(
            ja="ログの細かさ（info：依頼ごとに受付・計算・投稿を記録する。本文は記録しない）",
            en="how much is logged (info: that each question was taken, computed and posted; never a text)",
        ),
    ),
    Key(
        name="log_format",
        read=one_of("text", "json"),
        allowed=same("text, json"),
        default="text",
        meaning=Message(ja="ログの書式（json：1 行に 1 件）", en="how it is logged (json: one object a line)"),
    ),
    Key(
        name="monitor_host",
        read=str,
        allowed=Message(ja="アドレス", en="an address"),
        default="127.0.0.1",
        meaning=Message(ja="/healthz・/readyz・/metrics を出すアドレス", en="the address where /healthz, /readyz and /metrics are served"),
    ),
    Key(
        name="monitor_port",
        read=number_or_off(at_most=65_535),
        allowed=Message(ja="off か 0〜65535（0 は空いている番号）", en="off, or 0 to 65535 (0: any that is free)"),
        default="off",
        meaning=Message(
            ja="そのポート。`yomite run` ではワーカーが順に次の番号を使う",
            en="their port; with `yomite run` its workers use the ports that follow",
        ),
    ),
)
