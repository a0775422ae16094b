"""Shows how a text is cut: words (MeCab's for Japanese), the model's tokens with their ids, and the place of each in the text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from engine.contract import Failure, Language, Message, Token, TokensRequest, TokensResult, Word
from engine.errors import BadInputError, EngineError
from engine.models.loaded import LoadedModel
from engine.tokenization.mecab import JAPANESE, mecab_words
from engine.tokenization.pieces import ModelInput, Pieces
from engine.tokenization.spans import place_words

_JAPANESE = rf"(?:{JAPANESE.pattern}|[\uff66-\uff9f])"  # with half-width kana
_RUN = re.compile(rf"(?P<japanese>{_JAPANESE}+)|(?:(?!{_JAPANESE})\w)+|\S")


def run(requests: Sequence[TokensRequest], languages: Sequence[Language], model: LoadedModel) -> list[TokensResult | Failure]:
    """Cut each request's text; the model's weights are not used. A text without any token is a failure, `empty_text`."""
    outcomes: list[TokensResult | Failure] = []
    pieces = model.tokenizer.pieces([request.text for request in requests])
    for language, row in zip(languages, pieces, strict=True):
        try:
            outcomes.append(_result(row, language, model))
        except EngineError as error:
            outcomes.append(error.as_failure())
    return outcomes


def special_and_text_tokens(row: ModelInput, pieces: Pieces, part: range, model: LoadedModel) -> tuple[Token, ...]:
    """The tokens of a model input over `part` of the pieces; special tokens stand at the nearest edge of that part, without width.

    Raises:
        BadInputError: `empty_text`, there are no pieces.
    """
    if not part:
        raise BadInputError(
            "empty_text",
            ja="読める文字がありません。日本語か英語の文章を書いてください。",
            en="There is nothing to read. Write a text in Japanese or English.",
        )
    names = model.tokenizer.backend.convert_ids_to_tokens(list(row.ids))
    start, end = pieces.offsets[part.start][0], pieces.offsets[part.stop - 1][1]
    tokens = []
    for place, (name, id_) in enumerate(zip(names, row.ids, strict=True)):
        special = place not in row.first
        edge = start if place < row.first.start else end
        span = (edge, edge) if special else pieces.offsets[part.start + place - row.first.start]
        tokens.append(Token(text=name, id=id_, start=span[0], end=span[1], special=special))
    return tuple(tokens)


def _result(pieces: Pieces, language: Language, model: LoadedModel) -> TokensResult:
    row = model.tokenizer.assemble(pieces.ids)
    tokens = special_and_text_tokens(row, pieces, range(len(pieces)), model)
    return TokensResult(
        language=language,
        model=model.name,
        notes=_notes(len(tokens), model.window),
        tokens=tokens,
        words=tuple(words_of(pieces, by_tokenizer=model.tokenizer.japanese_words, shift=row.first.start)),
        window=model.window,
    )


def _notes(count: int, window: int) -> tuple[Message, ...]:
    if count <= window:
        return ()
    return (
        Message(
            ja=f"この文章は {count} トークンです。モデルが一度に読めるのは {window} トークンまでなので、ほかのコマンドでは区切って読みます。",
            en=f"This text has {count} tokens. The model reads {window} at once, so other tasks read it in parts.",
        ),
    )


def words_of(pieces: Pieces, *, by_tokenizer: bool, shift: int) -> Iterator[Word]:
    """The words the tokenizer itself cut first; where it cuts no Japanese words (SentencePiece), MeCab's."""
    if not by_tokenizer:
        yield from _words_over_pieces(pieces, shift=shift)
        return
    for first, last in _groups(pieces):
        start, end = pieces.offsets[first][0], max(end for _, end in pieces.offsets[first : last + 1])
        yield Word(start=start, end=end, text=pieces.text[start:end], first_token=first + shift, last_token=last + shift)


def _groups(pieces: Pieces) -> list[tuple[int, int]]:
    """First and last piece of each word; words on one character (½ is 1, ⁄ and 2) are one."""
    groups: list[tuple[int, int]] = []
    reached = 0
    for place, (start, end) in enumerate(pieces.offsets):
        if place and (pieces.words[place] == pieces.words[place - 1] or start < reached):
            groups[-1] = (groups[-1][0], place)
        else:
            groups.append((place, place))
        reached = max(reached, end)
    return groups


def _words_over_pieces(pieces: Pieces, *, shift: int) -> Iterator[Word]:
    """Words of the text, each with all the pieces that share a character with it: a piece may lie in two words."""
    starts = [start for start, _ in pieces.offsets]
    ends = [end for _, end in pieces.offsets]
    for start, end in _word_spans(pieces.text):
        first, beyond = bisect_right(ends, start), bisect_left(starts, end)
        if first < beyond:
            yield Word(start=start, end=end, text=pieces.text[start:end], first_token=first + shift, last_token=beyond - 1 + shift)


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Runs of letters and digits, single signs, and MeCab's words in Japanese runs; white space is between them."""
    for run_ in _RUN.finditer(text):
        if run_["japanese"] is None:
            yield run_.span()
            continue
        for start, end in place_words(run_.group(), mecab_words(run_.group())):
            yield run_.start() + start, run_.start() + end
