"""What pictures of attention say in words: the heading that tells what is shown, the names of tokens and heads, lists of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.attention.explained import Explained
from engine.contract import ExplainedTask, MaskingEffect, Message, TellingHead, Token
from engine.figures.colours import FAINT, Array, written
from engine.figures.font import STAND_IN, drawable
from engine.figures.sheet import TITLE_PT, Sheet

# A label in a sentence is no longer than this, in half-width columns.
_QUOTED_COLUMNS = 28
# With such a share of its attention on separators, a head is said to rest there (Clark et al. 2019).
_RESTS = 0.5

TASKS: dict[ExplainedTask, Message] = {
    "sentiment": Message(ja="感情の判定", en="sentiment"),
    "ner": Message(ja="固有名", en="named entity"),
    "ask": Message(ja="質問への答え", en="answer to the question"),
}
_LABELS = {
    "positive": Message(ja="ポジティブ", en="positive"),
    "neutral": Message(ja="中立", en="neutral"),
    "negative": Message(ja="ネガティブ", en="negative"),
    "PER": Message(ja="人名", en="person"),
    "ORG": Message(ja="組織", en="organization"),
    "LOC": Message(ja="地名", en="place"),
    "MISC": Message(ja="その他", en="other name"),
    "O": Message(ja="固有名ではない", en="no name"),
}
TELLING: dict[Literal["focused", "distant", "separator"], Message] = {
    "focused": Message(ja="集中", en="focused"),
    "distant": Message(ja="遠くを見る", en="looks far"),
    "separator": Message(ja="区切りを見る", en="to separator"),
}
MASKED = {
    "attention": Message(ja="ロールアウトで最も注意された{n}個を隠す", en="hide the {n} most attended (rollout)"),
    "attribution": Message(ja="最も寄与した{n}個を隠す", en="hide the {n} most attributed"),
    "random": Message(ja="無作為に{n}個を隠す（平均）", en="hide {n} at random (mean)"),
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a map is of: layer `layer` of `layers`, one head or the mean over `heads` (None); both count from 0."""

    model: str
    layer: int
    layers: int
    head: int | None
    heads: int

    def words(self) -> Message:
        """The map's place in the model, in words."""
        head_ja = f"{self.heads}ヘッドの平均" if self.head is None else f"ヘッド{self.head}（0〜{self.heads - 1}のうち）"
        head_en = f"mean of {self.heads} heads" if self.head is None else f"head {self.head} (of 0–{self.heads - 1})"
        return Message(
            ja=f"層{self.layer}（0〜{self.layers - 1}のうち）・{head_ja}",
            en=f"layer {self.layer} (of 0–{self.layers - 1}), {head_en}",
        )


def shown(read: Explained, layer: int, head: int | None) -> Shown:
    """Which map of `read` is shown."""
    layers, heads = read.maps.shape[:2]
    return Shown(model=read.model, layer=layer, layers=layers, head=head, heads=heads)


def heading(sheet: Sheet, title: Message, *, reads: Sequence[Explained] = (), how: Message | None = None) -> None:
    """Write what the picture shows, which models predicted what of which part of the text, and how to read it."""
    sheet.paragraph(title, size=TITLE_PT)
    for number, read in enumerate(reads):
        letter = f"{'AB'[number]}  " if len(reads) == 2 else ""
        sheet.paragraph(letter + sheet.say(of_model(read)), colour=FAINT)
        part = of_window(read)
        if part is not None:
            sheet.paragraph(part, colour=FAINT)
    if how is not None:
        sheet.space(2)
        sheet.paragraph(how)
    sheet.space(8)


def of_model(read: Explained) -> Message:
    """The model's name and what it predicted."""
    said = predicted(read)
    return Message(
        ja=f"モデル {read.model}" + ("" if said is None else f"・{said.ja}"),
        en=f"model {read.model}" + ("" if said is None else f", {said.en}"),
    )


def predicted(read: Explained) -> Message | None:
    """The prediction in words; None: there is none."""
    if read.prediction is None:
        return None
    label, task = label_words(read.prediction.label, read.prediction.text), TASKS[read.task]
    share = f"{read.prediction.probability:.0%}" if read.prediction.probability < 0.995 else f"{read.prediction.probability:.1%}"
    return Message(ja=f"{task.ja}：{label.ja} {share}", en=f"{task.en}: {label.en} {share}")


def label_words(label: str, text: str | None = None) -> Message:
    """A label of the catalog's in words, other labels as they are; before it the words that have it."""
    short = drawable(label, max_columns=48) or STAND_IN
    words = _LABELS.get(label, Message(ja=short, en=short))
    if text is None:
        return words
    about = drawable(text, max_columns=48) or STAND_IN
    return Message(ja=f"「{about}」{words.ja}", en=f'"{about}" {words.en}')


