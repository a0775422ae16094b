"""A text cut into pieces once, with the place of each in the text; windows and model inputs are made from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from engine.surrogates import without_surrogates
from engine.tokenization.mecab import JAPANESE
from engine.tokenization.spans import Span, tidy_offsets

# Texts that nearly every vocabulary cuts into something: one of them shows where a tokenizer puts its special tokens.
_PROBES = ("a", "の", "1", ".", "A", "人")


@dataclass(frozen=True)
class Pieces:
    """The pieces of one text, without special tokens. All tuples have one entry a piece."""

    text: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]  # characters of `text`
    words: tuple[int, ...]  # which word a piece belongs to, counting from 0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ModelInput:
    """One row of a model's input, special tokens included."""

    ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    first: range  # where the pieces of the first text stand
    second: range  # where those of the second stand; empty for a single text

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Template:
    """What a tokenizer puts before, between and after one or two texts, as (id, type id)."""

    before: tuple[tuple[int, int], ...]
    between: tuple[tuple[int, int], ...]
    after: tuple[tuple[int, int], ...]
    first_type: int
    second_type: int

    @classmethod
    def read(cls, ids: Sequence[int], type_ids: Sequence[int], owners: Sequence[int | None]) -> Template:
        """Read it off an encoded example; `owners` says for each id whether it is of text 0 or 1, or special (None)."""
        row = list(zip(ids, type_ids, strict=True))
        first_places = [i for i, owner in enumerate(owners) if owner == 0]
        second_places = [i for i, owner in enumerate(owners) if owner == 1]
        last = (second_places or first_places)[-1]
        return cls(
            before=tuple(row[: first_places[0]]),
            between=tuple(row[first_places[-1] + 1 : second_places[0]]) if second_places else (),
            after=tuple(row[last + 1 :]),
            first_type=row[first_places[0]][1],
            second_type=row[last][1],
        )


class TextTokenizer:
    """A fast tokenizer seen as: text → Pieces, Pieces → ModelInput.

    `japanese_words` says whether the tokenizer cuts Japanese into words before it cuts pieces. Where it does not (a
    SentencePiece or byte-level one takes a whole sentence as one word), each Japanese piece counts as a word of its own.
    """

    def __init__(self, backend: PreTrainedTokenizerFast, *, japanese_words: bool = True) -> None:
        self.backend = backend
        self.japanese_words = japanese_words
        probe = self._probe()
        self._single = self._learn_template(probe, None)
        self._pair = self._learn_template(probe, probe)

    @property
    def mask_token(self) -> str | None:
        token: str | None = self.backend.mask_token
        return token

    @property
    def pad_id(self) -> int:
        return int(self.backend.pad_token_id or 0)

    def for_names(self) -> TextTokenizer:
        """The tokenizer for finding names: one that reads capitals otherwise keeps more of them for it."""
        return self

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut each text as a whole, however long. Lone surrogates are read as U+FFFD."""
        if not texts:
            return []
        clean = [without_surrogates(text) for text in texts]
        encodings = self.backend(clean, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        rows = []
        for index, text in enumerate(texts):
            ids = encodings["input_ids"][index]
            tokens = tuple(self.backend.convert_ids_to_tokens(ids))
            offsets = tidy_offsets(text, tokens, encodings["offset_mapping"][index])
            words = tuple(0 if word is None else word for word in encodings.word_ids(index))
            if not self.japanese_words:
                words = japanese_pieces_as_words(text, offsets, words)
            rows.append(Pieces(text=text, ids=tuple(ids), tokens=tokens, offsets=offsets, words=words))
        return rows

    def special_count(self, *, pair: bool = False) -> int:
        """How many special tokens a single text or a pair gets."""
        template = self._pair if pair else self._single
        return len(template.before) + len(template.between) + len(template.after)

    def assemble(self, first: Sequence[int], second: Sequence[int] | None = None) -> ModelInput:
        """Put the special tokens around the piece ids of one text, or of two."""
        template = self._single if second is None else self._pair
        row = [*template.before, *((i, template.first_type) for i in first)]
        first_range = range(len(template.before), len(row))
        second_range = range(0)
        if second is not None:
            row += template.between
            start = len(row)
            row += ((i, template.second_type) for i in second)
            second_range = range(start, len(row))
        row += template.after
        return ModelInput(ids=tuple(i for i, _ in row), type_ids=tuple(t for _, t in row), first=first_range, second=second_range)

    def _probe(self) -> str:
        """A text that the tokenizer cuts into at least one piece.

        Raises:
            ValueError: there is none.
        """
        for probe in _PROBES:
            if self.backend(probe, add_special_tokens=False, verbose=False)["input_ids"]:
                return probe
        raise ValueError(f"the tokenizer cuts none of {', '.join(_PROBES)} into pieces: its vocabulary is damaged")

    def _learn_template(self, first: str, second: str | None) -> Template:
        """Read the special tokens off an encoded example, so that any model family's template is right."""
        encoding = self.backend(first, second, return_token_type_ids=True)
        return Template.read(encoding["input_ids"], encoding["token_type_ids"], encoding.sequence_ids(0))


def windows(count: int, *, size: int, overlap: int) -> Iterator[range]:
    """Ranges of at most `size` pieces that cover `count` pieces, neighbours sharing `overlap` of them.

    Raises:
        ValueError: `overlap` is not smaller than `size`.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap must be 0..{size - 1} for windows of {size}, got {overlap}")
    start = 0
    while True:
        end = min(start + size, count)
        yield range(start, end)
        if end == count:
            return
        start = end - overlap


def japanese_pieces_as_words(text: str, offsets: Sequence[Span], words: Sequence[int]) -> tuple[int, ...]:
    """Number the words anew, with a new one at each piece that begins with another Japanese character, and after it."""
    numbers: list[int] = []
    before = False
    for index, (start, _) in enumerate(offsets):
        here = JAPANESE.match(text, start) is not None
        if index == 0:
            numbers.append(0)
        else:
            apart = words[index] != words[index - 1] or ((here or before) and start != offsets[index - 1][0])
            numbers.append(numbers[-1] + apart)
        before = here
    return tuple(numbers)


def case_types(pieces: Pieces) -> list[int]:
    """1 for each piece of a word that begins with an upper-case letter, else 0: what an uncased vocabulary hides."""
    types: list[int] = []
    for index, (start, _) in enumerate(pieces.offsets):
        same_word = index > 0 and pieces.words[index] == pieces.words[index - 1]
        types.append(types[-1] if same_word else int(pieces.text[start : start + 1].isupper()))
    return types
