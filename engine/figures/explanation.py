"""The pictures of an explanation, one function for all views."""

from __future__ import annotations

from engine.attention.explained import Explained
from engine.contract import AttentionView, Image, Message
from engine.figures.attention import map_sheet
from engine.figures.compare import compare_sheets
from engine.figures.mattering import rollout_sheet, tokens_sheet
from engine.figures.panels import heads_sheet, layers_sheet
from engine.figures.positions import positions_sheet
from engine.figures.sheet import Sheet
from engine.figures.word import word_sheet


def pictures(
    read: Explained, *, view: AttentionView, layer: int, head: int | None, other: Explained | None, japanese: bool
) -> tuple[Image, ...]:
    """Draw what `view` asks for, 500 points wide, in Japanese or English; where a word is asked for, it comes first.

    `layer` and `head` count from 0 (None: the mean over heads). Safe to call from many threads.

    Raises:
        ValueError: the layer or head is not the model's, or the view needs what is not there: a second reading, positions.
    """
    drawn = sheets(read, view=view, layer=layer, head=head, other=other, japanese=japanese)
    return tuple(
        sheet.image(f"attention-{view}{'' if number == 1 else f'-{number}'}.png", alt) for number, (sheet, alt) in enumerate(drawn, 1)
    )


def sheets(
    read: Explained, *, view: AttentionView, layer: int, head: int | None, other: Explained | None, japanese: bool
) -> list[tuple[Sheet, Message]]:
    """The pages of `pictures`, before they are made PNGs, each with its alternative text."""
    _check(read, layer, head)
    word = read.word is not None and view not in ("compare", "positions")
    first = [word_sheet(read, layer=layer, head=head, japanese=japanese)] if word else []
    return first + _of_view(read, view, layer, head, other, japanese)


def _of_view(
    read: Explained, view: AttentionView, layer: int, head: int | None, other: Explained | None, japanese: bool
) -> list[tuple[Sheet, Message]]:
    match view:
        case "map":
            return [map_sheet(read, layer=layer, head=head, japanese=japanese)]
        case "heads":
            return [heads_sheet(read, layer=layer, japanese=japanese)]
        case "layers":
            return [layers_sheet(read, japanese=japanese)]
        case "rollout":
            return [rollout_sheet(read, japanese=japanese)]
        case "tokens":
            return [tokens_sheet(read, japanese=japanese)]
        case "compare":
            if other is None:
                raise ValueError("cannot compare: there is no second reading")
            return compare_sheets(read, other, layer=layer, head=head, japanese=japanese)
        case "positions":
            return [positions_sheet(read, japanese=japanese)]


def _check(read: Explained, layer: int, head: int | None) -> None:
    layers, heads = read.maps.shape[:2]
    if not read.tokens:
        raise ValueError("cannot draw an explanation of no tokens")
    if not 0 <= layer < layers or (head is not None and not 0 <= head < heads):
        raise ValueError(f"cannot draw layer {layer}, head {head}: the model has {layers} layers of {heads} heads")