def of_window(read: Explained) -> Message | None:
    """Which part of a long text is shown; None: all of it."""
    if read.windows == 1:
        return None
    ja = "（判定に最も効いた部分）" if read.chosen else ""
    en = ", the most relevant" if read.chosen else ""
    number = read.window + 1
    return Message(
        ja=f"長い文章の{read.windows}個の部分のうち{number}番目{ja}：--window {read.window}",
        en=f"part {number} of {read.windows} of a long text{en} (--window {read.window})",
    )


def title_in_alt(read: Explained) -> Message:
    """What an alternative text ends with: the model, its prediction, and the part of a long text."""
    part, model = of_window(read), of_model(read)
    return Message(
        ja=f"{model.ja}。" + ("" if part is None else f"{part.ja}。"),
        en=f"The {model.en}. " + ("" if part is None else f"Shown: {part.en}. "),
    )


def sides(read: Explained) -> tuple[Message, Message]:
    """The names of the two texts of a pair."""
    if read.task == "ask":
        return Message(ja="質問", en="question"), Message(ja="文脈", en="context")
    return Message(ja="文章A", en="text A"), Message(ja="文章B", en="text B")


def name(token: Token) -> str:
    """A token as a label; never empty."""
    return drawable(token.text) or STAND_IN


def quoted(token: Token) -> Message:
    """A token within a sentence."""
    text = drawable(token.text, max_columns=_QUOTED_COLUMNS) or STAND_IN
    return Message(ja=f"「{text}」", en=f'"{text}"')


def counted(tokens: Sequence[Token]) -> str:
    """How many tokens, in English."""
    return "1 token" if len(tokens) == 1 else f"{len(tokens)} tokens"


def has_links(tokens: Sequence[Token]) -> bool:
    """Whether one token of the text can look at another."""
    return sum(not token.special for token in tokens) > 1


def strongest_links(matrix: Array, tokens: Sequence[Token], *, most: int) -> list[tuple[int, int]]:
    """The largest weights of one token of the text to another; special tokens and looks at oneself count if nothing else is there."""
    text = np.array([not token.special for token in tokens])
    pairs = np.outer(text, text) & ~np.eye(len(tokens), dtype=bool)
    values = np.where(pairs, np.nan_to_num(matrix), -1.0) if has_links(tokens) else np.nan_to_num(np.asarray(matrix, dtype=np.float64))
    order = np.argsort(-values, axis=None, kind="stable")[:most]
    found = [tuple(map(int, np.unravel_index(int(index), values.shape))) for index in order]
    return [(row, column) for row, column in found if values[row, column] > 0]


def link(first: Token, second: Token) -> str:
    """Which token looks at which, as a label."""
    return f"{name(first)} → {name(second)}"


def strongest_tokens(values: Sequence[float], tokens: Sequence[Token], *, most: int) -> list[int]:
    """The tokens of the text with the largest values by size; special ones only where there is nothing else. Zeros are left out."""
    text = [index for index, token in enumerate(tokens) if not token.special] or list(range(len(tokens)))
    return [index for index in sorted(text, key=lambda index: -abs(values[index]))[:most] if values[index] != 0]


def listed(indices: Sequence[int], values: Sequence[float], tokens: Sequence[Token], *, sign: bool = False) -> Message:
    """Tokens with their values, in a sentence."""
    said = [(quoted(tokens[index]), written(values[index], sign=sign)) for index in indices]
    return Message(
        ja="、".join(f"{token.ja}{value}" for token, value in said) or "なし",
        en=", ".join(f"{token.en} {value}" for token, value in said) or "none",
    )


def head_name(head: TellingHead, japanese: bool) -> str:
    """A head that stands out, with the reason: focused 3.5 is head 5 of layer 3."""
    reason = TELLING[head.kind]
    return f"{reason.ja if japanese else reason.en} {head.layer}.{head.head}"


def head_words(head: TellingHead) -> Message:
    """Why a head stands out, in a sentence with its value."""
    at = f"{head.layer}.{head.head}"
    if head.kind == "focused":
        return Message(
            ja=f"集中 {at}：ごく少数のトークンだけを見る（エントロピー {written(head.value)}）",
            en=f"focused {at}: each token looks at very few others (entropy {written(head.value)} nats)",
        )
    if head.kind == "distant":
        return Message(
            ja=f"遠くを見る {at}：平均で{head.value:.1f}トークン離れたところを見る",
            en=f"looks far {at}: on average {head.value:.1f} tokens away",
        )
    rests = head.value >= _RESTS
    return Message(
        ja=f"区切りを見る {at}：注意の{head.value:.0%}が区切りに向く"
        + ("（ほかに見るものがないときの休み場所と言われる）" if rests else ""),
        en=f"to separator {at}: {head.value:.0%} of its attention goes to separators"
        + (", said to be where a head rests that finds nothing" if rests else ""),
    )


def masked_words(effect: MaskingEffect) -> Message:
    """Which tokens were hidden, as a label."""
    words = MASKED[effect.by]
    return Message(ja=words.ja.format(n=effect.masked), en=words.en.format(n=effect.masked))
