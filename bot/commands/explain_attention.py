"""`/explain-attention`: what a model looked at while it read a text, and how far that explains its prediction."""

from __future__ import annotations

from typing import cast, get_args

from bot.commands.command import Command, needed_text
from bot.commands.explained import render
from bot.commands.options import LANG, model_option, number, reading_options
from bot.errors import CommandError
from bot.grammar import Arguments, Option
from engine.contract import AttentionView, ExplainAttentionRequest, ExplainedTask, Message

VIEW = Option(
    name="view",
    kind="choice",
    choices=get_args(AttentionView),
    meaning=Message(
        ja="図の種類：1 枚の図（省くと）、層の全ヘッド、全層、たどった注意、文章の濃淡、比較、位置",
        en="map (default), heads of a layer, all layers, rollout, shaded tokens, compare, or positions",
    ),
    example="heads",
)
TASK = Option(
    name="task",
    kind="choice",
    choices=get_args(ExplainedTask),
    meaning=Message(ja="どの予測を説明するか（省くと sentiment）", en="whose prediction is explained (default: sentiment)"),
    example="ner",
)
LAYER = Option(
    name="layer",
    kind="whole number",
    meaning=Message(ja="見る層（0 から。省くと最後の層）", en="which layer, from 0 (default: the last)"),
    example="5",
)
HEAD = Option(
    name="head",
    kind="whole number",
    meaning=Message(ja="見るヘッド（0 から。省くと全ヘッドの平均）", en="which head, from 0 (default: the mean of all)"),
    example="2",
)
WORD = Option(
    name="word",
    kind="word",
    meaning=Message(ja="この語が何を見て、何に見られているか", en="what this word of the text looks at, and what looks at it"),
    example="京都",
)
WINDOW = Option(
    name="window",
    kind="whole number",
    meaning=Message(
        ja="長い文章のどの部分か（0 から。省くと予測に最も効いた所）", en="which part of a long text, from 0 (default: what matters most)"
    ),
    example="1",
)
JOINED = Option(
    name="joined",
    kind="flag",
    meaning=Message(ja="分かれた語をつなげて見せる", en="join the pieces of each word"),
    example="",
)
FOLDED = Option(
    name="folded",
    kind="flag",
    meaning=Message(ja="[CLS] などの特殊トークンを見せない", en="leave out special tokens such as [CLS]"),
    example="",
)
WITH = Option(
    name="with",
    kind="word",
    meaning=Message(ja="比べるもうひとつのモデル（--view compare）", en="the other model to compare with (--view compare)"),
    example="yomite/encoder",
)

# What shows no single layer, or no single head.
_ALL_HEADS: tuple[AttentionView, ...] = ("heads", "layers", "rollout", "tokens", "positions")
_ALL_LAYERS: tuple[AttentionView, ...] = ("layers", "rollout", "tokens", "positions")


def parse(arguments: Arguments) -> ExplainAttentionRequest:
    """Raises CommandError where a text is missing or too many, or where options do not go together."""
    given = arguments.options
    other = str(given["with"]) if "with" in given else None
    view = cast(AttentionView, given.get("view", "compare" if other else "map"))
    task = cast(ExplainedTask, given.get("task", "sentiment"))
    text, second = _texts(arguments, task=task, compared=view == "compare" and other is None)
    request = ExplainAttentionRequest(
        text=text,
        second=second,
        task=task,
        view=view,
        layer=number(arguments, "layer"),
        head=number(arguments, "head"),
        window=number(arguments, "window"),
        word=str(given["word"]) if "word" in given else None,
        joined="joined" in given,
        special="folded" not in given,
        other_model=other,
        **reading_options(arguments),
    )
    _check(request)
    return request


