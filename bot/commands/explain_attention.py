"""`/explain-attention`: which pieces of a text the model's heads looked at, as a picture, and what it predicted."""

from __future__ import annotations

from bot.commands.command import Command, needed_text
from bot.commands.options import LANG, MODEL, number, reading_options
from bot.commands.wording import SENTIMENTS, percent, said_of
from bot.grammar import Arguments, Option
from bot.language import Speech
from bot.reply import Block, Paragraph, Picture, Reply, Tone
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Message, Prediction

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
WINDOW = Option(
    name="window",
    kind="whole number",
    meaning=Message(ja="長い文章の何番目の窓か（0 から）", en="which window of a long text, from 0"),
    example="1",
)


def parse(arguments: Arguments) -> ExplainAttentionRequest:
    """Raises CommandError where there is no text."""
    return ExplainAttentionRequest(
        text=needed_text(arguments),
        layer=number(arguments, "layer"),
        head=number(arguments, "head"),
        window=number(arguments, "window") or 0,
        **reading_options(arguments),
    )


def render(request: ExplainAttentionRequest, result: ExplainAttentionResult, speech: Speech) -> Reply:
    """The prediction where there is one, what the picture shows, and the picture."""
    shown = _shown(result, speech)
    title = _predicted(result.prediction, speech) if result.prediction else shown
    pictures = tuple(Picture(image=image, alt=image.alt.in_language(speech)) for image in result.images)
    blocks: tuple[Block, ...] = (Paragraph(text=shown), *pictures) if result.prediction else pictures
    return Reply(title=title, brief=title, tone=_tone(result.prediction), blocks=blocks, **said_of(result, speech))


def _tone(prediction: Prediction | None) -> Tone | None:
    """That of a feeling, where one was predicted."""
    return next((label for label in SENTIMENTS if prediction is not None and prediction.label == label), None)


def _predicted(prediction: Prediction, speech: Speech) -> str:
    known = {str(name): words for name, words in SENTIMENTS.items()}
    label = known[prediction.label].in_language(speech) if prediction.label in known else prediction.label
    return f"{label} {percent(prediction.probability)}"


def _shown(result: ExplainAttentionResult, speech: Speech) -> str:
    layers, heads, tokens, _ = result.attention.shape
    if speech == "ja":
        layer = "全層" if result.layer is None else f"第 {result.layer} 層"
        head = f"全 {heads} ヘッドの平均" if result.head is None else f"ヘッド {result.head}"
        window = f"（{result.windows} 窓のうち {result.window} 番。ほかは --window で）" if result.windows > 1 else ""
        return f"注意の図：{layer}（0〜{layers - 1}）、{head}、{tokens} トークン{window}"
    layer = "all layers" if result.layer is None else f"layer {result.layer}"
    head = f"mean of {heads} heads" if result.head is None else f"head {result.head}"
    window = f" (window {result.window} of {result.windows}, counted from 0; --window shows others)" if result.windows > 1 else ""
    return f"attention of {layer} (0–{layers - 1}), {head}, {tokens} tokens{window}"


COMMAND = Command(
    name="explain-attention",
    aliases=("attention", "注意", "アテンション"),
    summary=Message(ja="モデルがどこに注意を向けたかの図", en="a picture of what the model paid attention to"),
    form=Message(ja="文章", en="text"),
    example=Message(ja="この映画は本当に素晴らしかった！ --layer 5 --head 2", en="The service was terrible. --layer 5 --head 2"),
    takes="text",
    parse=parse,
    render=render,
    options=(LAYER, HEAD, WINDOW, LANG, MODEL),
    rows="none",
    pictures=True,
)
