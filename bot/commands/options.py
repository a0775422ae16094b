"""Options that several commands share, and how their values are taken."""

from __future__ import annotations

from typing import Any, cast

from bot.grammar import Arguments, Option
from engine.contract import Message, Pooling

LANG = Option(
    name="lang",
    kind="choice",
    choices=("ja", "en", "mixed"),
    meaning=Message(ja="文章のことば（省くと自動）", en="the language of the text (default: found out)"),
    example="ja",
)
POOLING = Option(
    name="pooling",
    kind="choice",
    choices=("mean", "max", "cls"),
    meaning=Message(
        ja="文ベクトルの作り方（省くとモデルの作りどおり）", en="how pieces become one vector (default: as the model was made)"
    ),
    example="mean",
)


def model_option(example: str) -> Option:
    """`--model` of a command; `example` is a bundled model for its task: in chat no other can be named without settings."""
    return Option(
        name="model",
        kind="word",
        meaning=Message(ja="使うモデルの名前かフォルダ", en="the model to use: a name or a folder"),
        example=example,
    )


def reading_options(arguments: Arguments) -> dict[str, Any]:
    """`--lang` and `--model` as every Request takes them."""
    return {"language": arguments.options.get("lang"), "model": arguments.options.get("model")}


def number(arguments: Arguments, name: str) -> int | None:
    """The value of a whole-number option, None where it was not given."""
    value = arguments.options.get(name)
    return value if isinstance(value, int) else None


def pooling(arguments: Arguments) -> Pooling | None:
    """The value of `--pooling`, None where it was not given."""
    return cast("Pooling | None", arguments.options.get("pooling"))
