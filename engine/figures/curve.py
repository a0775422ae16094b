"""Lines over numbers: the course of a training, the waves of positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract import Image, Message
from engine.figures.colours import BLUE, FAINT, HAIR, POINTER, Rgb, even_places, round_up, tick, written
from engine.figures.font import drawable, text_width
from engine.figures.sheet import INNER_PT, LABEL_PT, MARGIN_PT, TITLE_PT, Sheet

# Told apart by the colour-blind, and by their dashes.
LINE_COLOURS: tuple[Rgb, ...] = (BLUE, POINTER, (0.0, 0.0, 0.0), (0.35, 0.65, 0.85), (0.6, 0.4, 0.7), (0.55, 0.55, 0.55))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its name, and a place and a height a point. A height that is no number leaves a gap."""

    name: Message
    at: Sequence[float]
    values: Sequence[float]


def learning_curve(
    steps: Sequence[float],
    training_loss: Sequence[float],
    *,
    validation: Sequence[tuple[float, float]] = (),
    scores: Sequence[tuple[float, float]] = (),
    score_name: Message | None = None,
    model: str,
    japanese: bool,
) -> Image:
    """Draw the course of a training: the loss by step, on data that it learns from and (`validation`: step, loss) that it does not.

    `scores` (step, score in 0..1) get a plot of their own, called `score_name`.

    Raises:
        ValueError: there is no step, or not one loss a step.
    """
    if not steps or len(steps) != len(training_loss):
        raise ValueError(f"cannot draw {len(training_loss)} losses at {len(steps)} steps: one a step is needed, and at least one")
    losses = [Line(name=Message(ja="学習データの損失", en="training loss"), at=steps, values=training_loss)]
    if validation:
        losses.append(
            Line(
                name=Message(ja="検証データの損失", en="validation loss"),
                at=[at for at, _ in validation],
                values=[loss for _, loss in validation],
            )
        )
    named = score_name or Message(ja="評価値", en="score")
    sheet = Sheet(japanese=japanese)
    sheet.paragraph(Message(ja="学習の経過", en="Course of the training"), size=TITLE_PT)
    sheet.paragraph(model, colour=FAINT)
    sheet.space(8)
    draw_lines(sheet, losses, x_name=_STEP, low=0.0)
    if scores:
        line = Line(name=named, at=[at for at, _ in scores], values=[score for _, score in scores])
        sheet.space(10)
        draw_lines(sheet, [line], x_name=_STEP, low=0.0, high=1.0, x_range=(min(steps), max(steps)))
    return sheet.image("training.png", _alt(steps, training_loss, validation, scores, named))


_STEP = Message(ja="学習のステップ", en="training step")


def draw_lines(
    sheet: Sheet,
    lines: Sequence[Line],
    *,
    x_name: Message,
    x: float = MARGIN_PT,
    width: float = INNER_PT,
    height: float = 170.0,
    low: float | None = None,
    high: float | None = None,
    x_range: tuple[float, float] | None = None,
) -> None:
    """Draw lines over one axis of whole places, with their names above and numbers along the edges, and move the page's `y` below them."""
    _name_lines(sheet, lines, x, width)
    values = np.concatenate([np.asarray(line.values, dtype=np.float64) for line in lines])
    known = values[np.isfinite(values)]
    ends = low if low is not None else -_above(-known), high if high is not None else _above(known)
    bottom, top = ends if ends[1] > ends[0] else (ends[0], ends[0] + 1.0)
    places = np.concatenate([np.asarray(line.at, dtype=np.float64) for line in lines])
    first, last = x_range or (float(places.min()), float(places.max()))
    if first == last:
        first, last = first - 0.5, last + 0.5
    left = x + 36
    right, start = x + width - 10, sheet.y + 6
    for step in range(5):
        at = start + height * step / 4
        sheet.line((left, right), (at, at), colour=HAIR, thickness=0.6)
        sheet.middle(left - 4, at, tick(top - (top - bottom) * step / 4), colour=FAINT, align="right")
    for number, line in enumerate(lines):
        xs = left + (np.asarray(line.at, dtype=np.float64) - first) / (last - first) * (right - left)
        share = (np.clip(np.asarray(line.values, dtype=np.float64), bottom, top) - bottom) / (top - bottom)
        _draw_line(sheet, xs, start + height * (1 - share), number)
    _number_places(sheet, first, last, (left, right), start + height + 3)
    sheet.y = start + height + LABEL_PT + 5
    sheet.text((left + right) / 2, sheet.y + LABEL_PT, x_name, align="center")
    sheet.y += LABEL_PT + 6


def _draw_line(
    sheet: Sheet, xs: np.ndarray[tuple[int], np.dtype[np.float64]], ys: np.ndarray[tuple[int], np.dtype[np.float64]], number: int
) -> None:
    colour = LINE_COLOURS[number % len(LINE_COLOURS)]
    sheet.line(xs.tolist(), ys.tolist(), colour=colour, thickness=1.8 if len(xs) <= 200 else 1.2, dashed=number % 2 == 1)
    if len(xs) <= 30:
        for x, y in zip(xs, ys, strict=True):
            if np.isfinite(y):
                sheet.box(float(x) - 1.8, float(y) - 1.8, 3.6, 3.6, fill=colour, order=4)


def _number_places(sheet: Sheet, first: float, last: float, ends: tuple[float, float], y: float) -> None:
    for value in even_places(first, last):
        place = ends[0] + (value - first) / (last - first) * (ends[1] - ends[0])
        sheet.text(place, y + LABEL_PT, f"{value:,}", colour=FAINT, align="right" if place > ends[1] - 12 else "center")


def _name_lines(sheet: Sheet, lines: Sequence[Line], x: float, width: float) -> None:
    at = x
    for number, line in enumerate(lines):
        said = drawable(sheet.say(line.name))
        room = 24 + text_width(said, LABEL_PT) + 14
        if at > x and at + room > x + width:
            at, sheet.y = x, sheet.y + LABEL_PT + 5
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        sheet.line((at, at + 18), (sheet.y + 6, sheet.y + 6), colour=colour, thickness=1.8, dashed=number % 2 == 1)
        sheet.middle(at + 23, sheet.y + 6, said)
        at += room
    sheet.y += LABEL_PT + 5


def _above(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """A round number that no value is above."""
    largest = float(values.max(initial=-np.inf))
    if not np.isfinite(largest):
        return 1.0
    return round_up(largest) if largest > 0 else -round_up(-largest) if largest < 0 else 0.0


def _alt(
    steps: Sequence[float],
    training: Sequence[float],
    validation: Sequence[tuple[float, float]],
    scores: Sequence[tuple[float, float]],
    score_name: Message,
) -> Message:
    ja = f"学習の経過の図。{steps[-1]:,.0f}ステップで、学習データの損失は{written(training[0])}から{written(training[-1])}へ。"
    en = f"The course of a training of {steps[-1]:,.0f} steps. The training loss went from {written(training[0])} to {written(training[-1])}."
    if validation:
        at, best = min(validation, key=lambda pair: pair[1])
        ja += f"検証データの損失は{at:,.0f}ステップで最小の{written(best)}。"
        en += f" The validation loss was least, {written(best)}, at step {at:,.0f}."
    if scores:
        at, best = max(scores, key=lambda pair: pair[1])
        ja += f"{score_name.ja}は{at:,.0f}ステップで最大の{written(best)}。"
        en += f" The {score_name.en} was best, {written(best)}, at step {at:,.0f}."
    return Message(ja=ja, en=en)