def _texts(arguments: Arguments, *, task: ExplainedTask, compared: bool) -> tuple[str, str | None]:
    """The text and the second one; an attached text stands where one of them is missing."""
    if task == "ask":
        return _question(arguments)
    if len(arguments.texts) > 2:
        count = len(arguments.texts)
        raise CommandError(
            ja=f"読めるのはひとつの文章か 2 つの組です（いまは {count} つ）。改行や「|」も文章の一部なら、全体を引用符で囲んでください。",
            en=f"This reads one text or a pair (there are {count}). Put the text in quotes where line breaks or | belong to it.",
        )
    if len(arguments.texts) == 2:
        _nothing_attached(arguments)
        return arguments.texts[0], arguments.texts[1]
    attached = arguments.attached or ""
    if compared and arguments.text and attached.strip():
        return arguments.text, attached
    return needed_text(arguments), None


def _question(arguments: Arguments) -> tuple[str, str]:
    question, context = arguments.first, arguments.rest
    if context:
        _nothing_attached(arguments)
    else:
        question, context = arguments.text, arguments.attached or ""
    if not question:
        raise CommandError(
            ja="--task ask には質問と文脈が必要です。質問がありません。",
            en="--task ask needs a question and a context. There is no question.",
        )
    if not context.strip():
        raise CommandError(
            ja="--task ask には文脈も必要です。質問のあとに「|」か改行を置き、続けて文脈を書いてください。",
            en="--task ask needs a context, too. Put | or a line break after the question, then the context.",
        )
    return question, context


def _nothing_attached(arguments: Arguments) -> None:
    if (arguments.attached or "").strip():
        raise CommandError(
            ja="文章は 2 つまでです。書いた 2 つのほかに添付の文章があります。",
            en="There can be two texts, and there is an attached one beside the two that were typed.",
        )


def _check(request: ExplainAttentionRequest) -> None:
    """Raises CommandError for options that do not go together."""
    if request.view == "compare":
        _check_compared(request)
    elif request.other_model is not None:
        raise _clash("with", request.view, ja="比べるのは compare だけです", en="only compare reads with two models")
    if request.word is not None and request.view == "positions":
        raise _clash("word", request.view, ja="位置の図に文章の語はありません", en="positions are the model's own, not the text's")
    if request.word is None and request.layer is not None and request.view in _ALL_LAYERS:
        raise _clash("layer", request.view, ja="ひとつの層の図ではありません", en="it shows no single layer")
    if request.word is None and request.head is not None and request.view in _ALL_HEADS:
        raise _clash("head", request.view, ja="ひとつのヘッドの図ではありません", en="it shows no single head")


def _check_compared(request: ExplainAttentionRequest) -> None:
    if request.task == "ask" and request.other_model is None:
        raise CommandError(
            ja="--task ask の --view compare には、もうひとつのモデルが必要です：--with モデル",
            en="With --task ask, --view compare needs another model: --with MODEL",
        )
    if request.second is None and request.other_model is None:
        raise CommandError(
            ja="--view compare には比べる相手が必要です。「|」か改行に続けて 2 つ目の文章を書くか、--with でもうひとつのモデルを指定してください。",
            en="--view compare needs something to compare with. Write a second text after | or a line break, or name another model: --with MODEL",
        )
    if request.task != "ask" and request.second is not None and request.other_model is not None:
        raise CommandError(
            ja="比べるのは 2 つの文章か 2 つのモデルのどちらかです。2 つ目の文章か --with をやめてください。",
            en="Compare either two texts or two models. Leave out the second text or --with.",
        )


def _clash(option: str, view: AttentionView, *, ja: str, en: str) -> CommandError:
    return CommandError(
        ja=f"--{option} は --view {view} といっしょに使えません（{ja}）。", en=f"--{option} does not go with --view {view}: {en}."
    )


COMMAND = Command(
    name="explain-attention",
    aliases=("attention", "注意", "アテンション"),
    summary=Message(ja="モデルがどこに注意を向け、何が予測に効いたか", en="what the model paid attention to, and what mattered"),
    form=Message(ja="文章 [| 2 つ目の文章]", en="text [| second text]"),
    example=Message(ja="この映画は本当に素晴らしかった！ --layer 5 --head 2", en="The service was terrible. --layer 5 --head 2"),
    takes="pair",
    parse=parse,
    render=render,
    options=(VIEW, TASK, LAYER, HEAD, WORD, WINDOW, JOINED, FOLDED, WITH, LANG, model_option("yomite/sentiment")),
    rows="none",
    pictures=True,
)
