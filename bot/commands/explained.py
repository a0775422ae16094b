"""The Reply of `/explain-attention`: the prediction, the pictures, which tokens mattered, and how far to trust that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from bot.commands.explained_words import faithful, predicted, shown, special_share, telling, tone_of
from bot.commands.wording import percent, said_of, shortened
from bot.language import Speech, both
from bot.reply import Attachment, Block, Highlight, Paragraph, Picture, Reply, Span, Table, Tone, cells, columns
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Token

MOST_TOKENS = 5  # in a table
MOST_MARKED = 6  # in the text
LONGEST_TOKEN = 12  # characters of one in a table
LEAST = 0.0005  # a value that is not zero as it is written
WORTH_MARKING = 0.15  # of the largest attribution

_MEASURES = (
    both("注意（ロールアウト）", "attention (rollout)"),
    both("予測との関連度", "relevant attention"),
    both("予測への寄与", "attribution"),
)
_MATTERED = both("最も効いたトークン", "Tokens that mattered most")


def render(request: ExplainAttentionRequest, result: ExplainAttentionResult, speech: Speech) -> Reply:
    """The prediction where there is one, what is shown, the pictures and pages, then what mattered, in words and numbers."""
    said = shown(request, result, speech)
    prediction = None if result.view == "positions" else result.prediction  # positions are the model's own, not the text's
    title = predicted(prediction, result.task, speech) if prediction else said
    blocks: list[Block] = [Paragraph(text=said)] if prediction else []
    blocks += [Picture(image=image, alt=image.alt.in_language(speech)) for image in result.images]
    blocks += [Attachment(file=file, title=file.title.in_language(speech)) for file in result.files]
    if result.view != "positions":
        blocks += _mattered(request, result, speech)
    return Reply(title=title, brief=title, tone=tone_of(prediction, result.task), blocks=tuple(blocks), **said_of(result, speech))


def _mattered(request: ExplainAttentionRequest, result: ExplainAttentionResult, speech: Speech) -> Iterator[Block]:
    names = readable(request, result)
    if request.word is not None and result.links:
        yield _links(request.word, names, result, speech)
    yield from _marked(request, result)
    yield from _table(names, result, speech)
    yield Paragraph(text="\n".join(filter(None, [special_share(result, speech), faithful(result, speech)])))
    if text := telling(result.telling, speech):
        yield Paragraph(text=text)


def readable(request: ExplainAttentionRequest, result: ExplainAttentionResult) -> list[str]:
    """The shown tokens as the person wrote them; special ones by their names."""
    return [
        token.text if token.special or token.start == token.end else " ".join(_source(i, request, result)[token.start : token.end].split())
        for i, token in enumerate(result.tokens)
    ]


def _source(index: int, request: ExplainAttentionRequest, result: ExplainAttentionResult) -> str:
    """The text that a token's span points into."""
    in_second = result.second_from is not None and index >= result.second_from
    return (request.second or "") if in_second else request.text


def _table(names: Sequence[str], result: ExplainAttentionResult, speech: Speech) -> Iterator[Table]:
    """A column for each measure there is: its tokens with their values, the strongest first; special ones are left out."""
    found = [
        _strongest(names, result.tokens, [score.rollout for score in result.scores], percent),
        _strongest(names, result.tokens, [score.relevance for score in result.scores], percent),
        _strongest(names, result.tokens, [score.attribution for score in result.scores], signed),
    ]
    titles = [title.in_language(speech) for title, column in zip(_MEASURES, found, strict=True) if column]
    if titles:
        yield _side_by_side(titles, [column for column in found if column], title=_MATTERED.in_language(speech))


def _links(word: str, names: Sequence[str], result: ExplainAttentionResult, speech: Speech) -> Table:
    """What the word looks at most, and what looks at it most."""
    values: dict[int, tuple[float, float]] = {link.token: (link.looks_at, link.looked_by) for link in result.links}
    both_ways = [values.get(i, (0.0, 0.0)) for i in range(len(result.tokens))]
    found = [_strongest(names, result.tokens, [pair[way] for pair in both_ways], percent) for way in (0, 1)]
    titles = both(f"「{shortened(word)}」が見る先", f"“{shortened(word)}” looks at"), both("見てくる元", "looked at by")
    title = both("特殊トークンを除く上位", "The strongest, special tokens left out")
    return _side_by_side([title.in_language(speech) for title in titles], found, title=title.in_language(speech))


def _side_by_side(titles: Sequence[str], found: Sequence[Sequence[str]], *, title: str) -> Table:
    rows = tuple(cells(*row) for row in zip_longest(*found, fillvalue=""))
    return Table(columns=columns(*titles), rows=rows, title=title)


def _strongest(names: Sequence[str], tokens: Sequence[Token], values: Sequence[float | None], said: Callable[[float], str]) -> list[str]:
    """The tokens with the largest values of either sign, with them."""
    known = [(value, i) for i, value in enumerate(values) if value is not None and abs(value) >= LEAST and not tokens[i].special]
    ranked = sorted(known, key=lambda pair: -abs(pair[0]))[:MOST_TOKENS]
    return [f"{shortened(names[i], limit=LONGEST_TOKEN)} {said(value)}" for value, i in ranked]


def signed(value: float) -> str:
    """An attribution with its sign."""
    return f"{value:+.2f}".replace("-", "−")


def _marked(request: ExplainAttentionRequest, result: ExplainAttentionResult) -> Iterator[Highlight]:
    """The text that is shown, with the tokens marked that speak most for or against the prediction."""
    largest = max((abs(score.attribution) for score in result.scores if score.attribution is not None), default=0.0)
    known = [
        (i, score.attribution)
        for i, score in enumerate(result.scores)
        if score.attribution is not None and not result.tokens[i].special and abs(score.attribution) > WORTH_MARKING * largest
    ]
    strongest = sorted(known, key=lambda pair: -abs(pair[1]))[:MOST_MARKED]
    end = len(result.tokens) if result.second_from is None else result.second_from
    for first, last in ((0, end), (end, len(result.tokens))):
        if weights := {i: weight for i, weight in strongest if first <= i < last}:
            yield _marks(_source(first, request, result), result.tokens[first:last], {i - first: weight for i, weight in weights.items()})


def _marks(text: str, tokens: Sequence[Token], weights: dict[int, float]) -> Highlight:
    """The part of `text` that `tokens` cover, with those marked that have a weight."""
    placed = [token for token in tokens if token.start < token.end]
    start, end = min(token.start for token in placed), max(token.end for token in placed)
    spans: list[Span] = []
    for i in sorted(weights, key=lambda i: tokens[i].start):
        # Several tokens may stand on one character, e.g. on ㈱: it is marked once.
        if tokens[i].start - start >= (spans[-1].end if spans else 0):
            tone: Tone = "even" if weights[i] > 0 else "odd"  # blue and orange, as in the pictures
            spans.append(Span(start=tokens[i].start - start, end=tokens[i].end - start, tone=tone, label=signed(weights[i])))
    return Highlight(text=text[start:end], spans=tuple(spans))
