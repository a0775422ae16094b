"""Says which words fit into the blanks of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from engine.contract import Blank, Failure, Filling, FillMaskRequest, FillMaskResult, Language
from engine.errors import BadInputError, EngineError, ModelError
from engine.han import HAN, KANA
from engine.models.loaded import TOKENS_PER_BATCH, LoadedModel
from engine.tokenization.pieces import ModelInput

MAX_BLANKS = 20
MAX_CANDIDATES = 100
# [MASK] or <mask> in any case and width, full-width low lines, or three or more ASCII ones (two are common in code).
_BLANK = re.compile(r"[\[［](?:MASK|ＭＡＳＫ)[\]］]|<mask>|＿+|_{3,}", re.IGNORECASE)
# The output over the whole vocabulary is the largest tensor by far: at most this many numbers (4 bytes each) at once.
_LOGITS_AT_ONCE = 48_000_000
# Two pieces can make one filling, and the second of them may be far less likely: it is looked for among so many pieces at least.
_LEAST_LOOKED_AT = 100
# Where a model keeps what scores pieces, for those whose head takes any places of a text: the blanks alone, half of the work of all.
_HEADS = {"bert": "cls", "roberta": "lm_head", "xlm-roberta": "lm_head", "camembert": "lm_head"}
_UNUSED = re.compile(r"\[unused\d+\]|<unused\d+>|madeupword\d+")
_JAPANESE_LETTER = re.compile(rf"[{HAN}{KANA}\uff66-\uff9f]")
# Of pieces: letters, and the signs that only Japanese writes, such as 、 and ・; with the letters and signs of full and half width.
_JAPANESE_PIECE = re.compile(rf"[{HAN}\u3000-\u30ff\u31f0-\u31ff\uff00-\uffef]")


@dataclass(frozen=True)
class _Row:
    """An input, and what is asked of it."""

    input: ModelInput
    blanks: tuple[tuple[int, int], ...]  # (number of a blank in the text, its place in the input)
    looked_at: int  # how many of the likeliest pieces may become fillings
    english: bool  # whether nothing Japanese fits into the text


@dataclass(frozen=True)
class _Reading:
    """A text with its blanks, and the inputs that show every blank once."""

    request: FillMaskRequest
    language: Language
    blanks: tuple[tuple[int, int], ...]
    rows: tuple[_Row, ...]


def run(requests: Sequence[FillMaskRequest], languages: Sequence[Language], model: LoadedModel) -> list[FillMaskResult | Failure]:
    """Fill every blank of each request's text by itself; the other blanks stay blank meanwhile.

    A filling's probability is the model's over its whole vocabulary; two pieces that give the same text (at the start of a
    word and inside one) count together. Into an English text without a Japanese letter nothing Japanese is put, though a
    model of both languages may find it probable. A request's failures are BadInputErrors: `no_blank`, `too_many_blanks`,
    `candidates_out_of_range`.

    Raises:
        ModelError: `no_mask_token`, the model is none that fills blanks.
    """
    mask = model.tokenizer.backend.mask_token_id
    if mask is None:
        raise ModelError(
            "no_mask_token",
            ja=f"モデル {model.name} は穴埋めができません。マスク言語モデル（BERTなど）を指定してください。",
            en=f"The model {model.name} cannot fill blanks. Name a masked language model, such as a BERT.",
        )
    readings: list[_Reading | Failure] = []
    for request, language in zip(requests, languages, strict=True):
        try:
            readings.append(_prepare(request, language, int(mask), model))
        except EngineError as error:
            readings.append(error.as_failure())
    rows = [row for reading in readings if isinstance(reading, _Reading) for row in reading.rows]
    found = iter(_forward(rows, model, mask=int(mask)))
    return [
        reading if isinstance(reading, Failure) else _interpret(reading, [next(found) for _ in reading.rows], model) for reading in readings
    ]


def _prepare(request: FillMaskRequest, language: Language, mask: int, model: LoadedModel) -> _Reading:
    blanks = tuple(match.span() for match in _BLANK.finditer(request.text))
    _check(request, len(blanks))
    english = language == "en" and not _JAPANESE_LETTER.search(request.text)
    # The text between the blanks is cut apart, as the tokenizer would cut it around its own mask token.
    edges = [0, *(edge for blank in blanks for edge in blank), len(request.text)]
    parts = [request.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    ids: list[int] = []
    places: list[int] = []
    # White space before a mask belongs to the mask: tokenizers that keep it would else make a token of it.
    for index, pieces in enumerate(model.tokenizer.pieces([*(part.rstrip() for part in parts[:-1]), parts[-1]])):
        if index:
            places.append(len(ids))
            ids.append(mask)
        ids += pieces.ids
    rows = _rows(ids, places, model, candidates=request.candidates, english=english)
    return _Reading(request=request, language=language, blanks=blanks, rows=rows)


def _check(request: FillMaskRequest, blanks: int) -> None:
    if not blanks:
        raise BadInputError(
            "no_blank",
            ja="空欄がありません。空欄は [MASK]、＿、___ のどれかで書いてください（例：日本の首都は＿です。）。",
            en="There is no blank. Write one as [MASK], ＿ or ___, for example: The capital of France is ___.",
        )
    if blanks > MAX_BLANKS:
        raise BadInputError(
            "too_many_blanks",
            ja=f"空欄が {blanks} 個あります。一度に {MAX_BLANKS} 個までにしてください。",
            en=f"There are {blanks} blanks. At most {MAX_BLANKS} can be filled at once.",
            blanks=str(blanks),
            limit=str(MAX_BLANKS),
        )
    if not 1 <= request.candidates <= MAX_CANDIDATES:
        raise BadInputError(
            "candidates_out_of_range",
            ja=f"候補の数は 1 から {MAX_CANDIDATES} までです（指定は {request.candidates}）。",
            en=f"The number of candidates must be 1 to {MAX_CANDIDATES}, got {request.candidates}.",
        )


def _rows(ids: Sequence[int], places: Sequence[int], model: LoadedModel, *, candidates: int, english: bool) -> tuple[_Row, ...]:
    """One input with all blanks where it fits the window, else one input a blank, with the blank in the middle."""
    size = model.window - model.tokenizer.special_count()

    def row(start: int, numbers: Sequence[int]) -> _Row:
        read = model.tokenizer.assemble(ids[start : start + size])
        blanks = tuple((number, read.first.start + places[number] - start) for number in numbers)
        return _Row(input=read, blanks=blanks, looked_at=max(4 * candidates, _LEAST_LOOKED_AT), english=english)

    if len(ids) <= size:
        return (row(0, range(len(places))),)
    return tuple(row(min(max(0, place - size // 2), len(ids) - size), [number]) for number, place in enumerate(places))


_Likely = list[tuple[int, float]]  # (id, probability), most probable first


def _forward(rows: Sequence[_Row], model: LoadedModel, *, mask: int) -> list[dict[int, _Likely]]:
    """For each row, the likeliest ids of each of its blanks, as many as it looks at."""
    vocabulary = model.model.config.vocab_size
    allowed = {english: _allowed(model, vocabulary, english=english) for english in {row.english for row in rows}}
    found: dict[int, dict[int, _Likely]] = {}
    for logits_of in _logits(rows, model, mask=mask, vocabulary=vocabulary):
        for index, logits in logits_of:
            probabilities = logits.float().softmax(-1)
            ids = allowed[rows[index].english]
            most = min(rows[index].looked_at, int(ids.sum()))
            best = probabilities.masked_fill(~ids[: probabilities.shape[-1]], -1.0).topk(most)
            pairs = [list(zip(*row, strict=True)) for row in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
            found[index] = {blank: row for (blank, _), row in zip(rows[index].blanks, pairs, strict=True)}
    return [found[index] for index in range(len(rows))]


def _logits(rows: Sequence[_Row], model: LoadedModel, *, mask: int, vocabulary: int) -> Iterator[Iterator[tuple[int, torch.Tensor]]]:
    """Batch by batch: (index of a row, the scores of all pieces at its blanks). *Shape:* (blanks, vocabulary)."""
    inputs = [row.input for row in rows]
    most_scores = max(1, _LOGITS_AT_ONCE // vocabulary)
    head = getattr(model.model, _HEADS.get(model.model.config.model_type, ""), None)
    if head is None:
        for indices, output in model.forward_batches(inputs, tokens_per_batch=most_scores):
            yield ((index, output.logits[row, [place for _, place in rows[index].blanks]]) for row, index in enumerate(indices))
        return

    def at_masks(**tensors: torch.Tensor) -> torch.Tensor:
        hidden = model.model.base_model(**tensors).last_hidden_state
        scores: torch.Tensor = head(hidden[tensors["input_ids"] == mask])
        return scores

    masks = [[place for place, id_ in enumerate(row.ids) if id_ == mask] for row in inputs]
    density = max((len(places) / len(row) for places, row in zip(masks, inputs, strict=True)), default=1.0)
    tokens = min(TOKENS_PER_BATCH, max(1, int(most_scores / density)))
    for indices, scores in model.forward_batches(inputs, tokens_per_batch=tokens, forward=at_masks):
        parts = scores.split([len(masks[index]) for index in indices])
        yield (
            (index, part[[masks[index].index(place) for _, place in rows[index].blanks]])
            for index, part in zip(indices, parts, strict=True)
        )


def _allowed(model: LoadedModel, vocabulary: int, *, english: bool) -> torch.Tensor:
    """Which ids can be a filling: words and parts of words, nothing special, unknown or reserved, and for an `english` text
    nothing Japanese. *Shape:* (vocabulary,).
    """
    backend = model.tokenizer.backend
    special = set(backend.all_special_ids)
    pieces = {index: piece for piece, index in backend.get_vocab().items() if index not in special and not _UNUSED.fullmatch(piece)}
    known = {index for index, piece in pieces.items() if not (english and _JAPANESE_PIECE.search(piece))}
    return torch.tensor([index in known for index in range(vocabulary)], device=model.device)


def _filled(text: str, blank: tuple[int, int], index: int, model: LoadedModel) -> tuple[str, str]:
    """(what the vocabulary entry puts into the blank, the whole text with it); the inner part of a word joins the word before it."""
    piece = str(model.tokenizer.backend.convert_ids_to_tokens([index])[0])
    before, after = text[: blank[0]], text[blank[1] :]
    if piece.startswith("##") and len(piece) > 2:
        return piece[2:], before.rstrip(" \t\u3000") + piece[2:] + after
    word = str(model.tokenizer.backend.convert_tokens_to_string([piece])).strip()
    return word, before + word + after


def _interpret(reading: _Reading, found: Sequence[dict[int, _Likely]], model: LoadedModel) -> FillMaskResult:
    likely = {blank: row for rows in found for blank, row in rows.items()}
    blanks = tuple(
        Blank(start=start, end=end, fillings=_fillings(reading.request, (start, end), likely[number], model))
        for number, (start, end) in enumerate(reading.blanks)
    )
    return FillMaskResult(language=reading.language, model=model.name, blanks=blanks)


def _fillings(request: FillMaskRequest, blank: tuple[int, int], likely: _Likely, model: LoadedModel) -> tuple[Filling, ...]:
    """The best fillings with different texts, most probable first; the id is that of the likelier piece."""
    fillings: dict[str, Filling] = {}
    for index, probability in likely:
        token, text = _filled(request.text, blank, index, model)
        same = fillings.get(text)
        if same is not None:
            fillings[text] = replace(same, probability=min(1.0, same.probability + probability))
        elif token:
            fillings[text] = Filling(token=token, id=index, probability=min(1.0, probability), text=text)
    ranked = sorted(fillings.values(), key=lambda filling: -filling.probability)
    return tuple(ranked[: request.candidates])
