"""`/similar`: how near texts are in meaning; with `--query`, which of them is nearest to it."""

from __future__ import annotations

from bot.commands.command import Command, needed_texts
from bot.commands.options import LANG, POOLING, model_option, pooling, reading_options
from bot.commands.wording import numbered, said_of, shortened
from bot.grammar import Arguments, Option
from bot.language import Speech
from bot.reply import Block, Matrix, Paragraph, Picture, Reply, Table, cells, columns
from engine.contract import Message, SimilarRequest, SimilarResult

QUERY = Option(
    name="query",
    kind="phrase",
    meaning=Message(ja="この文に近い順に並べる", en="rank the texts by their nearness to this one"),
    example="猫がいる",
)


def parse(arguments: Arguments) -> SimilarRequest:
    """Raises CommandError where there are too few texts: two, or one with a query."""
    query = arguments.options.get("query")
    texts = needed_texts(arguments, at_least=1 if query else 2)
    return SimilarRequest(texts=texts, query=str(query) if query else None, pooling=pooling(arguments), **reading_options(arguments))


def render(request: SimilarRequest, result: SimilarResult, speech: Speech) -> Reply:
    """A ranking where there was a query, else the matrix of all pairs and the nearest of them."""
    pictures = tuple(Picture(image=image, alt=image.alt.in_language(speech)) for image in result.images)
    if request.query is not None:
        return _ranking(request, result, speech, pictures)
    first, second, value = _nearest_pair(result.matrix)
    title = (
        f"いちばん近い組：{first + 1} と {second + 1}（{value:.3f}）"
        if speech == "ja"
        else f"Nearest: {first + 1} and {second + 1} ({value:.3f})"
    )
    labels = tuple(str(i) for i in range(1, len(request.texts) + 1))
    blocks: tuple[Block, ...] = (
        Paragraph(text=numbered(request.texts)),
        Matrix(row_labels=labels, column_labels=labels, values=result.matrix),
        *pictures,
    )
    return Reply(title=title, brief=title, blocks=blocks, **said_of(result, speech))


def _ranking(request: SimilarRequest, result: SimilarResult, speech: Speech, pictures: tuple[Block, ...]) -> Reply:
    titles = ("順位", "類似度", "文章") if speech == "ja" else ("rank", "similarity", "text")
    rows = [
        cells(str(rank), f"{found.similarity:.3f}", " ".join(request.texts[found.index].split()))
        for rank, found in enumerate(result.ranking, start=1)
    ]
    best = result.ranking[0]
    nearest = shortened(request.texts[best.index])
    title = f"いちばん近い：{nearest}（{best.similarity:.3f}）" if speech == "ja" else f"Nearest: {nearest} ({best.similarity:.3f})"
    table = Table(columns=columns(*titles, right=(0, 1)), rows=tuple(rows), title=str(request.query))
    return Reply(title=title, brief=title, blocks=(table, *pictures), **said_of(result, speech))


def _nearest_pair(matrix: tuple[tuple[float, ...], ...]) -> tuple[int, int, float]:
    pairs = [(row, column, matrix[row][column]) for row in range(len(matrix)) for column in range(row + 1, len(matrix))]
    return max(pairs, key=lambda pair: pair[2])


COMMAND = Command(
    name="similar",
    aliases=("similarity", "類似", "類似度"),
    summary=Message(ja="文章どうしの意味の近さ", en="how near texts are in meaning"),
    form=Message(ja="文章1 | 文章2 | …", en="text 1 | text 2 | …"),
    example=Message(
        ja="猫がマットの上に座っている。 | 犬が公園で遊んでいる。 | The cat sits on the mat.",
        en="The cat sits on the mat. | A feline rests on a rug. | The dog plays in the park.",
    ),
    takes="texts",
    parse=parse,
    render=render,
    options=(QUERY, POOLING, LANG, model_option("yomite/similar")),
    rows="together",
    pictures=True,
)
