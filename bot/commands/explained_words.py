"""What an answer of `/explain-attention` says in sentences: the prediction, what is shown, and how far it explains anything."""

from __future__ import annotations

from bot.commands.wording import ENTITIES, SENTIMENTS, percent, shortened
from bot.language import Speech, both
from bot.reply import Tone
from engine.contract import (
    NO_BETTER,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    ExplainedTask,
    MaskingEffect,
    Message,
    Prediction,
    TellingHead,
)

LEAST_SHARE = 0.02  # of the rollout, to be told
LEAST_ERROR = 0.001
NO_ENTITY = "O"  # the label of a word that is no name

_Effects = dict[str, MaskingEffect]

_NOT_ALONE = both(
    "注意の図だけでは予測の理由は説明できません。寄与と、隠したときの変化もあわせて見てください。",
    "Attention by itself is not an explanation: weigh it against the attribution and the effect of masking.",
)
_TELLING = {
    "focused": both("最も少ないトークンを見る", "looks at the fewest tokens"),
    "distant": both("最も遠くを見る", "looks farthest away"),
    "separator": both("最も区切りの記号を見る", "looks most at separators"),
}


def predicted(prediction: Prediction, task: ExplainedTask, speech: Speech) -> str:
    """What was predicted, with its probability."""
    return f"{label_of(prediction, task, speech)} {percent(prediction.probability)}"


def label_of(prediction: Prediction, task: ExplainedTask, speech: Speech) -> str:
    """What was predicted, in the person's words."""
    if task == "ner":
        return f"{shortened(prediction.text or '')} {_kind(prediction.label, speech)}".strip()
    if task == "ask":
        return " ".join(prediction.label.split()) or both("答えなし", "no answer").in_language(speech)
    known: dict[str, Message] = {str(label): words for label, words in SENTIMENTS.items()}
    return known[prediction.label].in_language(speech) if prediction.label in known else prediction.label


def _kind(label: str, speech: Speech) -> str:
    """What an entity is, or that a word is none."""
    if label == NO_ENTITY:
        return both("固有名ではない", "no name").in_language(speech)
    return next((f"{label} {words.in_language(speech)}" for name, words in ENTITIES.items() if name == label), label)


def tone_of(prediction: Prediction | None, task: ExplainedTask) -> Tone | None:
    """The colour of what was predicted."""
    if prediction is None:
        return None
    if task == "ner":
        return next((label for label in ENTITIES if prediction.label == label), None)
    if task == "ask":
        return "answer" if prediction.label.strip() else None
    return next((label for label in SENTIMENTS if prediction.label == label), None)


def shown(request: ExplainAttentionRequest, result: ExplainAttentionResult, speech: Speech) -> str:
    """What the pictures show: view, layer and head or how they were taken together, and which part of the text."""
    said = _view(request, result).in_language(speech)
    details = [detail.in_language(speech) for detail in _details(request, result)]
    return "、".join([said, *details]) if speech == "ja" else ", ".join([said, *details])


def _view(request: ExplainAttentionRequest, result: ExplainAttentionResult) -> Message:
    match result.view:
        case "map":
            return both("注意の図", "attention")
        case "heads":
            return both("層の全ヘッドの注意", "attention of all heads of a layer")
        case "layers":
            return both("全層・全ヘッドの注意", "attention of all layers and heads")
        case "rollout":
            return both(
                "全層を通してたどった注意（ロールアウト）と、予測との関連度",
                "attention rolled out through all layers, and its relevance to the prediction",
            )
        case "tokens":
            return both("文章の濃淡", "the text, shaded")
        case "compare" if request.other_model is not None:
            return both(
                f"{result.model} と {request.other_model} の注意の比較", f"attention of {result.model} beside {request.other_model}"
            )
        case "compare":
            return both("2 つの文章の注意の比較", "attention of two texts side by side")
        case "positions":
            return both("位置の符号化：このモデルのものと正弦波", "how positions are encoded: the model's own beside sinusoids")


def _details(request: ExplainAttentionRequest, result: ExplainAttentionResult) -> list[Message]:
    layers, heads, tokens, _ = result.attention.shape
    found = []
    if result.view in ("map", "heads", "compare"):
        found.append(_layer(result.layer, layers))
    if result.view in ("map", "compare"):
        found.append(both(f"全 {heads} ヘッドの平均", f"mean of {heads} heads") if result.head is None else _head(result.head, heads))
    if result.view in ("heads", "layers"):
        found.append(both(f"{layers} 層 × {heads} ヘッドのモデル", f"a model of {layers} layers × {heads} heads"))
    if request.second is not None and result.view != "compare":
        asked = both("質問と文脈の組", "question and context as a pair")
        found.append(asked if result.task == "ask" else both("2 つの文章の組", "two texts as a pair"))
    if result.view != "positions":
        found.append(both(f"{tokens} トークン", "1 token" if tokens == 1 else f"{tokens} tokens"))
    if result.view == "compare":
        found.append(both("下の数字は 1 つ目のもの", "the numbers below are those of the first"))
    return [*found, _part(request, result)] if result.windows > 1 and result.view != "positions" else found


def _layer(layer: int | None, layers: int) -> Message:
    if layer is None:
        return both(f"全 {layers} 層", f"all {layers} layers")
    return both(f"層 {layer}（0〜{layers - 1}）", f"layer {layer} (0–{layers - 1})")


def _head(head: int, heads: int) -> Message:
    return both(f"ヘッド {head}（0〜{heads - 1}）", f"head {head} (0–{heads - 1})")


def _part(request: ExplainAttentionRequest, result: ExplainAttentionResult) -> Message:
    number = f"{result.window + 1}"
    chosen = both("最も効いた部分、", "the one that matters most, ") if request.window is None and request.word is None else both("", "")
    return both(
        f"長い文章の {result.windows} 個の部分のうち {number} 番目（{chosen.ja}--window {result.window}）",
        f"part {number} of {result.windows} of a long text ({chosen.en}--window {result.window})",
    )


def special_share(result: ExplainAttentionResult, speech: Speech) -> str:
    """How much of the attention lies on special tokens; empty where there are none, or hardly any."""
    pairs = list(zip(result.tokens, result.scores, strict=False))
    share = sum(scores.rollout or 0.0 for token, scores in pairs if token.special)
    if share < LEAST_SHARE or all(token.special for token, _ in pairs):
        return ""
    said = both(
        f"ロールアウトの {percent(share)} は [CLS] などの特殊トークンにあります。",
        f"{percent(share)} of the rollout lies on special tokens such as [CLS].",
    )
    return said.in_language(speech)


def faithful(result: ExplainAttentionResult, speech: Speech) -> str:
    """How far the prediction moves when tokens are masked, what that says of the attention, and the attribution's error."""
    said = []
    effects: _Effects = {effect.by: effect for effect in reversed(result.faithfulness)}
    if result.prediction is not None and effects:
        said += [_moves(result.prediction, result.task, effects, speech), *_verdict(effects, speech)]
    if result.completeness_error is not None and any(scores.attribution is not None for scores in result.scores):
        said.append(_completeness(abs(result.completeness_error)).in_language(speech))
    said.append(_NOT_ALONE.in_language(speech))
    return "\n".join(said)


def _moves(prediction: Prediction, task: ExplainedTask, effects: _Effects, speech: Speech) -> str:
    label = label_of(prediction, task, speech)
    before = percent(prediction.probability)
    parts = [_effect(effects[by], speech) for by in ("attention", "attribution", "random") if by in effects]
    if speech == "ja":
        return f"トークンを隠すと「{label}」の確率は {before} から、{'、'.join(parts)} になります。"
    return f"Masking moves the probability of {label} from {before} to {'; to '.join(parts)}."


def _effect(effect: MaskingEffect, speech: Speech) -> str:
    count, after = effect.masked, percent(effect.probability)
    one = count == 1
    said = {
        "attention": both(
            f"ロールアウトで最も注意された {count} 個で {after}",
            f"{after} without the {'token' if one else f'{count} tokens'} most attended (by rollout)",
        ),
        "attribution": both(f"寄与が最も大きい {count} 個で {after}", f"{after} without the {'' if one else f'{count} '}most attributed"),
        "random": both(
            f"無作為な {count} 個では平均 {after}", f"{after} on average without {'a random one' if one else f'{count} random ones'}"
        ),
    }
    return said[effect.by].in_language(speech)


def _verdict(effects: _Effects, speech: Speech) -> list[str]:
    """What the numbers say of the attention, where there is anything to hold it against."""
    if "attention" not in effects:
        return []
    drop = -effects["attention"].change
    if len(effects) > 1 and drop > NO_BETTER and len({round(effect.probability, 6) for effect in effects.values()}) == 1:
        said = both("隠せるトークンがほかになく、比べられません。", "There is no other token to mask, so nothing to compare with.")
    # Where masking at random even strengthens the prediction, attention must weaken it to be worth anything.
    elif "random" in effects and drop <= max(0.0, -effects["random"].change) + NO_BETTER:
        said = both(
            "ここでは、注意されたトークンを隠しても、無作為に隠すのと変わりません。",
            "Here masking what was attended does no more than masking at random.",
        )
    elif "attribution" in effects and drop < -effects["attribution"].change - NO_BETTER:
        said = both(
            "ここでは、予測に効いたものを注意よりも寄与がよく指しています。",
            "Here the attribution points at what mattered better than the attention does.",
        )
    else:
        said = both("ここでは、注意も予測に効いたものを指しています。", "Here the attention does point at what mattered.")
    return [said.in_language(speech)]


def _completeness(error: float) -> Message:
    said = f"{error:.3f}" if error >= LEAST_ERROR else f"<{LEAST_ERROR}"
    return both(
        f"寄与（積分勾配）の合計とスコアの変化との差：{said}（0 なら完全）",
        f"The attributions (integrated gradients) miss the change of the score by {said} (0 is complete).",
    )


def telling(heads: tuple[TellingHead, ...], speech: Speech) -> str:
    """The heads that stand out, and why; empty where there are none."""
    lines = [_telling(head, speech) for head in heads]
    title = both("特徴のあるヘッド（層.ヘッド）：", "Heads that stand out (layer.head): ").in_language(speech)
    return title + ("、" if speech == "ja" else "; ").join(lines) if lines else ""


def _telling(head: TellingHead, speech: Speech) -> str:
    said = _TELLING[head.kind].in_language(speech)
    value = {
        "focused": both(f"エントロピー {head.value:.2f}", f"entropy {head.value:.2f}"),
        "distant": both(f"平均 {head.value:.1f} トークン先", f"{head.value:.1f} tokens on average"),
        "separator": both(percent(head.value), percent(head.value)),
    }[head.kind].in_language(speech)
    return f"{head.layer}.{head.head} {said}（{value}）" if speech == "ja" else f"{head.layer}.{head.head} {said} ({value})"
